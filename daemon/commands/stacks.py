"""Where a thread was for most of the time, in two lines."""

from collections.abc import Iterator

from model.manifest import TopStack
from model.units import Seconds

CALLERS = 2  # of the culprit


def words(top: TopStack) -> Iterator[str]:
    """Whose time went where, and the stack around the culprit: what it waits in lies far below it in Go."""
    seen = f"{Seconds(top.seconds)} " if top.seconds else ""
    yield f"{top.function_share:4.0%} of {top.thread} ({seen}{top.state}) in {top.function}"
    yield f"       {' > '.join(_around(top))}"


def _around(top: TopStack) -> Iterator[str]:
    frames = top.frames
    found = [place for place, frame in enumerate(frames) if frame.startswith(f"{top.function} (")]
    culprit = found[-1] if found else len(frames) - 1
    yield from frames[max(0, culprit - CALLERS) : culprit + 1]
    if culprit < len(frames) - 2:
        yield "..."
    yield from frames[culprit + 1 :][-1:]
