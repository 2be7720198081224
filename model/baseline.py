"""What healthy iterations of a target look like: samples of them, and what they were folded into."""

from typing import Final

import msgspec

from model.capture import Iteration, ProcessIdentity, Recording

FORMAT: Final = 1
ENOUGH_ITERATIONS: Final = 20  # of one code version, until the baseline of the one before is dropped
ENOUGH_S: Final = 30.0  # or so much sampled time
SAMPLE_FILE: Final = "healthy.json"  # of a sample
BASELINE_FILE: Final = "baseline.json"  # in the evidence of a report


class HealthySample(msgspec.Struct, frozen=True, kw_only=True):
    """Stacks taken over healthy iterations: `healthy.json`, beside the recording's files.

    Only the iterations count; what was sampled between them is idle time. Times are monotonic seconds.
    """

    format: int = FORMAT
    id: str
    target: str
    process: ProcessIdentity
    code_version: str
    wall_minus_monotonic_s: float
    iterations: tuple[Iteration, ...]
    recording: Recording  # its paths are relative to the sample's folder


class Weighed(msgspec.Struct, frozen=True, array_like=True):
    """So much time of one group of threads in one stack and state; all but `s` are numbers in the era."""

    group: int
    stack: int
    state: int  # of model.samples.STATES
    s: float


class Era(msgspec.Struct, frozen=True, kw_only=True):
    """The healthy iterations of one code version, as one sampler saw them.

    A stack is a number as in the sample table: 0 has no functions, `tops` and `callers` tell the others, and
    callers come first. Weights fade with a half-life, so that the latest days count most.
    """

    code_version: str
    sampler: str
    since: str  # RFC 3339
    until: str
    until_s: float  # Unix time that weights have faded to
    iterations: int  # that were ever folded in
    weight: float  # of these iterations, faded
    lasted_s: float  # all their durations, faded
    sampled_s: float  # what of that was sampled, faded
    pruned: int = 0  # light stacks that were counted to their callers, to keep it small
    groups: tuple[str, ...] = ()
    functions: tuple[tuple[str, str], ...] = ()  # name and file
    callers: tuple[int, ...] = (0,)
    tops: tuple[int, ...] = (-1,)
    weights: tuple[Weighed, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether it can stand for what iterations do."""
        return round(self.weight) >= ENOUGH_ITERATIONS or self.sampled_s >= ENOUGH_S


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """Of a target: `state/baselines/TARGET.json` in the spool, `evidence/baseline.json` in a report."""

    format: int = FORMAT
    target: str
    eras: tuple[Era, ...] = ()  # the newest last
    folded: tuple[str, ...] = ()  # the latest samples in it: none counts twice
