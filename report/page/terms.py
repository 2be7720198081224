"""What the words mean that a reader may meet here for the first time."""

import re
from collections.abc import Iterable, Mapping

from report.page.markup import Markup, section, tag

TERMS: Mapping[str, str] = {
    "GIL": "Python's global interpreter lock: of a process's threads, only its holder runs Python.",
    "baseline": "Samples of healthy iterations, kept to compare with.",
    "control group": "What the kernel limits a container by: CPU quota, memory.",
    "lead-up": "The time before the window, as far as the dashcam had sampled it.",
    "limit": "How long an iteration may take before it is captured.",
    "look": "The stacks of all threads, or goroutines, at one moment. It also tells who ran and who waited.",
    "own code": "The target's, neither from installed packages nor from the standard library.",
    "signature": "What equal stalls have in common: cause and stack, without line numbers, hosts and ids.",
    "trigger": "The moment at which the capture was decided on; 0 on the axis of time.",
    "window": "From the trigger until the capture closed.",
}


def explained(sentences: Iterable[str]) -> Markup:
    """The one abbreviation that answers may not do without, where it occurs."""
    if not any(re.search(r"\bGIL\b", sentence) for sentence in sentences):
        return Markup("")
    return tag("p", tag("b", "GIL"), f": {TERMS['GIL']}", class_="hint")


def terms(*, go: bool) -> Markup:
    """All words that a program's report may use, to look up."""
    known = {word: means for word, means in TERMS.items() if not (go and word == "GIL")}
    pairs = (part for word, means in known.items() for part in (tag("dt", word), tag("dd", means)))
    return section("terms", "Words on this page", tag("dl", *pairs, class_="terms"))
