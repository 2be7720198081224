"""What happened, in plain words."""

from collections.abc import Iterator

from model.capture import Capture, Outcome, PartOutcome, WindowEnd
from model.events import Certainty, PlanName, TriggerKind
from model.manifest import TopStack
from model.samples import State, ThreadKind
from model.units import counted, duration
from report import leadup_words, program_words
from report.drawing import Drawing
from report.times import clock
from report.tree import ROOT, Tree

MISSED_SHARE = 0.05  # of the time: less, as seams take, changes no conclusion
_A_TRACE = 0.005  # of the time: would be told as 0%
STATES = {
    State.RUNNING: "running",
    State.RUNNING_GIL: "running, holding the GIL",
    State.WANTING_GIL: "wanting the GIL",
    State.WAITING: "waiting",
    State.WAITING_GIL: "waiting in a call that keeps the GIL",
    State.UNKNOWN: "state not known",
}

_ENDS = {
    WindowEnd.COLLECTION_TIME: "the collection time was over",
    WindowEnd.ITERATION_ENDED: "the iteration had ended",
    WindowEnd.TARGET_EXITED: "the target exited",
    WindowEnd.SHUTDOWN: "loopcam was told to shut down",
    WindowEnd.DAEMON_KILLED: "loopcam itself was killed; the next start took up what was there",
    WindowEnd.DISABLED: "capturing was switched off",
    WindowEnd.CANCELLED: "the capture was cancelled",
    WindowEnd.KNOWN_STALL: "reports show this stall already, and it had its share of captures",
    WindowEnd.ESCALATED: "a capture that counts for more was due, and followed",
}

_CUT_SHORT = {  # by the outcome: why the window was over before its time
    Outcome.ENDED_BEFORE_ATTACH: "the iteration had ended",
    Outcome.TARGET_STOPPED: "the target was found stopped",
    Outcome.TARGET_EXITED: "the target exited",
}
_MUCH_OF_IT = 0.9  # of the collection time

OUTCOMES = {
    Outcome.COMPLETE: "complete",
    Outcome.PARTIAL: "partial",
    Outcome.ENDED_BEFORE_ATTACH: "the iteration ended before a sampler could attach",
    Outcome.TARGET_EXITED: "the target exited",
    Outcome.TARGET_STOPPED: "the target was stopped",
    Outcome.NOT_PERMITTED: "not permitted",
    Outcome.UNSUPPORTED: "not supported",
    Outcome.NOTHING: "nothing to take",
    Outcome.FAILED: "failed",
}

_NOTES = {
    "drill": "This is a drill, which shows that a report would arrive; it was taken for a moment only.",
    "observer_paused": "loopcam itself had been paused shortly before, so the age may be overstated.",
    "adopted": "loopcam was killed during this capture; its next start took up the evidence.",
}


def outcome(capture: Capture) -> str:
    """How the capture ended."""
    return OUTCOMES[capture.outcome]


def headline(capture: Capture) -> str:
    """One line: what overran, and by how much; or what else was the reason."""
    trigger = capture.trigger
    if trigger.kind is TriggerKind.OVERRUN and trigger.age_s is not None:
        limit = "" if trigger.threshold_s is None else f" (limit {duration(trigger.threshold_s)})"
        return f"{capture.target}: an iteration {_lasted(capture, trigger.age_s)}{limit}"
    if trigger.plan is PlanName.DRILL:
        return f"{capture.target}: a drill, nothing overran"
    return f"{capture.target}: {'captured on demand' if _demanded(capture) else trigger.reason}"


def _lasted(capture: Capture, age_s: float) -> str:
    iteration = capture.iteration
    if iteration is None:
        return f"ran for over {duration(age_s)}"
    if iteration.ended_s is not None:
        return f"took {duration(iteration.ended_s - iteration.started_s)}"
    return f"ran for over {duration(max(age_s, capture.window.ended_s - iteration.started_s))}"


def _demanded(capture: Capture) -> bool:
    return capture.trigger.kind is TriggerKind.MANUAL or not capture.trigger.reason


def mix(tree: Tree, node: int = ROOT) -> str:
    """How the time of a node and all below was spent."""
    total_us = tree.total_us[node]
    return ", ".join(
        f"{us / total_us:.0%} {STATES[state]}"
        for state, us in tree.states(node).items()
        if us >= _A_TRACE * total_us
    )


def story(drawing: Drawing) -> Iterator[str]:
    """Sentences in the order of events."""
    capture = drawing.capture
    yield " ".join(_why(capture))
    yield " ".join(_what(drawing))
    yield from program_words.what(drawing)
    if capture.iteration is not None and capture.trigger.kind is not TriggerKind.MANUAL:
        yield _end_of_iteration(capture)
    yield from (_NOTES.get(note, note) for note in capture.notes)


def conclusions(drawing: Drawing) -> Iterator[str]:
    """Where the loop was, the most important first."""
    told = list(program_words.conclusions(drawing))
    first = drawing.top_stacks[:1] if drawing.has_threads or not told else ()
    yield from (conclusion(top, drawing.rendering.from_looks) for top in first)
    yield from told


