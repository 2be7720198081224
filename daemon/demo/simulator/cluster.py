"""The cluster behind the API: nodes, pods, and a scheduler that binds the one to the other."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from daemon.demo.simulator.contract import FAILED, READY, STARTING
from daemon.demo.simulator.fitting import fitted
from daemon.demo.simulator.scenario import Workload

POD_CPU_M = (50, 100, 100, 200, 250, 500)
_SLACK = 1.15
_SURGE = 1.25
_PROVISIONING_S = 2.0


class Node(msgspec.Struct):
    """A machine. One that failed stays listed until it is deleted."""

    name: str
    cpu_m: int
    generation: int
    state: str = STARTING


class Pod(msgspec.Struct):
    """A pod; without a node it is pending."""

    name: str
    cpu_m: int
    node: str = ""


class Cluster:
    """So many nodes hold so many pods when all of them run. Times are the caller's, in seconds."""

    def __init__(self, nodes: int, pods: int, seed: int) -> None:
        self.nodes: dict[str, Node] = {}
        self.pods: dict[str, Pod] = {}
        self.generation = 0
        self.most_nodes = int(nodes * _SURGE) + 2
        mean_m = sum(POD_CPU_M) / len(POD_CPU_M)
        self.node_cpu_m = max(max(POD_CPU_M), int(pods / nodes * mean_m * _SLACK))
        self._random = random.Random(f"cluster:{seed}")  # noqa: S311  # sizes and choices, no secrets
        self._made = 0
        self._starting: dict[str, float] = {}  # when each will be ready
        self._on: dict[str, set[str]] = defaultdict(set)  # the names of a node's pods
        self._pending: dict[str, None] = {}

    @property
    def pending(self) -> int:
        """How many pods have no node."""
        return len(self._pending)

    def follow(self, workload: Workload, seconds: float, now_s: float) -> None:
        """Have the pods and the generation that are wanted, after so many seconds more; then schedule."""
        self.generation = workload.generation
        leaving = workload.replaced_per_s * seconds
        self.remove_pods(int(leaving) + (self._random.random() < leaving % 1))
        self.remove_pods(len(self.pods) - workload.pods)
        self.add_pods(workload.pods - len(self.pods))
        self.settle(now_s)

    def add_pods(self, count: int) -> None:
        """New ones, pending."""
        for _ in range(count):
            pod = Pod(self._name("pod"), self._random.choice(POD_CPU_M))
            self.pods[pod.name] = pod
            self._pending[pod.name] = None

    def remove_pods(self, count: int) -> None:
        """So many at random, as far as there are."""
        if count <= 0:
            return
        for name in self._random.sample(list(self.pods), min(count, len(self.pods))):
            self._on[self.pods.pop(name).node].discard(name)
            self._pending.pop(name, None)

    def create_nodes(self, count: int, ready_s: float) -> Sequence[str]:
        """Their names: fewer than were asked for where the cluster is full. They are ready at that time."""
        names = [self._name("node") for _ in range(min(count, self.most_nodes - len(self.nodes)))]
        for name in names:
            self.nodes[name] = Node(name, self.node_cpu_m, self.generation)
            self._starting[name] = ready_s
        return names

    def provision(self, count: int, now_s: float) -> Sequence[str]:
        """As the cloud does it: they take a moment to be ready."""
        return self.create_nodes(count, now_s + _PROVISIONING_S * self._random.uniform(0.5, 1.5))

    def delete_node(self, name: str) -> bool:
        """Whether there was such a node; its pods are pending again."""
        if self.nodes.pop(name, None) is None:
            return False
        self._starting.pop(name, None)
        self._evict(name)
        return True

    def fail_node(self) -> str:
        """One at random is no longer ready, its pods are pending; "" when no node is ready."""
        ready = [node for node in self.nodes.values() if node.state == READY]
        if not ready:
            return ""
        node = self._random.choice(ready)
        node.state = FAILED
        self._evict(node.name)
        return node.name

    def settle(self, now_s: float) -> None:
        """New nodes become ready, and pending pods are bound where they fit."""
        for name in [name for name, ready_s in self._starting.items() if ready_s <= now_s]:
            self.nodes[name].state = READY
            del self._starting[name]
        if not self._pending:
            return
        usable = [
            node for node in self.nodes.values() if node.state == READY and node.generation >= self.generation
        ]
        free_m = [node.cpu_m - sum(self.pods[pod].cpu_m for pod in self._on[node.name]) for node in usable]
        waiting: dict[int, list[str]] = defaultdict(list)
        for name in self._pending:
            waiting[self.pods[name].cpu_m].append(name)
        counts = Counter({cpu_m: len(names) for cpu_m, names in waiting.items()})
        for cpu_m, index in fitted(counts, free_m):
            self._bind(self.pods[waiting[cpu_m].pop()], usable[index].name)

    def _bind(self, pod: Pod, node: str) -> None:
        pod.node = node
        self._on[node].add(pod.name)
        del self._pending[pod.name]

    def _evict(self, node: str) -> None:
        for name in self._on.pop(node, ()):
            self.pods[name].node = ""
            self._pending[name] = None

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"
