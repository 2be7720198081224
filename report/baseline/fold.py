"""Folds samples of healthy iterations into a baseline. Pure; the order of samples does not matter."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from model.baseline import Baseline, Era
from report.baseline import bounds, eras
from report.baseline.calls import Calls

HALF_LIFE_S: Final = 86400.0
LATEST_S: Final = 7 * 86400.0  # samples are no older when they are folded; else a clock was wrong
REMEMBERED: Final = 200  # samples, so that none counts twice
MOST_ERAS: Final = 4  # two samplers before and after a deployment
_MOST_BYTES: Final = 512 * 2**10


class Sampled(NamedTuple):
    """What one sample of healthy iterations comes to."""

    id: str
    code_version: str
    sampler: str
    at_s: float  # Unix time of its end
    iterations: int
    lasted_s: float  # their durations
    sampled_s: float  # what of these was sampled
    calls: Calls


def folded(baseline: Baseline, sample: Sampled, most_bytes: int = _MOST_BYTES) -> Baseline:
    """The baseline with one more sample; the same one if it holds it already."""
    if sample.id in baseline.folded:
        return baseline
    known = tuple(sorted((*baseline.folded, sample.id)))[-REMEMBERED:]
    if sample.sampled_s <= 0 or not sample.iterations:
        return msgspec.structs.replace(baseline, folded=known)
    same = [era for era in baseline.eras if _is_of(era, sample)]
    others = [era for era in baseline.eras if not _is_of(era, sample)]
    grown = [*others, _grown(same[0] if same else None, sample)]
    kept = _kept(sorted(grown, key=lambda era: (era.since, era.until_s, era.code_version, era.sampler)))
    smaller = bounds.bounded(kept, most_bytes)
    return msgspec.structs.replace(baseline, folded=known, eras=smaller)


def _is_of(era: Era, sample: Sampled) -> bool:
    return (era.code_version, era.sampler) == (sample.code_version, sample.sampler)


def _kept(found: list[Era]) -> list[Era]:
    """Without eras that a newer code version of the same sampler, with enough iterations, has replaced."""
    newest_with_enough = {era.sampler: number for number, era in enumerate(found) if era.enough}
    kept = [era for number, era in enumerate(found) if number >= newest_with_enough.get(era.sampler, -1)]
    return kept[-MOST_ERAS:]


def _grown(era: Era | None, sample: Sampled) -> Era:
    calls, stamp = Calls(), _stamp(sample.at_s)
    if era is None:
        era = Era(
            code_version=sample.code_version,
            sampler=sample.sampler,
            since=stamp,
            until=stamp,
            until_s=sample.at_s,
            iterations=0,
            weight=0.0,
            lasted_s=0.0,
            sampled_s=0.0,
        )
    until_s = era.until_s if era.until_s - sample.at_s <= LATEST_S else sample.at_s
    at_s = max(until_s, sample.at_s)
    old, new = _faded(at_s - until_s), _faded(at_s - sample.at_s)
    calls.add(eras.calls(era), old)
    calls.add(sample.calls, new)
    columns = eras.Columns(calls)
    return msgspec.structs.replace(
        era,
        since=min(era.since, stamp),
        until=_stamp(at_s),
        until_s=at_s,
        iterations=era.iterations + sample.iterations,
        weight=era.weight * old + sample.iterations * new,
        lasted_s=era.lasted_s * old + sample.lasted_s * new,
        sampled_s=era.sampled_s * old + sample.sampled_s * new,
        groups=tuple(columns.groups),
        functions=tuple((function.name, function.file) for function in columns.functions),
        callers=tuple(columns.callers),
        tops=tuple(columns.tops),
        weights=columns.weights,
    )


def _faded(age_s: float) -> float:
    """What is left of a weight."""
    return float(0.5 ** (age_s / HALF_LIFE_S))


def _stamp(at_s: float) -> str:
    return datetime.fromtimestamp(round(at_s, 3), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
