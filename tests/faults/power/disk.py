"""What a disk may hold after a power cut: a model of files, names, and what makes either durable.

A file's data is durable after an fsync of the file, a name after an fsync of the folder that holds it.
Of what was not synced any prefix may have been written: of each file's data, and of each folder's names; a
rename is one step for both folders. File systems promise more (ext4 keeps the order of all names); what
survives this survives them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Names = tuple[str, ...]
ROOT = 0


@dataclass(frozen=True)
class Data:
    """Bytes at an offset of a file, or, without bytes, its end there."""

    file: int
    offset: int
    data: bytes | None

    def nodes(self) -> set[int]:
        return {self.file}


@dataclass(frozen=True)
class Entries:
    """Names of folders that are given to a node, or taken away, in one step."""

    changes: tuple[tuple[int, str, int | None], ...]

    def nodes(self) -> set[int]:
        return {folder for folder, _, _ in self.changes}


@dataclass(frozen=True)
class Sync:
    """An fsync of a file or folder."""

    node: int


@dataclass(frozen=True)
class Said:
    """The program acknowledged something."""

    text: str


Effect = Data | Entries | Sync | Said


@dataclass
class Disk:
    """The disk as the running program sees it, and every effect in its order."""

    effects: list[Effect] = field(default_factory=list)
    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})
    files: dict[int, bytearray] = field(default_factory=dict)

    def find(self, place: Names) -> int | None:
        node = ROOT
        for name in place:
            if name not in self.folders.get(node, {}):
                return None
            node = self.folders[node][name]
        return node

    def names_of(self, node: int) -> Names:
        """One way from the root to it."""
        for names, found in self._walk((), ROOT):
            if found == node:
                return names
        raise AssertionError(f"node {node} has no name any more")

    def create(self, place: Names, *, folder: bool = False) -> int:
        node = len(self.folders) + len(self.files)
        self.folders.update({node: {}} if folder else {})
        self.files.update({} if folder else {node: bytearray()})
        self._change((*self._above(place), node))
        return node

    def remove(self, place: Names) -> None:
        self._change((*self._above(place), None))

    def rename(self, source: Names, to: Names) -> None:
        node = self.find(source)
        self._change((*self._above(source), None), (*self._above(to), node))

    def link(self, source: Names, to: Names) -> None:
        self._change((*self._above(to), self.find(source)))

    def write(self, file: int, offset: int, data: bytes) -> None:
        self._do(Data(file, offset, data))

    def cut(self, file: int) -> None:
        self._do(Data(file, 0, None))

    def content(self, file: int) -> bytes:
        return bytes(self.files[file])

    def size(self, file: int) -> int:
        return len(self.files[file])

    def sync(self, node: int) -> None:
        self.effects.append(Sync(node))

    def say(self, text: str) -> None:
        self.effects.append(Said(text))

    def write_out(self, folder: Path) -> None:
        """Make the very files and folders."""
        for names, node in self._walk((), ROOT):
            if node in self.folders:
                folder.joinpath(*names).mkdir(mode=0o700, exist_ok=True)
            else:
                folder.joinpath(*names).write_bytes(self.files[node])
                folder.joinpath(*names).chmod(0o600)

    def _walk(self, names: Names, node: int) -> Iterator[tuple[Names, int]]:
        yield names, node
        for name, inner in self.folders.get(node, {}).items():
            yield from self._walk((*names, name), inner)

    def _above(self, place: Names) -> tuple[int, str]:
        folder = self.find(place[:-1])
        assert folder is not None, place
        return folder, place[-1]

    def _change(self, *changes: tuple[int, str, int | None]) -> None:
        self._do(Entries(changes))

    def _do(self, effect: Data | Entries) -> None:
        self.effects.append(effect)
        apply(effect, self.folders, self.files)


def apply(
    effect: Data | Entries, folders: Mapping[int, dict[str, int]], files: Mapping[int, bytearray]
) -> None:
    """Let a change happen."""
    if isinstance(effect, Entries):
        for folder, name, node in effect.changes:
            if node is None:
                folders[folder].pop(name, None)
            else:
                folders[folder][name] = node
        return
    file = files[effect.file]
    if effect.data is None:
        del file[effect.offset :]
    else:
        file.extend(bytes(max(0, effect.offset - len(file))))
        file[effect.offset : effect.offset + len(effect.data)] = effect.data
