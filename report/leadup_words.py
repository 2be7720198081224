"""What was sampled before the window, in plain words."""

from collections.abc import Iterator

from model.capture import Outcome
from model.units import counted, duration
from report.drawing import Drawing

_WITHOUT = 0.2  # of the lead-up not sampled: more than seams take is said

_WHY_NOT = {
    Outcome.TARGET_EXITED: "the process was gone",
    Outcome.TARGET_STOPPED: "the process was stopped",
}


def what(drawing: Drawing) -> Iterator[str]:
    """One sentence on the lead-up, where there is one."""
    capture = drawing.capture
    recording, trigger_s = capture.recording, capture.window.started_s
    segments = [one for one in recording.segments if one.started_s < trigger_s] if recording else []
    if not segments:
        return
    since_s = trigger_s - min(one.started_s for one in segments)
    rates = sorted({one.rate_hz for one in segments})
    rate = f"{rates[0]} to {rates[-1]} Hz" if len(rates) > 1 else f"{rates[0]} Hz"
    samplers = " and ".join(sorted({one.sampler for one in segments}))
    sampled_s = sum(min(one.ended_s, trigger_s) - one.started_s for one in segments)
    gaps = sampled_s < since_s * (1 - _WITHOUT)
    before = f"{duration(since_s)} before that"
    when = f"For {duration(sampled_s)} of the {before}" if gaps else f"For {before}"
    yield f"{when}, the dashcam had sampled it with {samplers} at {rate}."
    if drawing.rendering.from_leadup:
        yield "All stacks and shares here are from this lead-up: the window itself has none of its own."


def missing(drawing: Drawing) -> Iterator[str]:
    """What there is no look at, where stacks are from before."""
    if not drawing.rendering.from_leadup:
        return
    why = _WHY_NOT.get(drawing.capture.outcome, "it was over by then")
    before = sum(look.at_us < drawing.table.end_us for look in drawing.looks)
    yield f"Nothing was sampled at the trigger, as {why}; before, there were {counted(before, 'look')}."
