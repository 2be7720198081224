import gc
import tracemalloc
from pathlib import Path

import msgspec
import pytest

from daemon.spool.entry import REPORT_DIR, STATE_DIR, Entry
from daemon.spool.state import Delivery, Drawing, Progress
from model import coding
from model.capture import Capture, Outcome, PartOutcome
from model.report import CAPTURE_FILE
from tests.unit.spool.entries import DELIVERED, name, opened_spool, put

GARBAGE = [b"", b"\0" * 512, b"{", b'{"id":"\xff"}', b'{"x":' + b"[" * 100_000, b"[]"]


def test_an_entry_knows_its_report_and_how_far_its_sinks_are(tmp_path: Path) -> None:
    dead = Delivery(progress=Progress.DEAD, attempts=3, error="403", remedy="mend the rights")
    entry = Entry(put(tmp_path, 1, sinks={"file": DELIVERED, "s3": dead}))
    assert (entry.id, entry.target, entry.drawn) == (name(1), "demo", True)
    assert entry.deliveries == {"file": DELIVERED, "s3": dead}
    assert entry.manifest().id == entry.id
    assert entry.report().directory == entry.report_dir
    files = [path for path in entry.directory.rglob("*") if path.is_file()]
    assert entry.size_bytes == sum(file.stat().st_size for file in files)


def test_it_keeps_no_more_of_a_large_report_than_of_a_small_one(tmp_path: Path) -> None:
    held_bytes = []
    for number, parts in enumerate((1, 300), 1):
        directory = put(tmp_path, number)
        _enlarge(directory / REPORT_DIR / CAPTURE_FILE, parts)
        Entry(directory)  # what is loaded only once
        tracemalloc.start()
        entry = Entry(directory)
        gc.collect()
        held_bytes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert len(entry.capture().parts) >= parts
    assert held_bytes[1] < held_bytes[0] + 512
    assert max(held_bytes) < 4096


def _enlarge(file: Path, parts: int) -> None:
    capture = coding.decode(file.read_bytes(), Capture)
    part = PartOutcome(name="logs", outcome=Outcome.COMPLETE, seconds=0.25)
    file.write_bytes(coding.encode(msgspec.structs.replace(capture, parts=(part,) * parts)))


def test_it_is_settled_only_when_it_is_drawn_and_every_sink_has_it(tmp_path: Path) -> None:
    assert not Entry(put(tmp_path, 1, sinks={"file": DELIVERED, "s3": Delivery()})).settled
    assert not Entry(put(tmp_path, 2, sinks={"file": DELIVERED}, drawn=False)).settled
    dead = Delivery(progress=Progress.DEAD)
    assert not Entry(put(tmp_path, 3, sinks={"file": DELIVERED, "s3": dead})).settled
    assert Entry(put(tmp_path, 4, sinks={"file": DELIVERED, "s3": DELIVERED})).settled


def test_what_happened_to_it_outlives_the_daemon(tmp_path: Path) -> None:
    directory = put(tmp_path, 1)
    entry = Entry(directory)
    waiting = Delivery(attempts=4, next_wall_s=1e9, error="503")
    entry.set_delivery("file", waiting)
    entry.set_drawing(Drawing(attempts=2))
    again = Entry(directory)
    assert again.deliveries == {"file": waiting}
    assert again.drawing() == Drawing(attempts=2)


def test_a_report_that_nobody_tried_to_draw_has_no_attempts(tmp_path: Path) -> None:
    entry = Entry(put(tmp_path, 1))
    assert entry.drawing().attempts == 0
    (entry.directory / STATE_DIR / "render.json").write_bytes(GARBAGE[3])
    assert entry.drawing().attempts == 0


@pytest.mark.parametrize("garbage", GARBAGE[:-1], ids=range(len(GARBAGE) - 1))
def test_a_state_that_cannot_be_read_counts_as_pending(tmp_path: Path, garbage: bytes) -> None:
    directory = put(tmp_path, 1, sinks={"file": DELIVERED, "s3": DELIVERED})
    (directory / STATE_DIR / "sink-s3.json").write_bytes(garbage)
    assert Entry(directory).deliveries == {"file": DELIVERED, "s3": Delivery()}


def test_leftovers_of_writing_a_state_are_no_sinks(tmp_path: Path) -> None:
    directory = put(tmp_path, 1)
    (directory / STATE_DIR / ".sink-s3.json.4242.tmp").write_bytes(b"{")
    assert list(Entry(directory).deliveries) == ["file"]


def test_an_entry_whose_sinks_nobody_knows_is_damaged(tmp_path: Path) -> None:
    directory = put(tmp_path, 1, sinks={})
    (directory / STATE_DIR).rmdir()
    with pytest.raises(FileNotFoundError):
        Entry(directory)


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_a_damaged_entry_is_set_aside_and_the_others_are_not(tmp_path: Path, garbage: bytes) -> None:
    put(tmp_path, 1)
    damaged = put(tmp_path, 2)
    (damaged / "report" / CAPTURE_FILE).write_bytes(garbage)
    spool = opened_spool(tmp_path)
    assert list(spool.entries) == [name(1)]
    assert spool.damaged() == 1
    assert (tmp_path / "damaged" / name(2) / "report" / "evidence").is_dir()
    spool.close()


def test_what_is_no_entry_is_set_aside_whatever_it_is(tmp_path: Path) -> None:
    put(tmp_path, 1)
    elsewhere = put(tmp_path / "elsewhere", 5)
    reports = tmp_path / "reports"
    (reports / "a file").write_bytes(b"x")
    (reports / "nothing in it").mkdir()
    (reports / "a\nlog line\x1b[2J").mkdir()
    (reports / "a loop").symlink_to("a loop")
    (reports / name(5)).symlink_to(elsewhere)
    put(tmp_path, 3).rename(reports / name(4))
    (reports / ("n" * 255)).mkdir()
    spool = opened_spool(tmp_path)
    assert list(spool.entries) == [name(1)]
    assert spool.damaged() == 7
    assert (elsewhere / "report" / CAPTURE_FILE).exists()
    spool.close()


def test_things_of_one_name_are_set_aside_beside_each_other(tmp_path: Path) -> None:
    for _ in range(3):
        (tmp_path / "reports" / "junk").mkdir(parents=True)
        opened_spool(tmp_path).close()
    assert sorted(entry.name for entry in (tmp_path / "damaged").iterdir()) == ["junk", "junk+", "junk++"]


def test_what_cannot_be_set_aside_stays_and_does_not_stop_the_start(tmp_path: Path) -> None:
    longest = "n" * 255
    for _ in range(2):
        (tmp_path / "reports" / longest).mkdir(parents=True)
        opened_spool(tmp_path).close()
    assert (tmp_path / "reports" / longest).exists()
    assert (tmp_path / "damaged" / longest).exists()


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_damaged_json_is_one_kind_of_error(garbage: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        coding.decode(garbage, dict[str, Delivery])
