"""What there is to draw: all that a view may look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from model.artifacts import Artifact
from model.capture import Capture
from model.manifest import Rendering, TopStack
from model.samples import SampleTable
from report.evidence.looks import Look
from report.places import is_main
from report.tree import ROOT, Key, Tree, Weight


@dataclass(frozen=True)
class Drawing:
    """A capture and what was found in its evidence; `artifacts` are the files that are there already."""

    capture: Capture
    table: SampleTable
    weights: Mapping[Key, Weight]
    trees: Mapping[int, Tree]
    looks: tuple[Look, ...]
    top_stacks: tuple[TopStack, ...]
    rendering: Rendering
    artifacts: tuple[Artifact, ...]

    def threads(self) -> list[int]:
        """The threads that were sampled: the main one, then those seen longest."""
        return sorted(self.trees, key=lambda each: (not self.is_main(each), -self.trees[each].total_us[ROOT]))

    def is_main(self, thread: int) -> bool:
        """Whether a thread is the target's main thread."""
        return is_main(self.table.threads[thread], self.capture.pid)
