"""The garbage collector, as far as it can be seen from outside."""

from typing import Final

from model.verdict import Cause
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.patterns import WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_C: Final = Cause.GARBAGE_COLLECTION

PATTERNS: Final = (
    # `collect` alone: a function with that name of one's own would have a frame of its own
    Pattern(_C, "collecting garbage", call=r"(?:.*\.)?gc\.collect|gc_collect|collect", doing=WORKING),
    Pattern(
        _C,
        "collecting garbage",
        r"_?(?:Py)?_?[Gg][Cc]_?[Cc]ollect\w*|gc_collect_\w+|deduce_unreachable|<gc>|GC",
        "",
        WORKING,
    ),
)

_ACTIVITY: Final = Activity(
    _C,
    remedy=(
        "Look at how many objects live and who calls gc.collect; freeze long-lived ones with gc.freeze "
        "after the "
        "start, raise gc.set_threshold, break cycles by hand."
    ),
)


def _look(features: Features) -> Finding | None:
    return found(features, _ACTIVITY, certain=features.computes)


RULES: Final = {
    "garbage_collection": Rule(
        _C,
        "Most of the stalled time on a CPU at a line that calls gc.collect, or in the collector's own "
        "frames where "
        "native ones are sampled. A collection that an allocation starts is not to be seen from outside: it "
        "shows as own or native code.",
        _look,
    )
}
