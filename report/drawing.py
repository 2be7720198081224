"""What there is to draw: all that a view may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.artifacts import Artifact
from model.baseline import Era
from model.capture import Capture
from model.comparison import Comparison
from model.fetches import Fetches
from model.manifest import Rendering, TopStack
from model.samples import SampleTable, ThreadKind
from model.signals import NO_SIGNALS, Signals
from model.verdict import Verdict
from report.evidence.code import Code
from report.evidence.loglines import Tail
from report.evidence.looks import Look
from report.evidence.metrics import Difference
from report.evidence.program import NO_PROGRAM, Program
from report.places import is_main, rank
from report.tree import ROOT, Key, Tree, Weight


@dataclass(frozen=True)
class Drawing:
    """A capture and what was found in its evidence; `artifacts` are the files that are there already."""

    capture: Capture
    whole: SampleTable  # lead-up and window on one axis of time
    table: SampleTable  # the window's; weights, trees and top stacks are of this
    weights: Mapping[Key, Weight]
    trees: Mapping[int, Tree]
    looks: tuple[Look, ...]
    top_stacks: tuple[TopStack, ...]
    rendering: Rendering
    artifacts: tuple[Artifact, ...]
    program: Program = NO_PROGRAM
    fetches: tuple[Fetches, ...] = ()
    metrics: tuple[Difference, ...] = ()
    logs: tuple[Tail, ...] = ()
    signals: Signals = NO_SIGNALS
    comparison: Comparison | None = None
    code: Code = field(default_factory=dict)  # what is written where threads stood
    baseline: Era | None = None  # of healthy iterations, which the comparison is with
    verdict: Verdict | None = None

    @property
    def look_at_trigger(self) -> Look | None:
        """The first look of the window; without any, the last one before it."""
        began_us = round(self.capture.window.started_s * 1_000_000)
        later = (look for look in self.looks if look.at_us >= began_us)
        return next(later, self.looks[-1] if self.looks else None)

    def threads(self) -> list[int]:
        """The threads that were sampled: the main one, then those seen longest."""
        threads, pid = self.table.threads, self.capture.pid
        return sorted(
            self.trees, key=lambda each: (rank(threads[each], pid), -self.trees[each].total_us[ROOT])
        )

    def is_main(self, thread: int) -> bool:
        """Whether a thread is the target's main thread."""
        return is_main(self.table.threads[thread], self.capture.pid)

    @property
    def has_threads(self) -> bool:
        """Whether threads of the operating system were sampled."""
        return any(self.table.threads[each].kind is ThreadKind.OS for each in self.trees)
