"""From evidence to a report: documents first, the manifest last."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from disk import durable
from model.artifacts import Artifact
from model.capture import Capture
from model.manifest import Manifest, Rendering
from report import manifests, slices
from report.baseline import compare
from report.drawing import Drawing
from report.evidence import reading
from report.evidence.reading import Evidence
from report.top import top_stacks
from report.tree import trees, weights
from report.verdict import judge
from report.verdict.go.judge import judge as judge_go
from report.views import collapsed, flamegraph, metrics, page, pprof, speedscope, stacks

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
    "profile.pb.gz": View("pprof", "application/octet-stream", pprof.draw),
    "profile.collapsed": View("collapsed", "text/plain; charset=utf-8", collapsed.draw),
    "flamegraph.svg": View("flamegraph", "image/svg+xml", flamegraph.draw),
    "report.html": View("page", "text/html; charset=utf-8", page.draw),
}

METRICS_DIFF = "metrics.diff.txt"  # only where metrics were fetched twice
_METRICS_VIEW = View("metrics_diff", "text/plain; charset=utf-8", metrics.draw)
DOCUMENTS = (METRICS_DIFF, *VIEWS)


def warm() -> None:
    """Load what drawing needs, so that it is there when the capture ends."""
    from report import pprof_pb2

    pprof_pb2.Profile()
    page.load()


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
    drawing = _drawing(capture, found, artifacts, (*faults, *found.faults, *comparing))
    drawing = replace(drawing, comparison=comparison, baseline=compare.era_of(capture, baseline))
    drawing = _judged(drawing)
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=directory))
    try:
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
    return {METRICS_DIFF: _METRICS_VIEW, **VIEWS} if drawing.metrics else VIEWS


def unrendered(directory: Path, why: str) -> Manifest:
    """Write a manifest over evidence that cannot be drawn: it is delivered all the same, and says so."""
    capture = manifests.read_capture(directory)
    artifacts, faults = manifests.evidence(directory, capture)
    for name in DOCUMENTS:
        (directory / name).unlink(missing_ok=True)
    rendering = Rendering(rendered=False, detail="; ".join((why, *faults)))
    return manifests.write(directory, capture, rendering, artifacts)


def _drawing(
    capture: Capture, found: Evidence, artifacts: tuple[Artifact, ...], faults: tuple[str, ...]
) -> Drawing:
    table = slices.window(found.table, capture.window)
    rendering = Rendering(
        rendered=True,
        detail="; ".join(faults),
        sampled_s=(table.end_us - table.start_us - found.missed_us) / 1_000_000,
        missed_s=found.missed_us / 1_000_000,
        from_looks=found.from_looks,
    )
    by_key = weights(table)
    by_thread = trees(table, by_key)
    return Drawing(
        capture=capture,
        whole=found.table,
        table=table,
        weights=by_key,
        trees=by_thread,
        looks=found.looks,
        top_stacks=top_stacks(table, by_thread, capture.pid),
        rendering=rendering,
        artifacts=artifacts,
        program=found.program,
        fetches=found.fetches,
        metrics=found.metrics,
        logs=found.logs,
        signals=found.signals,
    )


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


def _drawn(drawing: Drawing, folder: Path, name: str, view: View) -> Drawing:
    """The drawing with one more document among its artifacts, or with the reason why it is missing."""
    try:
        with (folder / name).open("wb") as file:
            file.writelines(view.draw(drawing))
    except OSError:  # what the disk refuses is not the view's fault, and may pass
        raise
    except Exception as error:  # noqa: BLE001 - whatever a view trips over, the others are worth having
        (folder / name).unlink(missing_ok=True)
        return _faulty(drawing, f"{name} could not be drawn: {type(error).__name__}: {error}")
    artifact = manifests.describe(folder, name, view.kind, view.media_type)
    return replace(drawing, artifacts=(*drawing.artifacts, artifact))


def _publish(folder: Path, directory: Path) -> None:
    """Move the documents into place; of an earlier revision nothing stays."""
    for name in DOCUMENTS:
        if (folder / name).exists():
            durable.sync_file(folder / name)
            (folder / name).chmod(durable.FILE_MODE)
            os.replace(folder / name, directory / name)
        else:
            (directory / name).unlink(missing_ok=True)
    durable.sync_dir(directory)
