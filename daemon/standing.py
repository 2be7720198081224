"""How the daemon stands, in one line for `systemctl status`; rounded, so that it changes seldom."""

from collections.abc import Iterator
from itertools import count

from daemon.core import Core
from daemon.targets.possible import UNKNOWN
from daemon.targets.target import Target

_STEPS = 20  # in which an iteration is told on its way to the threshold


def line(core: Core, now_s: float) -> str:
    """What it does now, and what keeps it from doing more."""
    return "; ".join((_main(core, now_s), *_hindrances(core)))


def _main(core: Core, now_s: float) -> str:
    if core.admission.running:
        return f"capturing {', '.join(sorted(core.admission.running))}"
    targets = list(core.fleet)
    held = [target for target in targets if target.held is not None]
    if not held:
        return f"waiting for {', '.join(map(_awaited, targets[:3]))}"
    latest = max(held, key=lambda target: _done(target, now_s))
    age = _age(latest, now_s)
    if len(targets) == 1:
        return f"watching {latest.name}, {age}" if age else f"watching {latest.name}"
    watched = f"watching {len(held)} of {len(targets)} targets"
    return f"{watched}, {latest.name}: {age}" if age else watched


def _awaited(target: Target) -> str:
    return f"{target.name}: {target.possible.detail}"


def _done(target: Target, now_s: float) -> float:
    """How much of its time the iteration in flight has used."""
    current = target.in_flight
    return (now_s - current.started_s) / current.threshold_s if current else 0.0


def _age(target: Target, now_s: float) -> str:
    current = target.in_flight
    if current is None:
        return ""
    step_s = _step_s(current.threshold_s)
    age_s = int((now_s - current.started_s) // step_s) * step_s
    return f"iteration {age_s} s of {current.threshold_s:g} s" if age_s else ""


def _step_s(threshold_s: float) -> int:
    """Whole seconds: 1, 2, 5, 10, 20, 50 ..."""
    steps = (factor * int(10**power) for power in count() for factor in (1, 2, 5))
    return next(step_s for step_s in steps if step_s * _STEPS >= threshold_s)


def _hindrances(core: Core) -> Iterator[str]:
    for target in core.fleet:
        if target.held is not None and not target.possible.possible and target.possible != UNKNOWN:
            yield f"no capture of {target.name} possible ({target.possible.reason})"
            break
    if core.admission.disabled():
        yield "captures are disabled"
    if core.refused_config:
        yield "the new configuration was refused, the old one stays"
