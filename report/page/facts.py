"""The sections of report.html to look things up in: facts and files."""

from collections.abc import Iterable, Iterator

from model.artifacts import Artifact
from model.capture import Recording
from model.events import Certainty, Trigger, TriggerKind
from model.report import MANIFEST_FILE
from model.units import ByteSize, counted, duration
from report import words
from report.drawing import Drawing
from report.page.markup import Markup, section, tag
from report.times import clock

_DOCUMENTS = {
    "stacks": "all threads or goroutines at the trigger, as text",
    "speedscope": "what happened when: drop it into speedscope",
    "perfetto": "what happened when, with the signals: open it in Perfetto",
    "pprof": "for go tool pprof -http=: and other tools that know pprof",
    "collapsed": "folded stacks, microseconds: for flamegraph.pl, inferno and friends",
    "flamegraph": "a static flame graph of all threads",
    "leadup_speedscope": "the time before the window, for speedscope",
    "leadup_pprof": "the same for pprof",
    "leadup_collapsed": "the same as folded stacks",
    "metrics_diff": "what moved in the metrics between trigger and end",
    "code": "what is called at the lines where threads stood: names only",
    "capture": "everything that happened, as JSON",
}

_KINDS = {TriggerKind.MANUAL: "on demand", TriggerKind.EXIT: "the process ended"}
_BESIDE = (
    "They lie beside this page, in the report's folder. Where the page was moved alone, these links lead "
    "nowhere: take them from the folder or the archive."
)
_MANIFEST = "every file with its size and SHA-256, the verdict and the top stacks; written last"


def facts(drawing: Drawing) -> Markup:
    """Everything else that is known."""
    table = tag(
        "table",
        *(tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in _rows(drawing)),
    )
    parts = [
        tag(
            "tr",
            tag("td", part.name),
            tag("td", words.OUTCOMES[part.outcome]),
            tag("td", duration(part.seconds)),
            tag("td", part.detail),
        )
        for part in drawing.capture.parts
    ]
    heads = tag("tr", *(tag("th", name, scope="col") for name in ("part", "outcome", "took", "detail")))
    return section("facts", "Facts", table, tag("table", heads, *parts) if parts else "")


def files(drawing: Drawing) -> Markup:
    """What lies beside this page."""
    documents = [each for each in drawing.artifacts if each.kind in _DOCUMENTS]
    evidence = [each for each in drawing.artifacts if each.kind not in _DOCUMENTS]
    summary = tag("summary", f"{len(evidence)} files of evidence, as taken")
    folded = tag("details", summary, _listing(drawing, evidence), class_="unprinted")
    last = _linked(drawing.capture.id, MANIFEST_FILE, "", _MANIFEST)
    return section(
        "files",
        "Files",
        tag("p", _BESIDE, class_="hint"),
        _listing(drawing, documents, last),
        _made_here(),
        folded if evidence else "",
    )


def _made_here() -> Markup:
    """For a page that was moved alone: what it holds itself, as files."""
    names = {"speedscope": "for speedscope", "perfetto": "for Perfetto"}
    buttons = (tag("button", said, type="button", id=f"save-{key}") for key, said in names.items())
    return tag("p", "Wherever it is, this page can save its own samples: ", *buttons, class_="scripted")


def _listing(drawing: Drawing, artifacts: Iterable[Artifact], *more: Markup) -> Markup:
    return tag("table", *(_file(drawing.capture.id, each) for each in artifacts), *more, class_="files")


def _file(report_id: str, artifact: Artifact) -> Markup:
    what = _DOCUMENTS.get(artifact.kind, artifact.kind.replace("_", " "))
    return _linked(report_id, artifact.path, str(ByteSize(artifact.size_bytes)), what)


def _linked(report_id: str, path: str, size: str, what: str) -> Markup:
    link = tag("a", path, href=f"./{path}", download=f"{report_id}-{path.rpartition('/')[2]}")
    return tag("tr", tag("td", link), tag("td", size, class_="number"), tag("td", what))


def _certainty(trigger: Trigger) -> str:
    """What is not plain about it."""
    told = []
    if trigger.certainty is Certainty.INFERRED:
        told.append("nobody saw its start")
    if trigger.level:
        told.append(f"at {2**trigger.level} times the limit")
    return f" ({', '.join(told)})" if told else ""


def _harm(recording: Recording) -> Iterator[tuple[str, str]]:
    """Why this sampler, what it cost, and what was changed on the way."""
    if recording.choice:
        yield "Chosen", recording.choice
    if recording.cpu_share is not None:
        yield "Sampling took", f"{recording.cpu_share:.1%} of one core over the window, looks included"
    if recording.adjusted:
        yield "Adjusted", "; ".join(recording.adjusted)


def _rows(drawing: Drawing) -> Iterator[tuple[str, str]]:
    """The facts, as names and values."""
    capture, trigger = drawing.capture, drawing.capture.trigger
    process, window, recording = capture.process, capture.window, capture.recording
    yield "Report", capture.id
    yield "Target", capture.target
    if process is not None:
        about = f"{process.name}, pid {process.pid}, {process.executable}"
        yield "Process", f"{about}, user {process.uid}:{process.gid}"
    if capture.address:
        yield "Address", capture.address
    yield "Host", capture.host
    yield "Trigger", f"{_KINDS.get(trigger.kind, trigger.kind)}: {trigger.reason}{_certainty(trigger)}"
    yield "Triggered", clock(capture, trigger.at_s)
    if trigger.started_s is not None and trigger.threshold_s is not None:
        which = " ".join(filter(None, (trigger.loop, trigger.iteration)))
        yield "Iteration", f"{which}, since {clock(capture, trigger.started_s)}"
        yield "Limit", duration(trigger.threshold_s)
    yield (
        "Window",
        f"{clock(capture, window.started_s)}, {duration(window.ended_s - window.started_s)}",
    )
    yield "Window's end", f"{words.until(capture)} (meant to last {duration(window.collection_time_s)})"
    if recording is not None:
        yield (
            "Sampler",
            f"{recording.sampler} {recording.version}, {recording.rate_hz} Hz: {recording.rate_reason}",
        )
        yield from _harm(recording)
        segments, looks = counted(len(recording.segments), "segment"), counted(len(recording.dumps), "look")
        yield "Evidence", f"{segments}, {looks} at all threads"
    rendering = drawing.rendering
    sampled = f"{duration(rendering.sampled_s)}, not sampled {duration(rendering.missed_s)}"
    yield (
        "Sampled",
        f"{sampled}; from {counted(rendering.from_looks, 'look')}" if rendering.from_looks else sampled,
    )
    yield "loopcam", capture.loopcam_version
