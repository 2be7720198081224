"""Stalls that turn something huge into text or bytes and back, match text, or clean up memory."""

import gc
import json
import multiprocessing.reduction
import pickle
import re
from dataclasses import dataclass, field

from daemon.demo.stalls.contract import Setting, lasting


@dataclass
class Pod:
    """What there are very many of."""

    name: str
    labels: dict[str, str]
    requests: dict[str, float]
    tolerations: list[str] = field(default_factory=list)


def _pods(count: int) -> list[Pod]:
    return [
        Pod(f"pod-{number}", {"app": f"app-{number % 97}", "tier": "web"}, {"cpu": number / 7, "memory": 1.0})
        for number in range(count)
    ]


def _plain(pods: list[Pod]) -> list[dict[str, object]]:
    return [vars(pod) for pod in pods]


_CLUSTER: list[Pod] = []


def fill_cluster(setting: Setting) -> None:
    """Make the huge thing before the loop starts."""
    _CLUSTER.extend(_pods(60_000))


def export_cluster(setting: Setting) -> None:
    """The state of a huge cluster as JSON, written and read."""
    state = _plain(_CLUSTER)
    for _ in lasting(setting.seconds):
        json.loads(json.dumps(state))


def export_readable(setting: Setting) -> None:
    """Indented JSON: the encoder in pure Python."""
    state = _plain(_CLUSTER)
    for _ in lasting(setting.seconds):
        json.dumps(state, indent=2)


def keep_cluster(setting: Setting) -> None:
    """A snapshot of a huge cluster by pickle, as a checkpoint."""
    for _ in lasting(setting.seconds):
        save_checkpoint()


def save_checkpoint() -> list[Pod]:
    """Write it and read it again."""
    kept: list[Pod] = pickle.loads(pickle.dumps(_CLUSTER))  # noqa: S301  # what we wrote ourselves
    return kept


def hand_over_cluster(setting: Setting) -> None:
    """The same for a worker process, as multiprocessing does it."""
    for _ in lasting(setting.seconds):
        multiprocessing.reduction.ForkingPickler.dumps(_CLUSTER)


def export_manifest(setting: Setting) -> None:
    """A writer of YAML in pure Python, of the kind that one finds in libraries."""
    from daemon.demo.stalls import plain_yaml

    state = _plain(_CLUSTER[:2000])
    for _ in lasting(setting.seconds):
        plain_yaml.safe_dump(state)


_LABELS = re.compile(r"^(\w+\s?)*$")


def validate_labels(setting: Setting) -> None:
    """A pattern that tries every way to split a line that does not match."""
    for _ in lasting(setting.seconds):
        parse_labels("selector label " + "a" * 11 + "!")


def parse_labels(line: str) -> bool:
    """Whether the line is well formed."""
    return _LABELS.match(line) is not None


def find_units(setting: Setting) -> None:
    """The same by the functions of the module."""
    for _ in lasting(setting.seconds):
        re.search(r"(x+x+)+y", "x" * 20)


class _Node:
    def __init__(self, before: "_Node | None") -> None:
        self.before, self.others = before, [self]


_HEAP: list[_Node] = []


def fill_heap(setting: Setting) -> None:
    """A huge heap full of cycles, which healthy collections do not look at."""
    gc.disable()
    for _ in range(300_000):
        _HEAP.append(_Node(_HEAP[-1] if _HEAP else None))
    gc.enable()
    gc.collect()
    gc.freeze()


def tidy_up(setting: Setting) -> None:
    """Full collections of a huge heap, one after the other."""
    gc.unfreeze()
    try:
        for _ in lasting(setting.seconds):
            release_memory()
    finally:
        gc.freeze()


def release_memory() -> int:
    """What somebody thought would help."""
    return gc.collect()
