"""What a program does to a folder, call by call, as strace saw it: the input of `disk.py`.

Only calls that succeeded count. What would change the disk and is not understood here fails the recording, so
that no call is left out of the model in silence.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.faults.power.disk import Disk

_CALLS = (
    "open,openat,creat,close,dup,dup2,dup3,fcntl,write,writev,pwrite64,pwritev,sendfile,copy_file_range,ftruncate,"
    "truncate,fallocate,lseek,fsync,fdatasync,sync,syncfs,rename,renameat,renameat2,link,linkat,symlink,symlinkat,"
    "unlink,unlinkat,mkdir,mkdirat,rmdir"
)
_LINE = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_HARMLESS = {"fcntl", "lseek"}
SAID = 1  # the descriptor on which the program says what it has acknowledged


def record(argv: list[str], folder: Path, cwd: Path) -> Disk:
    """Run a program to its end; raises AssertionError where it fails or cannot be followed."""
    trace = folder.with_name(f"{folder.name}.strace")
    strace = ["strace", "-qq", "-xx", "-s", "100000000", "-e", f"trace={_CALLS}", "-e", "status=successful"]
    command = [*strace, "-o", str(trace), sys.executable, *argv, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return _Reader(folder).read(trace.read_text().splitlines())


class _Reader:
    """Follows descriptors, so that each call is of a file or folder of the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._disk = Disk()
        self._open: dict[int, tuple[int, int]] = {}  # descriptor: node, offset; -1 is the end

    def read(self, lines: list[str]) -> Disk:
        for line in lines:
            match = _LINE.match(line)
            assert match, f"not understood: {line[:200]}"
            name, arguments, result = match[1], match[2], int(match[3])
            if name not in _HARMLESS:
                getattr(self, f"_{name}")(arguments, result)
        return self._disk

    def _openat(self, arguments: str, result: int) -> None:
        [path] = _paths(arguments)
        self._open.pop(result, None)
        place = self._place(arguments, path)
        if place is None:
            return
        node = self._disk.find(place)
        if node is None:
            assert "O_CREAT" in arguments, arguments
            node = self._disk.create(place)
        elif "O_TRUNC" in arguments:
            self._disk.cut(node)
        self._open[result] = (node, -1 if "O_APPEND" in arguments else 0)

    def _close(self, arguments: str, _result: int) -> None:
        self._open.pop(int(arguments), None)

    def _write(self, arguments: str, result: int) -> None:
        descriptor = int(arguments.partition(",")[0])
        [data] = _texts(arguments)
        if descriptor == SAID:
            for word in data.decode().split():
                self._disk.say(word)
        elif descriptor in self._open:
            self._written(descriptor, data[:result])

    def _sendfile(self, arguments: str, result: int) -> None:
        to, source = (int(part) for part in arguments.split(",")[:2])
        if to in self._open:
            node, offset = self._open[source]
            self._written(to, self._disk.content(node)[offset : offset + result])
            self._open[source] = (node, offset + result)

    def _written(self, descriptor: int, data: bytes) -> None:
        node, offset = self._open[descriptor]
        self._disk.write(node, self._disk.size(node) if offset < 0 else offset, data)
        self._open[descriptor] = (node, offset if offset < 0 else offset + len(data))

    def _fsync(self, arguments: str, _result: int) -> None:
        if (held := self._open.get(int(arguments))) is not None:
            self._disk.sync(held[0])

    _fdatasync = _fsync

    def _mkdir(self, arguments: str, _result: int) -> None:
        if (place := self._place(arguments, _paths(arguments)[0])) is not None:
            self._disk.create(place, folder=True)

    _mkdirat = _mkdir

    def _unlink(self, arguments: str, _result: int) -> None:
        if (place := self._place(arguments, _paths(arguments)[0])) is not None:
            self._disk.remove(place)

    _unlinkat = _rmdir = _unlink

    def _rename(self, arguments: str, _result: int) -> None:
        assert "RENAME_" not in arguments, arguments
        source, to = self._both(arguments)
        self._disk.rename(source, to)

    _renameat = _renameat2 = _rename

    def _link(self, arguments: str, _result: int) -> None:
        source, to = self._both(arguments)
        self._disk.link(source, to)

    _linkat = _link

    def _both(self, arguments: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        bases = re.findall(r"(AT_FDCWD|\b\d+), \"", arguments) or ["AT_FDCWD"] * 2
        places = [self._resolved(base, path) for base, path in zip(bases, _paths(arguments), strict=True)]
        assert places[0] is not None, arguments
        assert places[1] is not None, arguments
        return places[0], places[1]

    def _place(self, arguments: str, path: str) -> tuple[str, ...] | None:
        return self._resolved(arguments.partition(",")[0], path)

    def _resolved(self, base: str, path: str) -> tuple[str, ...] | None:
        """The names that lead to a path from the folder on; None for what lies elsewhere."""
        if not path.startswith("/") and base.isdigit():
            held = self._open.get(int(base))
            return None if held is None else (*self._disk.names_of(held[0]), *Path(path).parts)
        whole = Path(os.path.normpath(path))
        return whole.relative_to(self._folder).parts if whole.is_relative_to(self._folder) else None


def _texts(arguments: str) -> Iterator[bytes]:
    return (bytes.fromhex(found.replace("\\x", "")) for found in _TEXT.findall(arguments))


def _paths(arguments: str) -> list[str]:
    return [os.fsdecode(text) for text in _texts(arguments)]
