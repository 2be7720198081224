"""Which part of the sample table a report is of: the window, or what was sampled before it."""

from collections.abc import Iterable
from dataclasses import replace

from model.artifacts import Artifact
from model.capture import Capture, Outcome
from model.manifest import Rendering
from model.samples import SampleTable, Span
from report import slices
from report.drawing import Drawing
from report.evidence.reading import Evidence
from report.top import top_stacks
from report.tree import trees, weights


def drawing(
    capture: Capture, found: Evidence, artifacts: tuple[Artifact, ...], faults: Iterable[str]
) -> Drawing:
    """All that was found, with the window to be drawn; the lead-up where the window has no samples."""
    table, from_leadup = _main_part(found.table, capture)
    missed_us = _missed_us(found.sampled, table)
    rendering = Rendering(
        rendered=True,
        detail="; ".join(faults),
        sampled_s=(table.end_us - table.start_us - missed_us) / 1_000_000,
        missed_s=missed_us / 1_000_000,
        from_looks=found.from_looks,
        from_leadup=from_leadup,
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


def leadup(drawing: Drawing) -> Drawing | None:
    """The same drawing of what was sampled before the window; None where nothing was."""
    table = slices.leadup(drawing.whole, drawing.capture.window)
    if not table.segments:
        return None
    by_key = weights(table)
    return replace(drawing, table=table, weights=by_key, trees=trees(table, by_key))


def _main_part(table: SampleTable, capture: Capture) -> tuple[SampleTable, bool]:
    """What is drawn first, and whether it is of the lead-up.

    Where all was over before anybody looked, what the dashcam's last moments have of the window is of later.
    """
    window, before = slices.window(table, capture.window), slices.leadup(table, capture.window)
    seen = window.segments and capture.outcome is not Outcome.ENDED_BEFORE_ATTACH
    if seen or not before.segments:
        return window, False
    stalled = slices.stalled(before, capture)
    return (stalled if stalled.segments else before), True


def _missed_us(sampled: Iterable[Span], table: SampleTable) -> int:
    """How much of a table's time was not sampled."""
    covered = replace(table, segments=tuple(sampled))
    return sum(until_us - from_us for from_us, until_us in covered.gaps())
