"""Which interpreter runs, by file names and the first bytes of the executable."""

import struct

import pytest

from daemon.doctor import process
from daemon.doctor.facts import Own, Rights, Runtime, Subject
from daemon.doctor.findings import Level
from daemon.doctor.runtime import runtime

OWN = Rights(uids=(1, 1, 1), gids=(1, 1, 1))


def elf(*kinds: int) -> bytes:
    """The head of an executable with program headers of these kinds."""
    head = b"\x7fELF\x02\x01" + bytes(26) + struct.pack("<Q", 64) + bytes(14)
    head += struct.pack("<HH", 56, len(kinds))
    return head.ljust(64, b"\0") + b"".join(struct.pack("<I", kind).ljust(56, b"\0") for kind in kinds)


LIBC = "/lib/x86_64-linux-gnu/libc.so.6"
CASES = [
    ("/usr/bin/python3.11", ("/usr/bin/python3.11", LIBC), b"", Runtime(kind="cpython", version=(3, 11))),
    (
        "/usr/local/bin/python3",
        ("/usr/local/lib/libpython3.13.so.1.0",),
        b"",
        Runtime(kind="cpython", version=(3, 13)),
    ),
    ("/usr/bin/uwsgi", ("/usr/lib/libpython3.9.so.1.0", LIBC), b"", Runtime(kind="cpython", version=(3, 9))),
    ("/opt/python", ("/opt/bin/python",), b"", Runtime(kind="cpython")),
    ("/usr/bin/pypy3.9", ("/usr/lib/libpypy3.9-c.so",), b"", Runtime(kind="pypy")),
    ("/app/server", ("/app/server",), elf(1) + b"\x04\0\0\0Go\0\0", Runtime(kind="go")),
    ("/app/server", ("/app/server",), elf(1, 2), Runtime(kind="static")),
    ("/usr/bin/sleep", ("/usr/bin/sleep", LIBC), elf(6, 3, 1), Runtime(kind="other")),
    ("", (), b"", Runtime(kind="unknown")),
]


@pytest.mark.parametrize(("executable", "mapped", "head", "expected"), CASES)
def test_it_is_known(executable: str, mapped: tuple[str, ...], head: bytes, expected: Runtime) -> None:
    assert runtime(executable, mapped, head) == expected


@pytest.mark.parametrize("kind", ["pypy", "go", "static", "other"])
def test_what_no_sampler_knows_is_a_problem_with_a_remedy(kind: str) -> None:
    subject = Subject(pid=1, name="x", rights=OWN, runtime=Runtime(kind=kind))
    (problem,) = [one for one in process.judged(_own(), subject, "x") if one.level is Level.PROBLEM]
    assert problem.remedy.command


@pytest.mark.parametrize(
    ("version", "level"), [((3, 8), "ok"), ((3, 13), "ok"), ((3, 2), "warning"), ((3, 99), "warning")]
)
def test_versions_that_a_sampler_does_not_know_are_warned_of(version: tuple[int, int], level: str) -> None:
    subject = Subject(pid=1, name="x", rights=OWN, runtime=Runtime(kind="cpython", version=version))
    found = {one.check: one.level for one in process.judged(_own(), subject, "x")}
    assert found["runtime"] == level


def test_stopped_frozen_traced_and_nested_processes_are_told() -> None:
    subject = Subject(pid=1, name="x", rights=OWN, state="T", frozen=True, tracer=7, inner_pid_namespace=True)
    found = [one.check for one in process.judged(_own(), subject, "x")]
    assert found == ["access", "state", "state", "tracer", "pid_namespace"]


def _own() -> Own:
    return Own(rights=OWN)
