"""What a cluster's users want of it as time goes by. Every scenario begins anew after a period, for ever."""

import math
from collections.abc import Callable

import msgspec

_STEEP = 0.8  # of a period is the way up or down, the rest is for the loop to get there

_UPGRADES_AT = 0.9  # so that the first one does not keep anybody waiting


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted at a moment: pods, how many of them are replaced a second, and the nodes' generation."""

    pods: int
    replaced_per_s: float = 0.0
    generation: int = 0


def _create(pods: int, period_s: float, at_s: float) -> Workload:
    return Workload(pods=round(pods * min(1.0, _phase(at_s, period_s) / _STEEP)))


def _delete(pods: int, period_s: float, at_s: float) -> Workload:
    return Workload(pods=round(pods * max(0.0, 1 - _phase(at_s, period_s) / _STEEP)))


def _upgrade(pods: int, period_s: float, at_s: float) -> Workload:
    return Workload(pods=pods, generation=int(at_s / period_s + _UPGRADES_AT))


def _churn(pods: int, period_s: float, at_s: float) -> Workload:
    share = 0.75 + 0.25 * math.cos(2 * math.pi * _phase(at_s, period_s))
    return Workload(pods=round(pods * share), replaced_per_s=pods / period_s)


def _phase(at_s: float, period_s: float) -> float:
    return at_s % period_s / period_s


SCENARIOS: dict[str, Callable[[int, float, float], Workload]] = {
    "create": _create,
    "upgrade": _upgrade,
    "delete": _delete,
    "churn": _churn,
}
