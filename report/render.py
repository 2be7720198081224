"""From evidence to a report: documents first, the manifest last."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from disk import durable
from model.manifest import Manifest, Rendering
from report import manifests, shown
from report.baseline import compare
from report.drawing import Drawing
from report.evidence import code, reading
from report.verdict import judge, rules
from report.verdict.go.judge import judge as judge_go
from report.views import collapsed, flamegraph, metrics, page, perfetto, pprof, speedscope, stacks

_TEMPORARY = ".rendering-"


@dataclass(frozen=True)
class View:
    """A document of the report."""

    kind: str
    media_type: str
    draw: Callable[[Drawing], Iterable[bytes]]


VIEWS = {  # of every report; the page last: it lists the others
    "stacks.txt": View("stacks", "text/plain; charset=utf-8", stacks.draw),
    "profile.speedscope.json": View("speedscope", "application/json", speedscope.draw),
    "profile.perfetto.json.gz": View("perfetto", "application/gzip", perfetto.draw),
    "profile.pb.gz": View("pprof", "application/octet-stream", pprof.draw),
    "profile.collapsed": View("collapsed", "text/plain; charset=utf-8", collapsed.draw),
    "flamegraph.svg": View("flamegraph", "image/svg+xml", flamegraph.draw),
    "report.html": View("page", "text/html; charset=utf-8", page.draw),
}

LEADUP = {  # of a report that has one
    "leadup.speedscope.json": View("leadup_speedscope", "application/json", speedscope.draw),
    "leadup.pb.gz": View("leadup_pprof", "application/octet-stream", pprof.draw),
    "leadup.collapsed": View("leadup_collapsed", "text/plain; charset=utf-8", collapsed.draw),
}

METRICS_DIFF = "metrics.diff.txt"  # only where metrics were fetched twice
_METRICS_VIEW = View("metrics_diff", "text/plain; charset=utf-8", metrics.draw)
_CODE_VIEW = View("code", "application/json", lambda drawing: [code.encode(drawing.code)])
DOCUMENTS = (METRICS_DIFF, code.FILE, *LEADUP, *VIEWS)


def warm() -> None:
    """Load what drawing needs, so that it is there when the capture ends."""
    from report import pprof_pb2

    pprof_pb2.Profile()
    page.load()
    manifests.own_version()
    for pattern in rules.PATTERNS:
        pattern.compile()


def render(directory: Path) -> Manifest:
    """Draw a report from its evidence and write its manifest, as its next revision.

    Damaged evidence and views that fail cost their own part only; the manifest names them. Raises
    RenderError when there is no capture to draw, and OSError when the disk says no.
    """
    capture = manifests.read_capture(directory)
    for leftover in directory.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(leftover)
    artifacts, faults = manifests.evidence(directory, capture)
    found = reading.read(directory, capture)
    comparing: list[str] = []
    baseline = compare.read(directory, comparing)
    comparison = compare.compared(capture, found.table, baseline, comparing)
    drawing = shown.drawing(capture, found, artifacts, (*faults, *found.faults, *comparing))
    drawing = replace(drawing, comparison=comparison, baseline=compare.era_of(capture, baseline))
    drawing = _judged(replace(drawing, code=code.code(directory, capture, found.table, found.looks)))
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=directory))
    try:
        for name, view in LEADUP.items() if (before := shown.leadup(drawing)) is not None else ():
            drawing = _drawn(drawing, temporary, name, view, before)
        for name, view in _views(drawing).items():
            drawing = _drawn(drawing, temporary, name, view)
        _publish(temporary, directory)
    finally:
        shutil.rmtree(temporary)
    return manifests.write(
        directory,
        capture,
        drawing.rendering,
        drawing.artifacts,
        drawing.top_stacks,
        verdict=drawing.verdict,
        comparison=drawing.comparison,
    )


def _views(drawing: Drawing) -> dict[str, View]:
    """What is to be drawn of this report."""
    first = {METRICS_DIFF: _METRICS_VIEW} if drawing.metrics else {}
    return first | ({code.FILE: _CODE_VIEW} if drawing.code else {}) | VIEWS


def unrendered(directory: Path, why: str) -> Manifest:
    """Write a manifest over evidence that cannot be drawn: it is delivered all the same, and says so."""
    capture = manifests.read_capture(directory)
    artifacts, faults = manifests.evidence(directory, capture)
    for name in DOCUMENTS:
        (directory / name).unlink(missing_ok=True)
    rendering = Rendering(rendered=False, detail="; ".join((why, *faults)))
    return manifests.write(directory, capture, rendering, artifacts)


def _judged(drawing: Drawing) -> Drawing:
    """The drawing with a verdict, or with the reason why there is none."""
    try:
        of_go = drawing.program.seen and not drawing.has_threads
        return replace(drawing, verdict=judge_go(drawing) if of_go else judge(drawing))
    except Exception as error:  # noqa: BLE001 - whatever a rule trips over, the report is worth having
        return _faulty(drawing, f"no verdict could be found: {type(error).__name__}: {error}")


def _faulty(drawing: Drawing, detail: str) -> Drawing:
    said = "; ".join(filter(None, (drawing.rendering.detail, detail)))
    return replace(drawing, rendering=msgspec.structs.replace(drawing.rendering, detail=said))


def _drawn(drawing: Drawing, folder: Path, name: str, view: View, part: Drawing | None = None) -> Drawing:
    """The drawing with one more document among its artifacts, or with the reason why it is missing.

    `part`: what the document is of, where that is not all.
    """
    try:
        with (folder / name).open("wb") as file:
            file.writelines(view.draw(part or drawing))
    except OSError:  # what the disk refuses is not the view's fault, and may pass
        raise
    except Exception as error:  # noqa: BLE001 - whatever a view trips over, the others are worth having
        (folder / name).unlink(missing_ok=True)
        return _faulty(drawing, f"{name} could not be drawn: {type(error).__name__}: {error}")
    artifact = manifests.describe(folder, name, view.kind, view.media_type)
    return replace(drawing, artifacts=(*drawing.artifacts, artifact))


def _publish(folder: Path, directory: Path) -> None:
    """Move the documents into place; of an earlier revision nothing stays."""
    durable.sync_files(list(folder.iterdir()))
    for name in DOCUMENTS:
        if (folder / name).exists():
            (folder / name).chmod(durable.FILE_MODE)
            os.replace(folder / name, directory / name)
        else:
            (directory / name).unlink(missing_ok=True)
    durable.sync_dir(directory)
