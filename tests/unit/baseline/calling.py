"""Calls for tests: made from text, `group;root;...;innermost`."""

from collections.abc import Mapping

from hypothesis import strategies as st

from model.samples import State
from report.baseline.calls import Calls, Function, Where
from report.baseline.fold import Sampled
from tests.reports import SOURCE, THREADING

AT_S = 1_795_000_000.0


def function(name: str) -> Function:
    """One of the test's program, or of the standard library."""
    standard = name[0].isupper() and "." in name
    return Function(name, THREADING if standard else SOURCE)


def calls(seconds: Mapping[str, float], state: State = State.WAITING) -> Calls:
    """Calls of stacks with their seconds."""
    found = Calls()
    for text, value in seconds.items():
        group, *names = text.split(";")
        found.seconds[Where(group, found.stack(function(name) for name in names), state)] += value
    return found


def as_text(found: Calls) -> dict[str, float]:
    """The other way round."""
    told: dict[str, float] = {}
    for where, seconds in found.seconds.items():
        key = ";".join((where.group, *(one.name for one in found.path(where.stack))))
        told[key] = told.get(key, 0.0) + seconds
    return told


def sampled(
    number: int, found: Calls, *, at_s: float | None = None, code_version: str = "v1", iterations: int = 1
) -> Sampled:
    """A sample of one-second iterations."""
    return Sampled(
        id=f"{number:06}",
        code_version=code_version,
        sampler="pyspy",
        at_s=AT_S + number if at_s is None else at_s,
        iterations=iterations,
        lasted_s=float(iterations),
        sampled_s=float(iterations),
        calls=found,
    )


_paths = st.lists(st.sampled_from("abcde"), min_size=1, max_size=6).map(";".join)
_keys = st.tuples(st.sampled_from(["MainThread", "worker"]), _paths).map(";".join)
some_calls = st.dictionaries(_keys, st.floats(0.001, 10.0), min_size=1, max_size=12).map(calls)
