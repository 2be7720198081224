"""What the loop decides: pure, of what it saw of a cluster."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from daemon.demo.simulator.contract import FAILED, READY, Nodes, NodeSeen, PodSeen
from daemon.demo.simulator.fitting import fitted, nodes_for

DELETED_AT_ONCE = 10
_UNNEEDED_SHARE = 0.5
_UPGRADED_SHARE = 0.05


class Plan(msgspec.Struct, frozen=True):
    """How many nodes to create, and which ones to delete."""

    create: int
    delete: tuple[str, ...]


def planned(nodes: Nodes, pods: Sequence[PodSeen]) -> Plan:
    """Room for pending pods; without those that failed, that are of an older generation, or hardly used."""
    used_m = usage(pods)
    failed = [node.name for node in nodes.items if node.state == FAILED]
    sound = [node for node in nodes.items if node.state != FAILED]
    current = [node for node in sound if node.generation >= nodes.generation]
    create = estimate_scale_up(current, used_m, pods, nodes.cpu_m)
    outdated = choose_outdated(sound, nodes.generation)
    unneeded = [] if create or outdated else find_unneeded(current, used_m)
    return Plan(create, tuple([*failed, *outdated, *unneeded][:DELETED_AT_ONCE]))


def usage(pods: Sequence[PodSeen]) -> Counter[str]:
    """The CPU that each node's pods have."""
    used_m: Counter[str] = Counter()
    for pod in pods:
        used_m[pod.node] += pod.cpu_m
    return used_m


def estimate_scale_up(
    nodes: Sequence[NodeSeen], used_m: Counter[str], pods: Sequence[PodSeen], new_cpu_m: int
) -> int:
    """How many nodes pending pods need beyond those that there are, or that are about to be ready."""
    pending = Counter(pod.cpu_m for pod in pods if not pod.node)
    free_m = [node.cpu_m - used_m[node.name] for node in nodes]
    for cpu_m, _ in fitted(pending, free_m):
        pending[cpu_m] -= 1
    return nodes_for(pending, new_cpu_m)


def choose_outdated(nodes: Sequence[NodeSeen], generation: int) -> list[str]:
    """A few of an older generation, so that the others go on meanwhile."""
    old = [node.name for node in nodes if node.generation < generation]
    return old[: max(1, round(len(nodes) * _UPGRADED_SHARE))]


def find_unneeded(nodes: Sequence[NodeSeen], used_m: Counter[str]) -> list[str]:
    """Nodes that are less than half used, and whose pods have room elsewhere; the emptiest first."""
    ready = sorted((node for node in nodes if node.state == READY), key=lambda node: used_m[node.name])
    room_m, found = sum(node.cpu_m - used_m[node.name] for node in ready), []
    for node in ready:
        moved_m = used_m[node.name]
        room_m -= node.cpu_m - moved_m
        if moved_m >= node.cpu_m * _UNNEEDED_SHARE or moved_m > room_m / 2:
            break
        room_m -= moved_m
        found.append(node.name)
    return found
