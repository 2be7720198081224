"""The top of report.html: the answer in words, and the evidence that leads to where it can be seen."""

from collections.abc import Iterator

from model.capture import Capture, Outcome
from model.verdict import Cause, Fact, FactKind, Suspect, Verdict
from report import words
from report.drawing import Drawing
from report.page.axis import Axis, in_us
from report.page.markup import Markup, cut, join, section, tag
from report.page.terms import explained
from report.places import thread_text
from report.times import clock

_MUCH = 0.25  # not sampled, of what was: from here on it is said aloud
_INITIALS = ("cpu", "dns", "gil", "tls")
_MOST_FRAMES = 12  # of a stack that is shown as evidence


def head(drawing: Drawing) -> Markup:
    """Who, when, and how it ended."""
    capture = drawing.capture
    good = capture.outcome is Outcome.COMPLETE and not drawing.rendering.detail
    chips = [tag("li", f"{key} {value}") for key, value in sorted(capture.labels.items())]
    return tag(
        "header",
        tag(
            "p",
            tag("span", "loopcam", class_="brand"),
            tag("span", words.outcome(capture), class_="badge good" if good else "badge"),
            _when(capture),
            class_="top",
        ),
        tag("h1", words.headline(capture)),
        tag("ul", *chips, class_="chips", aria_label="Labels") if chips else "",
    )


def _when(capture: Capture) -> Markup:
    return tag("time", clock(capture, capture.trigger.at_s), datetime=capture.triggered_at, class_="when")


def answer(drawing: Drawing, axis: Axis) -> Markup:
    """Why it was slow; without a verdict, where the loop was."""
    verdict = drawing.verdict
    if verdict is None:
        said = [tag("p", each, class_="answer") for each in words.conclusions(drawing)]
        return section("verdict", "Where the time went", *said, _missing(drawing))
    known = verdict.cause is not Cause.UNKNOWN
    sure = f"{verdict.confidence} confidence" if known else "no cause stands out"
    kicker = tag(
        "p",
        tag("span", cause_text(verdict.cause), class_="cause"),
        tag("span", sure, class_=f"sure {verdict.confidence}"),
        class_="kicker",
    )
    return section(
        "verdict",
        "Verdict",
        kicker,
        tag("p", verdict.sentence, class_="answer"),
        *_evidence(drawing, axis, verdict),
        tag("p", tag("b", "What to look at: "), verdict.remedy, class_="remedy") if verdict.remedy else "",
        _alternatives(verdict.alternatives),
        explained((verdict.sentence, *(each.text for each in verdict.facts))),
        _signature(verdict),
        _missing(drawing),
    )


def cause_text(cause: Cause) -> str:
    """A cause in words."""
    return " ".join(word.upper() if word in _INITIALS else word for word in str(cause).split("_"))


def _evidence(drawing: Drawing, axis: Axis, verdict: Verdict) -> Iterator[Markup]:
    if verdict.facts:
        yield tag("h3", "Evidence")
        yield tag("ul", *(_fact(drawing, axis, fact) for fact in verdict.facts), class_="evidence")


def _fact(drawing: Drawing, axis: Axis, fact: Fact) -> Markup:
    """One piece of evidence: a link to where it shows, which the script turns into a selection."""
    thread = _thread(drawing, fact)
    range_: dict[str, str | bool] = {}
    if fact.started_s is not None and fact.ended_s is not None:
        begun_us, ended_us = in_us(fact.started_s) - axis.zero_us, in_us(fact.ended_s) - axis.zero_us
        range_ = {"data-start": str(begun_us), "data-end": str(ended_us)}
    if fact.frames:
        range_["data-function"] = fact.frames[-1].partition(" (")[0]
    link = tag(
        "a",
        fact.text,
        href=_target(drawing, fact, thread),
        class_="jump",
        data_thread="" if thread is None else str(thread),
        data_signal=fact.signal,
        **range_,
    )
    said = ""
    if fact.frames:
        frames = [tag("li", cut(frame)) for frame in reversed(fact.frames)]
        rest = len(frames) - _MOST_FRAMES
        more = tag("li", f"and {rest} callers") if rest > 0 else ""
        said = tag(
            "details",
            tag("summary", "its stack, innermost first"),
            tag("ol", *frames[:_MOST_FRAMES], more, class_="stack"),
        )
    return tag("li", tag("span", str(fact.kind), class_="kind"), tag("div", link, said))


def _thread(drawing: Drawing, fact: Fact) -> int | None:
    """The number of the thread that a fact names."""
    for number, thread in enumerate(drawing.whole.threads):
        if fact.thread and fact.thread in (thread.name, thread_text(thread)):
            return number
    return None


def _target(drawing: Drawing, fact: Fact, thread: int | None) -> str:
    if fact.signal and fact.signal in drawing.signals.series:
        return f"#signal-{fact.signal}"
    if fact.kind is FactKind.LOG and drawing.logs:
        return "#log"
    if fact.kind is FactKind.HISTORY and fact.started_s is None:
        return "#comparison" if drawing.comparison else "#happened"
    return f"#thread-{thread}" if thread is not None else "#time"


def _alternatives(suspects: tuple[Suspect, ...]) -> Markup:
    if not suspects:
        return Markup("")
    items = (tag("li", tag("b", cause_text(each.cause)), f": {each.sentence}") for each in suspects)
    return join(tag("h3", "What else it could be"), tag("ol", *items, class_="alternatives"))


def _signature(verdict: Verdict) -> Markup:
    if not verdict.signature:
        return Markup("")
    told = "Equal stalls, here or elsewhere, have this signature: "
    return tag("p", told, tag("code", verdict.signature), class_="hint")


def _missing(drawing: Drawing) -> Markup:
    """One line on what is missing: loud where it matters."""
    found = list(words.missing(drawing))
    if not found:
        return Markup("")
    grave = drawing.capture.outcome is not Outcome.COMPLETE or len(found) > 1 or _much(drawing)
    more = f"all {len(found)} remarks on what is missing" if len(found) > 1 else "what is missing"
    return tag(
        "p",
        found[0] if grave else "Nearly all was recorded:",
        " ",
        tag("a", more, href="#missing"),
        class_="missing-line grave" if grave else "missing-line",
    )


def _much(drawing: Drawing) -> bool:
    rendering = drawing.rendering
    return bool(rendering.detail or rendering.from_looks) or rendering.missed_s > _MUCH * rendering.sampled_s


def missing(drawing: Drawing) -> Markup:
    """All that is missing, further down."""
    found = list(words.missing(drawing))
    if not found:
        return Markup("")
    return section("missing", "What is missing", tag("ul", *(tag("li", sentence) for sentence in found)))
