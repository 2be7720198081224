"""What is read of the target's lines: names of calls and of locks, and nothing else."""

import os
import time
from pathlib import Path

import pytest

from model.capture import ProcessIdentity
from model.samples import Frame, Row, Span, TableBuilder
from report.evidence.code import FILE, Code, Line, code, encode, parse
from tests.unit.report.verdict.scenes import own, running, scene

SOURCE = """\
def step(self):
    password = connect("secret(")  # call(this)
    with self._nodes, PODS as pods:
        if gc.collect() and not self.ready():

            LABELS.match(
                text
            )
    return None
""".splitlines()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, Line("a.py", 1)),
        (2, Line("a.py", 2, calls=("connect",))),
        (3, Line("a.py", 3, takes=("self._nodes", "PODS"))),
        (4, Line("a.py", 4, calls=("gc.collect", "self.ready"), held=("self._nodes", "PODS"))),
        (6, Line("a.py", 6, calls=("LABELS.match",), held=("self._nodes", "PODS"))),
        (9, Line("a.py", 9)),
        (0, None),
        (99, None),
    ],
)
def test_a_line_tells_its_calls_and_its_locks(number: int, expected: Line | None) -> None:
    assert parse(SOURCE, "a.py", number) == expected


@pytest.mark.parametrize(
    "line",
    [
        *(each * 9000 for each in ("a", "a.", "1", "(", "'", '"\\', "async ", " ")),
        "with " + " " * 9000,
        "with a" + " as" * 9000,
    ],
)
def test_no_line_takes_long(line: str) -> None:
    began_s = time.process_time()
    parse([line] * 20, "a.py", 20)
    assert time.process_time() - began_s < 1


def test_what_is_far_above_is_not_searched_for() -> None:
    text = ["with lock:", *["    "] * 1_000_000, "    work()"]
    began_s = time.process_time()
    for _ in range(20):
        assert parse(text, "a.py", len(text)) == Line("a.py", len(text), calls=("work",))
    assert time.process_time() - began_s < 1


def test_a_form_feed_begins_no_line(tmp_path: Path) -> None:
    file = source(tmp_path, "first()\n\fsecond()\x1c\nthird()\r\nfourth()\n")
    assert read(tmp_path, file, ourselves(), 3)[file, 3].calls == ("third",)
    assert read(tmp_path, file, ourselves(), 4)[file, 4].calls == ("fourth",)


def ourselves(**changes: int) -> ProcessIdentity:
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    about = {"pid": os.getpid(), "start_ticks": ticks, "uid": os.getuid(), "gid": os.getgid()} | changes
    return ProcessIdentity(executable="/usr/bin/python3", name="python3", **about)


def read(directory: Path, file: str, process: ProcessIdentity | None, line: int = 1) -> Code:
    import msgspec

    builder = TableBuilder()
    row = Row(0, builder.thread(1, "MainThread", 1), builder.stack([Frame("step", file, line)]))
    builder.add(Span(0, 1000, 100), [row])
    capture = scene({"MainThread": [running(1.0, own("step"))]}).capture
    return code(directory, msgspec.structs.replace(capture, process=process), builder.freeze(0, 1000), ())


def source(directory: Path, text: str, name: str = "loop.py") -> str:
    file = directory / name
    file.write_text(text)
    os.utime(file, (1_000_000, 1_000_000))
    return str(file)


def test_it_is_read_from_the_targets_own_file(tmp_path: Path) -> None:
    file = source(tmp_path, "gc.collect()\n")
    assert read(tmp_path, file, ourselves()) == {(file, 1): Line(file, 1, calls=("gc.collect",))}


def test_what_was_read_is_kept_for_later_drawings(tmp_path: Path) -> None:
    file = source(tmp_path, "gc.collect()\n")
    first = read(tmp_path, file, ourselves())
    (tmp_path / FILE).write_bytes(encode(first))
    assert read(tmp_path, file, None) == first
    assert read(tmp_path, file, ourselves(start_ticks=1)) == first


def test_a_file_that_changed_since_is_not_believed(tmp_path: Path) -> None:
    file = source(tmp_path, "gc.collect()\n")
    os.utime(file)
    os.utime(file, (4e9, 4e9))
    assert read(tmp_path, file, ourselves()) == {}


def test_another_process_with_that_number_is_not_looked_at(tmp_path: Path) -> None:
    assert read(tmp_path, source(tmp_path, "gc.collect()\n"), ourselves(start_ticks=1)) == {}


def test_only_source_files_are_opened(tmp_path: Path) -> None:
    assert read(tmp_path, source(tmp_path, "root(x)\n", "shadow"), ourselves()) == {}
    os.mkfifo(tmp_path / "pipe.py")
    assert read(tmp_path, str(tmp_path / "pipe.py"), ourselves()) == {}
    assert read(tmp_path, "loop.py", ourselves()) == {}
    assert read(tmp_path, f"{tmp_path}/missing.py", ourselves()) == {}


def test_a_damaged_document_is_made_again(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"[{")
    file = source(tmp_path, "gc.collect()\n")
    assert (file, 1) in read(tmp_path, file, ourselves())
