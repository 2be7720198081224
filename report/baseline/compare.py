"""The stalled iteration of a report against its baseline."""

from pathlib import Path

import msgspec

from disk.reading import content
from model import coding
from model.baseline import BASELINE_FILE, Baseline, Era
from model.capture import Capture
from model.comparison import Comparison, Healthy
from model.report import EVIDENCE_DIR
from model.samples import SampleTable
from report import slices
from report.baseline import eras
from report.baseline.calls import of_table
from report.baseline.moved import Side, moved

BASELINE_PATH = f"{EVIDENCE_DIR}/{BASELINE_FILE}"
MOST_BYTES = 8 * 2**20  # of a baseline's file; ours are a sixteenth of it


def read(directory: Path, faults: list[str]) -> Baseline | None:
    """The baseline among a report's evidence, if there is one; damage is told."""
    file = directory / BASELINE_PATH
    try:
        return coding.decode(content(file, MOST_BYTES), Baseline)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.DecodeError) as error:
        faults.append(f"{BASELINE_PATH} cannot be read: {error}")
        return None


def compared(
    capture: Capture, table: SampleTable, baseline: Baseline | None, faults: list[str]
) -> Comparison | None:
    """How the stalled iteration differs from healthy ones; None where there is nothing to compare.

    `table` is the whole one, lead-up included.
    """
    era = era_of(capture, baseline)
    stalled = slices.stalled(table, capture)
    if era is None or not stalled.segments:
        return None
    try:
        healthy = Side(eras.calls(era), _an_iteration(era))
    except ValueError as error:
        faults.append(f"{BASELINE_PATH} is damaged: {error}")
        return None
    return Comparison(
        healthy=Healthy(
            iterations=max(1, round(era.weight)),
            sampled_s=round(era.sampled_s, 3),
            since=era.since,
            until=era.until,
            sampler=era.sampler,
            code_version=era.code_version,
        ),
        times_median=times_median(capture),
        moved=moved(Side(of_table(stalled, capture.pid)), healthy),
    )


def era_of(capture: Capture, baseline: Baseline | None) -> Era | None:
    """What of a baseline a capture is compared with."""
    sampler = capture.recording.sampler if capture.recording else ""
    return None if baseline is None else eras.chosen(baseline, sampler, capture.code_version)


def times_median(capture: Capture) -> float | None:
    """The iteration's duration so far against the median of healthy ones."""
    history, lasted_s = capture.history, capture.lasted_s
    if history is None or lasted_s is None or history.median_s <= 0:
        return None
    return round(lasted_s / history.median_s, 2)


def _an_iteration(era: Era) -> float:
    """What an era's seconds are to be multiplied with, to be those of one iteration."""
    if era.weight <= 0 or era.sampled_s <= 0:
        return 0.0
    return era.lasted_s / era.weight / era.sampled_s
