"""The renderer's work on healthy samples: read them, fold them in, write, and only then remove them."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from disk import durable
from disk.reading import content, set_aside
from model import coding
from model.baseline import SAMPLE_FILE, Baseline, HealthySample
from model.capture import Capture, Iteration, Outcome, Window, WindowEnd
from model.events import Trigger, TriggerKind
from report.baseline import eras
from report.baseline.calls import of_weights
from report.baseline.fold import Sampled, folded
from report.baseline.groups import group_of
from report.baseline.spans import within
from report.evidence import reading

_LOG = logging.getLogger(__name__)


def fold(samples: Path, file: Path, target: str) -> Baseline:
    """Fold all samples of a folder into the baseline's file, and remove them; raises OSError.

    A sample that cannot be read is removed, too, and told. What is in the file already is not counted again:
    an end between writing and removing does no harm.
    """
    before = _baseline(file, target)
    baseline, done = before, list[Path]()
    for directory in sorted(samples.iterdir()) if samples.is_dir() else ():
        if directory.name.startswith("."):  # still being put together
            continue
        baseline = _with(baseline, directory)
        done.append(directory)
    if baseline is not before:
        durable.make_dir(file.parent)
        durable.write_atomic(file, coding.encode(baseline))
    for directory in done:
        shutil.rmtree(directory)
    return baseline


def _baseline(file: Path, target: str) -> Baseline:
    try:
        found = coding.decode(content(file), Baseline)
        for era in found.eras:
            eras.calls(era)
        if found.target == target:
            return found
        why = f"of another target, {found.target}"
    except FileNotFoundError:
        return Baseline(target=target)
    except (OSError, ValueError, msgspec.DecodeError) as error:
        why = str(error)
    _LOG.warning("%s cannot be used, beginning anew: %s", file, why)
    set_aside(file)
    return Baseline(target=target)


def _with(baseline: Baseline, directory: Path) -> Baseline:
    try:
        sample = coding.decode(content(directory / SAMPLE_FILE), HealthySample)
        return folded(baseline, _sampled(directory, sample))
    except (OSError, ValueError, msgspec.DecodeError) as error:
        _LOG.warning("%s cannot be folded: %s", directory, error)
        return baseline


def _sampled(directory: Path, sample: HealthySample) -> Sampled:
    found = reading.read(directory, _capture(sample))
    for fault in found.faults:
        _LOG.warning("%s: %s", directory.name, fault)
    spans = [
        (round(one.started_s * 1_000_000), round(ended_s * 1_000_000)) for one, ended_s in _whole(sample)
    ]
    weights, sampled_us = within(found.table, sorted(spans))
    pid = sample.process.pid
    return Sampled(
        id=sample.id,
        code_version=sample.code_version,
        sampler=sample.recording.sampler,
        at_s=sample.wall_minus_monotonic_s + max((ended_s for _, ended_s in _whole(sample)), default=0.0),
        iterations=len(spans),
        lasted_s=sum(end_us - start_us for start_us, end_us in spans) / 1_000_000,
        sampled_s=sampled_us / 1_000_000,
        calls=of_weights(found.table, lambda thread: group_of(thread, pid), weights),
    )


def _whole(sample: HealthySample) -> Iterator[tuple[Iteration, float]]:
    for one in sample.iterations:
        if one.ended_s is not None and one.ended_s > one.started_s:
            yield one, one.ended_s


def _capture(sample: HealthySample) -> Capture:
    """A sample in the form in which evidence is read."""
    times = [time_s for one, ended_s in _whole(sample) for time_s in (one.started_s, ended_s)] or [0.0]
    trigger = Trigger(
        target=sample.target, kind=TriggerKind.MANUAL, reason="a healthy iteration", at_s=min(times)
    )
    return Capture(
        id=sample.id,
        target=sample.target,
        labels={},
        triggered_at="",
        wall_minus_monotonic_s=sample.wall_minus_monotonic_s,
        process=sample.process,
        trigger=trigger,
        iteration=None,
        window=Window(
            started_s=min(times),
            ended_s=max(times),
            collection_time_s=max(times) - min(times),
            end=WindowEnd.ITERATION_ENDED,
        ),
        outcome=Outcome.COMPLETE,
        recording=sample.recording,
    )
