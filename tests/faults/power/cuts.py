"""Every state in which a power cut may leave a disk, as far as they can be gone through."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.faults.power.disk import Data, Disk, Effect, Entries, Said, Sync, apply

Reached = Callable[
    [Data | Entries], float
]  # which part of a change reached the disk that nothing made durable


@dataclass(frozen=True)
class Cut:
    """A disk after a power cut."""

    after: int  # effects
    kept: str  # what is there of that which was not synced
    said: tuple[str, ...]  # what the program had acknowledged by then
    disk: Disk = field(repr=False)

    def __str__(self) -> str:
        return f"cut after effect {self.after}, kept: {self.kept}"


def cuts(disk: Disk, draws: int) -> Iterator[Cut]:
    """For each moment: nothing that was not synced, all of it, only names, only data, and as many draws."""
    for after in range(len(disk.effects) + 1):
        said = tuple(effect.text for effect in disk.effects[:after] if isinstance(effect, Said))
        for kept, reached in _choices(after, draws):
            yield Cut(after, kept, said, cut(disk, after, reached))


def _choices(after: int, draws: int) -> Iterator[tuple[str, Reached]]:
    yield "nothing", lambda _: 0
    yield "everything", lambda _: 1
    yield "names", lambda change: isinstance(change, Entries)
    yield "data", lambda change: isinstance(change, Data)
    for draw in range(draws):
        dice = random.Random(f"{after} {draw}")
        yield f"draw {draw}", lambda _, dice=dice: min(1, dice.random() * 1.5)


def cut(disk: Disk, after: int, reached: Reached) -> Disk:
    """The disk after so many effects, with what was durable, and of the rest what reached it."""
    left = Disk(folders={node: {} for node in disk.folders}, files={node: bytearray() for node in disk.files})
    durable = _durable(disk.effects[:after])
    broken: set[int] = set()  # folders and files of which nothing later is there
    for place, effect in enumerate(disk.effects[:after]):
        if isinstance(effect, Sync | Said) or (place not in durable and effect.nodes() & broken):
            continue
        part = 1 if place in durable else reached(effect)
        if part == 1:
            apply(effect, left.folders, left.files)
            continue
        broken |= effect.nodes()
        if isinstance(effect, Data) and effect.data:
            torn = Data(effect.file, effect.offset, effect.data[: int(part * len(effect.data))])
            apply(torn, left.folders, left.files)
    return left


def _durable(done: Sequence[Effect]) -> set[int]:
    """The places of changes that an fsync made durable, and of those that must have come before them."""
    durable: set[int] = set()
    synced: set[int] = set()
    for place, effect in reversed(list(enumerate(done))):
        if isinstance(effect, Sync):
            synced.add(effect.node)
        elif not isinstance(effect, Said) and effect.nodes() & synced:
            durable.add(place)
            synced |= effect.nodes()  # names of one folder keep their order
    return durable
