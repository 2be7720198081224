"""When an iteration is looked at before it has overrun, and how often. Pure."""

import msgspec

from model.history import History

QUARTER = 0.25  # of its threshold: from this age on an iteration is slow
SLOWER = 1.5  # times what 99 of 100 iterations took: slow, too
HISTORY_NEEDS = 20  # iterations, before it is believed
LEAST_AGE_S = 0.1  # a sampler takes 20 to 40 ms of CPU time to begin, and as long until it sees anything
RISES = 4  # so much higher is the rate at the threshold
SEGMENT_S, SHORTEST_S = 15.0, 2.0  # each costs its start, and a report its reading
STEPS = 3  # from slow to overrun
LOOK_S, CALM_LOOK_S = 1.0, 5.0  # between looks at all threads


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How often to sample now."""

    rate_hz: int
    look_every_s: float
    slow: bool  # an iteration is older than it should be


def begins_s(threshold_s: float, history: History | None = None) -> float | None:
    """The age at which an iteration counts as slow; None where its overrun comes first."""
    at_s = threshold_s * QUARTER
    if history is not None and history.iterations >= HISTORY_NEEDS:
        at_s = min(at_s, SLOWER * history.p99_s)
    at_s = max(at_s, LEAST_AGE_S)
    return at_s if at_s < threshold_s else None


class Ages(msgspec.Struct, frozen=True):
    """Of an iteration: how old it is, and at which ages it is slow and has overrun, in seconds."""

    now_s: float
    begin_s: float
    threshold_s: float


def segment_s(begin_s: float, threshold_s: float) -> float:
    """How long a segment is, so that the rate can rise in steps."""
    return min(SEGMENT_S, max(SHORTEST_S, (threshold_s - begin_s) / STEPS))


def adaptive(base_hz: int, ages: Ages) -> Wish:
    """From half the rate at first to twice the rate at the threshold, as in the next segment's middle.

    What is not captured beyond its threshold may go on for hours: then it is at first's again.
    """
    least_hz = max(1, base_hz // 2)
    if ages.now_s >= ages.threshold_s:
        return Wish(rate_hz=least_hz, look_every_s=CALM_LOOK_S, slow=True)
    middle_s = ages.now_s + segment_s(ages.begin_s, ages.threshold_s) / 2
    risen = min(1.0, max(0.0, (middle_s - ages.begin_s) / (ages.threshold_s - ages.begin_s)))
    rate_hz = round(least_hz * (1 + (RISES - 1) * risen))
    return Wish(rate_hz=rate_hz, look_every_s=LOOK_S, slow=True)


def steady(base_hz: int, *, slow: bool) -> Wish:
    """All the time the same rate, with more looks where an iteration is slow."""
    return Wish(rate_hz=base_hz, look_every_s=LOOK_S if slow else CALM_LOOK_S, slow=slow)
