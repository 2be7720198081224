"""How much was seen: what was not sampled is no evidence."""

from typing import Final

from model.capture import Capture, Outcome
from model.units import duration
from report.verdict import crowd, words
from report.verdict.features import Features
from report.verdict.kernel import Wait

_THIN_S: Final = 0.25  # sampled: with less, and most of the iteration not seen, no cause is named
_MOST: Final = 0.5  # of the iteration: what is less is said
_FINE: Final = frozenset((Outcome.COMPLETE, Outcome.PARTIAL, Outcome.NOTHING))
_WHY: Final = {
    Outcome.ENDED_BEFORE_ATTACH: "it ended before a sampler could attach",
    Outcome.TARGET_EXITED: "the target exited",
    Outcome.TARGET_STOPPED: "the target was stopped",
    Outcome.NOT_PERMITTED: "loopcam may not look into the process",
    Outcome.UNSUPPORTED: "no sampler supports the target",
    Outcome.FAILED: "the sampler failed",
}
_KERNEL: Final = {
    Wait.NONE: "running, or ready to",
    Wait.SLEEP: "asleep",
    Wait.LOCK: "waiting for a lock",
    Wait.SOCKET: "waiting for a socket",
    Wait.POLL: "waiting for descriptors",
    Wait.PIPE_READ: "reading from a pipe",
    Wait.PIPE_WRITE: "writing into a pipe",
    Wait.CHILD: "waiting for a child",
    Wait.FILE_LOCK: "waiting for a lock on a file",
    Wait.DISK: "waiting for a disk",
    Wait.STOPPED: "stopped",
}


def nothing(features: Features) -> str:
    """What to say where no stack was sampled in the iteration; empty where one was."""
    if features.sampled:
        return ""
    whose = "iteration" if features.capture.iteration else "process"
    because = f": {why}" if (why := _why(features.capture)) else ""
    return f"Nothing was sampled of the {whose}{because}. Why it was slow cannot be told.{_kernel(features)}"


def too_little(features: Features) -> str:
    """What to say where so little was sampled that no cause can be told; empty where there is enough."""
    if features.seen_s >= _THIN_S or features.seen_s >= _MOST * features.age_s:
        return ""
    at = words.called(words.caller(features.pieces[0].frames) or features.pieces[0].leaf)
    return (
        f"Only {duration(features.seen_s)} of {duration(features.age_s)} were sampled, mostly in {at}: "
        "too little to tell a cause."
    )


def in_part(features: Features) -> str:
    """A sentence to add where shares are of less than half of the iteration."""
    if features.seen_s >= _MOST * features.age_s:
        return ""
    return f" Of the iteration's {duration(features.age_s)}, {duration(features.seen_s)} were sampled."


def little_cpu(features: Features) -> str:
    """A sentence to add where a thread that computes waited for a CPU for most of the time; else empty."""
    got = crowd.ran(features)
    if got is None or not crowd.short_of_cpu(features):
        return ""
    return f" It had a CPU for {words.percent(got)} of the time that it was ready to run."


def _why(capture: Capture) -> str:
    """Why there are no samples: the words of the part that failed, or how the capture ended."""
    failed = [part for part in capture.parts if part.outcome not in _FINE]
    said = next((f"{part.name}: {part.detail}" for part in failed if part.detail), "")
    outcomes = (capture.outcome, *(part.outcome for part in failed))
    return said or next((_WHY[outcome] for outcome in outcomes if outcome in _WHY), "")


def _kernel(features: Features) -> str:
    """What the kernel said of the main thread meanwhile."""
    if not features.pieces or (told := _KERNEL.get(features.pieces[0].wait)) is None:
        return ""
    share = words.took(features.share(features.pieces[:1]), features.seen_s)
    return f" The kernel saw {features.culprit.threads[0].name} {told} for {share}."
