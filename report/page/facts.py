"""The sections of report.html to look things up in: facts and files."""

from collections.abc import Iterable, Iterator

from model.artifacts import Artifact
from model.capture import Recording
from model.units import ByteSize, counted
from report.drawing import Drawing
from report.page.markup import Markup, section, tag
from report.times import clock, seconds

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
            tag("td", part.outcome),
            tag("td", seconds(part.seconds)),
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
    return section("files", "Files", _listing(drawing, documents), _made_here(), folded if evidence else "")


def _made_here() -> Markup:
    """For a page that was moved alone: what it holds itself, as files."""
    names = {"speedscope": "for speedscope", "perfetto": "for Perfetto"}
    buttons = (tag("button", said, type="button", id=f"save-{key}") for key, said in names.items())
    return tag(
        "p", "Without the files beside it, this page can save its own samples: ", *buttons, class_="scripted"
    )


def _listing(drawing: Drawing, artifacts: Iterable[Artifact]) -> Markup:
    return tag("table", *(_file(drawing.capture.id, each) for each in artifacts), class_="files")


def _file(report_id: str, artifact: Artifact) -> Markup:
    name = artifact.path.rpartition("/")[2]
    return tag(
        "tr",
        tag("td", tag("a", artifact.path, href=f"./{artifact.path}", download=f"{report_id}-{name}")),
        tag("td", str(ByteSize(artifact.size_bytes)), class_="number"),
        tag("td", _DOCUMENTS.get(artifact.kind, artifact.kind)),
    )


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
    yield "Trigger", f"{trigger.kind}: {trigger.reason} ({trigger.certainty}, level {trigger.level})"
    yield "Triggered", clock(capture, trigger.at_s)
    if trigger.started_s is not None and trigger.threshold_s is not None:
        which = " ".join(filter(None, (trigger.loop, trigger.iteration)))
        yield "Iteration", f"{which}, since {clock(capture, trigger.started_s)}"
        yield "Limit", seconds(trigger.threshold_s)
    yield (
        "Window",
        f"{clock(capture, window.started_s)}, {seconds(window.ended_s - window.started_s)}",
    )
    yield "Window's end", f"{window.end} (meant to last {seconds(window.collection_time_s)})"
    if recording is not None:
        yield (
            "Sampler",
            f"{recording.sampler} {recording.version}, {recording.rate_hz} Hz: {recording.rate_reason}",
        )
        yield from _harm(recording)
        segments, looks = counted(len(recording.segments), "segment"), counted(len(recording.dumps), "look")
        yield "Evidence", f"{segments}, {looks} at all threads"
    rendering = drawing.rendering
    sampled = f"{seconds(rendering.sampled_s)}, not sampled {seconds(rendering.missed_s)}"
    yield (
        "Sampled",
        f"{sampled}; from {counted(rendering.from_looks, 'look')}" if rendering.from_looks else sampled,
    )
    yield "loopcam", capture.loopcam_version
