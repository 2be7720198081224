"""What is said of a target that answers, but not with the series that are looked for."""

from collections.abc import Iterator, Sequence

import msgspec

from daemon.sources.contract import Condition
from daemon.sources.metrics.contract import Form, Picks, Sample
from daemon.sources.metrics.exposition import MOST_LINES, Exposition

HEARS = Condition(True)
LEADS = "leader_election_master_status"  # 1 while a replica leads, 0 while it does not

_SHOWN = 3
_ALIKE_AMONG = 500  # comparing takes time, and the loop must not stall for a typing error


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What else an answer held: looked at now and then, since that costs more."""

    names: frozenset[str]
    stands_by: bool  # it says that it does not lead

    @classmethod
    def of(cls, answer: Exposition) -> "Around":
        """Of an answer whose names were noted."""
        names = frozenset(name.decode() for name in answer.names or ())
        leads = [sample.value for sample in answer.samples if sample.name == LEADS]
        return cls(names=names, stands_by=bool(leads) and not any(leads))


def usable(form: Form, answer: Exposition) -> Condition:
    """Whether an answer can be read, and means one series each."""
    if answer.crowded:
        said = f"more than {MOST_LINES} series, or long ones, have the names that are looked for"
        return Condition(False, said, "is it the right path? give metrics of the loop alone")
    for one in () if form.come_and_go else form.needed:
        several = list(one.picked(answer.samples))
        if len(several) > 1:
            said = f"{len(several)} series are {one.text}: {_shown(several)}"
            return Condition(False, said, "say more of its labels")
    if answer.broken and _lacking(form, answer.samples):
        return Condition(False, f"a line cannot be read: {answer.broken}", "is it a Prometheus exposition?")
    return HEARS


def complete(form: Form, samples: Sequence[Sample], around: Around | None) -> Condition:
    """Whether the series are there, or may be missing: a replica on standby has none of its loop yet."""
    lacking = _lacking(form, samples)
    if not lacking or (form.come_and_go and len(lacking) < len(form.needed)):
        return HEARS
    one = lacking[0]
    if around is None:
        return Condition(True, f"the answer holds no {one.text}")
    if around.stands_by:
        return Condition(True, f"on standby ({LEADS} is 0): no {one.text} before it leads")
    if form.come_and_go and any(_has_family(gauge, around) for gauge in lacking):
        return HEARS
    if one is not form.needed[0]:
        return Condition(True, f"no {one.text} yet, as in the first iteration", _remedy(one, samples, around))
    return _unheard(one, samples, around)


def _unheard(one: Picks, samples: Sequence[Sample], around: Around) -> Condition:
    others = [sample for sample in samples if sample.name == one.name]
    if not others and _has_family(one, around):
        near = _near(one.name, around.names)
        said = f"no {one.text} yet, as on a replica that has never begun its loop"
        return Condition(True, said, f"or did you mean {' or '.join(near)}?" if near else "")
    return Condition(False, f"the answer holds no {one.text}", _remedy(one, samples, around))


def _remedy(one: Picks, samples: Sequence[Sample], around: Around) -> str:
    others = [sample for sample in samples if sample.name == one.name]
    if others:
        return f"are its labels right? there is {_shown(others)}"
    if near := _near(one.name, around.names):
        return f"did you mean {' or '.join(near)}?"
    if not around.names:
        return "is it a Prometheus exposition? give the `path` and `port` where one is"
    some = ", ".join(sorted(around.names)[:_SHOWN])
    return f"is it the right `path` and `port`? there are {len(around.names)} others, such as {some}"


def _lacking(form: Form, samples: Sequence[Sample]) -> list[Picks]:
    return [one for one in form.needed if not any(True for _ in one.picked(samples))]


def _has_family(one: Picks, around: Around) -> bool:
    """Whether it is the right program at all: its series begin with the same word."""
    family = one.name.partition("_")[0] + "_"
    return any(name.startswith(family) for name in around.names)


def _near(name: str, names: frozenset[str]) -> list[str]:
    from difflib import get_close_matches

    alike = sorted(names, key=lambda known: abs(len(known) - len(name)))[:_ALIKE_AMONG]
    return get_close_matches(name, alike, n=_SHOWN, cutoff=0.75)


def _shown(samples: Sequence[Sample]) -> str:
    return ", ".join(_texts(samples[:_SHOWN])) + (" ..." if len(samples) > _SHOWN else "")


def _texts(samples: Sequence[Sample]) -> Iterator[str]:
    for sample in samples:
        labels = ",".join(f'{label}="{value[:60]}"' for label, value in sorted(sample.labels.items()))
        yield f"{sample.name}{{{labels}}}"