def conclusion(top: TopStack, from_looks: int = 0) -> str:
    """Where the most important thread was."""
    known = (
        ""
        if top.state == State.UNKNOWN
        else f"; in the stack it was in most, it was {STATES[State(top.state)]}"
    )
    thread = f"{top.thread or 'Thread'} ({top.os_thread_id})"
    time = f"time, as far as {counted(from_looks, 'look')} can tell," if from_looks else "sampled time"
    return f"{thread} spent {top.function_share:.0%} of its {time} in {top.function}{known}."


def missing(drawing: Drawing) -> Iterator[str]:
    """What a reader might expect and will not find, and why."""
    rendering, capture = drawing.rendering, drawing.capture
    if capture.outcome is not Outcome.COMPLETE:
        yield f"The capture is not complete: {outcome(capture)}."
    yield from leadup_words.missing(drawing)
    yield from _not_sampled(drawing)
    recording = capture.recording
    if recording and (missed := sum(segment.missed for segment in recording.segments)):
        yield f"The sampler could not read {missed} samples; the stacks before them stand in."
    if recording and any(segment.behind for segment in recording.segments):
        yield "The sampler fell behind its rate: short calls may be missing."
    failed = list(program_words.missing(drawing))
    yield from failed
    told = {said.partition(":")[0] for said in failed}  # by request, which says more
    yield from (
        _part(part)
        for part in capture.parts
        if part.outcome not in (Outcome.COMPLETE, Outcome.NOTHING) and part.name not in told
    )
    if rendering.detail:
        yield f"{rendering.detail}."


def _not_sampled(drawing: Drawing) -> Iterator[str]:
    rendering, program = drawing.rendering, drawing.program
    looks = counted(rendering.from_looks, "look")
    window_s = (drawing.table.end_us - drawing.table.start_us) / 1_000_000
    if rendering.from_looks:
        none = "There is no CPU profile" if program.dumps else "No samples were recorded"
        yield f"{none}: times and shares are from {looks}, each of which holds until the next."
    elif not drawing.table.segments:
        yield "No samples were recorded, so the profile is empty."
    elif rendering.missed_s > MISSED_SHARE * window_s:
        seams = "CPU profiles" if program.busy else "segments"
        yield (
            f"{duration(rendering.missed_s)} of {duration(window_s)} were not sampled: "
            f"the seams between {seams}, and before the first and after the last."
        )
    if program.busy and not program.dumps:
        yield "There is no look at all goroutines, so what they waited for is not known."
    elif not drawing.looks and not program.dumps:
        yield "There is no look at all threads, so their states are not known."


def _part(part: PartOutcome) -> str:
    words = f"{part.name}: {OUTCOMES[part.outcome]}"
    words += f" ({part.detail})" if part.detail else ""
    return f"{words}. What helps: {part.remedy}." if part.remedy else f"{words}."


def _why(capture: Capture) -> Iterator[str]:
    trigger = capture.trigger
    at = clock(capture, trigger.at_s)
    if _demanded(capture):
        yield f"At {at} a capture was asked for: {trigger.reason}."
        return
    if trigger.kind is not TriggerKind.OVERRUN or trigger.age_s is None or trigger.threshold_s is None:
        yield f"{capture.target} ({capture.whereabouts}) was captured at {at}: {trigger.reason}."
        return
    name = f"Iteration {trigger.iteration}" if trigger.iteration else "An iteration"
    yield (
        f"{name} of loop {trigger.loop} in {capture.target} ({capture.whereabouts}) "
        f"had been running for {duration(trigger.age_s)} at {at}; "
        f"its limit is {duration(trigger.threshold_s)}."
    )
    if trigger.certainty is Certainty.INFERRED:
        yield "No source saw its start: the age follows from silence."
    if trigger.fired > 1:
        yield f"It had overrun before; this is trigger {trigger.fired} of the same stall."


def _what(drawing: Drawing) -> Iterator[str]:
    capture = drawing.capture
    window_s = capture.window.ended_s - capture.window.started_s
    gone = capture.trigger.kind is TriggerKind.EXIT
    watched = f"loopcam watched for {duration(window_s)}, until {until(capture)}."
    yield "There was no process left to watch." if gone else watched
    rendering = drawing.rendering
    instead = rendering.from_looks or rendering.from_leadup
    instead = instead or (drawing.program.seen and not drawing.has_threads)
    if (recording := capture.recording) and not instead:
        sampled = sum(thread.kind is ThreadKind.OS for thread in drawing.table.threads)
        threads = counted(sampled, "thread")
        mode = "pausing the target for each sample" if recording.blocking else "without pausing the target"
        yield (
            f"It sampled {threads} with {recording.sampler} {recording.version} "
            f"at {recording.rate_hz} Hz ({recording.rate_reason}), {mode}."
        )
    yield from leadup_words.what(drawing)


def until(capture: Capture) -> str:
    """Why the window ended."""
    window = capture.window
    whole = window.ended_s - window.started_s >= _MUCH_OF_IT * window.collection_time_s
    if window.end is not WindowEnd.COLLECTION_TIME or whole:
        return _ENDS[window.end]
    return _CUT_SHORT.get(capture.outcome, "nothing more could be taken")


def _end_of_iteration(capture: Capture) -> str:
    iteration = capture.iteration
    if capture.window.end is WindowEnd.TARGET_EXITED and (iteration is None or iteration.ended_s is None):
        return "The process ended within the iteration."
    if iteration is None or iteration.ended_s is None:
        return "The iteration was still running when the capture closed."
    return f"The iteration ended after {duration(iteration.ended_s - iteration.started_s)}."
