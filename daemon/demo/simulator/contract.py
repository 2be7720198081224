"""What the API is told and says, and what the loop says of an iteration."""

import msgspec

PAGE = 5000
STARTING, READY, FAILED = "starting", "ready", "failed"  # states of nodes
PODS_PATH, NODES_PATH, COUNTS_PATH = "/pods", "/nodes", "/counts"


class NodeSeen(msgspec.Struct, frozen=True):
    """A node as the API tells of it. CPU is in thousandths of a core."""

    name: str
    cpu_m: int
    generation: int
    state: str


class PodSeen(msgspec.Struct, frozen=True):
    """A pod as the API tells of it; without a node it is pending."""

    name: str
    cpu_m: int
    node: str


class Nodes(msgspec.Struct, frozen=True, kw_only=True):
    """All nodes, and what a new one would be."""

    items: list[NodeSeen]
    cpu_m: int
    generation: int


class Pods(msgspec.Struct, frozen=True, kw_only=True):
    """One page of pods; `following` is where the next one begins, 0 after the last."""

    items: list[PodSeen]
    following: int


class Counts(msgspec.Struct, kw_only=True):
    """What the API did so far, and what its cluster is now."""

    calls: int = 0
    errors: int = 0
    throttled: int = 0
    unreachable: int = 0
    outages: int = 0
    failed_nodes: int = 0
    nodes: int = 0
    pods: int = 0
    pending: int = 0


class Iterated(msgspec.Struct, frozen=True, kw_only=True):
    """An iteration of the loop, when it has ended."""

    took_s: float
    backed_off_s: float
    retries: int
    failed: str = ""  # why it was given up


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How it is to behave. Rates are per second, `error_rate` is a share."""

    nodes: int
    pods: int
    scenario: str
    period_s: float
    latency_s: float
    error_rate: float
    throttle_per_s: float
    outage_s: float
    outage_every_s: float
    node_failures_per_s: float
    seed: int
