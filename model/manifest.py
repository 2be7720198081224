"""What a report holds: the content of `manifest.json`, written last."""

import msgspec

from model.artifacts import Artifact
from model.capture import FORMAT, Capture
from model.comparison import Comparison
from model.verdict import Verdict


class TopStack(msgspec.Struct, frozen=True, kw_only=True):
    """The stack one thread was seen in for most of the window; `share` is of its sampled time, 0 to 1."""

    thread: str
    os_thread_id: int
    share: float
    function_share: float  # of the innermost function that is not the target's standard library
    function: str
    frames: tuple[str, ...]  # root first, as `function (file:line)`
    state: str
    seconds: float = 0.0  # that were seen of the thread, which shares are of


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the evidence could be drawn."""

    rendered: bool
    detail: str = ""
    sampled_s: float = 0.0  # time covered by samples, summed over segments
    missed_s: float = 0.0  # time between segments and around them, stored as gaps
    from_leadup: bool = (
        False  # profile, stacks and flame graph are of before the window, which has no samples
    )
    from_looks: int = 0  # looks that stand in for samples, where there are none


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The report's table of contents. Everything but itself is listed with size and hash."""

    format: int = FORMAT
    id: str
    revision: int
    path: str  # TARGET/YYYY/MM/DD/ID: where sinks put it
    capture: Capture
    rendering: Rendering
    verdict: Verdict | None = None  # None: nothing was judged, as nothing could be drawn
    comparison: Comparison | None = None  # with healthy iterations, where any were seen
    top_stacks: tuple[TopStack, ...] = ()  # the main thread's first
    artifacts: tuple[Artifact, ...] = ()  # capture.json, evidence and documents
    versions: dict[str, str] = {}
