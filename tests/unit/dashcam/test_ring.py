"""A ring on disk: what it takes in, lets go of and hands to a capture."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.config.dashcam import Dashcam
from daemon.dashcam import ring as rings
from daemon.dashcam.handing import Handing
from daemon.dashcam.ring import Ring
from daemon.dashcam.shelf import Piece
from daemon.spool.incoming import JOURNAL_FILE, Incoming
from daemon.spool.state import Opened
from daemon.targets.process import HeldProcess
from model.capture import Segment
from model.events import Trigger, TriggerKind
from model.units import ByteSize


@pytest.fixture
def process() -> Iterator[HeldProcess]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        held = HeldProcess(child.pid)
        yield held
        held.close()
        child.kill()


def put(ring: Ring, number: int, ended_s: float, size_bytes: int = 100) -> Piece:
    path = f"evidence/pyspy-before-{number:03d}.trace.json"
    (ring.directory / path).write_bytes(b"x" * size_bytes)
    segment = Segment(path=path, sampler="pyspy", rate_hz=10, started_s=ended_s - 5, ended_s=ended_s)
    piece = Piece(
        paths=(path,),
        started_s=segment.started_s,
        ended_s=ended_s,
        size_bytes=size_bytes,
        segment=segment,
        version="0.4.3",
    )
    ring.put(piece)
    return piece


def incoming(folder: Path) -> Incoming:
    trigger = Trigger(target="one", kind=TriggerKind.OVERRUN, reason="too long", at_s=100.0)
    opened = Opened(
        id="a-report",
        target="one",
        labels={},
        triggered_at="2026-11-21T08:58:11.250Z",
        wall_minus_monotonic_s=0.0,
        boot_id="a-boot",
        process=None,
        trigger=trigger,
        collection_time_s=1.0,
        sinks=(),
    )
    return Incoming(folder / "a-report", opened)


def files(ring: Ring) -> list[str]:
    return sorted(file.name for file in (ring.directory / "evidence").iterdir())


def test_what_falls_off_leaves_the_disk(tmp_path: Path, process: HeldProcess) -> None:
    ring = Ring(tmp_path, "one", process, Dashcam(max_bytes=ByteSize(2**20)))
    now_s = time.monotonic()
    for number in range(4):
        put(ring, number, now_s + number, size_bytes=2**19)
    ring.trim()
    assert files(ring) == ["pyspy-before-003.trace.json"]  # a quarter is room for what is being written
    assert ring.shelf.size_bytes + ring.segment_bytes <= 2**20
    assert not ring.has_room(2**20)
    assert files(ring)  # nothing makes room for what cannot be kept
    assert ring.has_room(2**19)
    assert not files(ring)
    other = Ring(tmp_path, "one", process, Dashcam())
    ring.close()
    assert not ring.directory.exists()
    assert other.directory.exists()
    other.close()
    assert not other.directory.parent.exists()  # names of targets come and go


async def test_a_capture_gets_every_piece_under_a_second_name(tmp_path: Path, process: HeldProcess) -> None:
    ring, capture = Ring(tmp_path, "one", process, Dashcam()), incoming(tmp_path)
    put(ring, 1, 90.0)
    sealed = asyncio.Event()

    async def sealing() -> None:
        await sealed.wait()
        put(ring, 2, 101.0)

    released: list[bool] = []
    handing = Handing(ring, asyncio.create_task(sealing()), 0.0, released.append)
    taking = asyncio.create_task(handing.into(capture))
    await asyncio.sleep(0)
    sealed.set()
    recording = await taking
    handing.close(kept=True)
    assert recording is not None
    assert [one.ended_s for one in recording.segments] == [90.0, 101.0]
    assert (recording.sampler, recording.version) == ("pyspy", "0.4.3")
    assert released == [True]
    ring.close()  # it needs the ring no more
    for one in recording.segments:
        assert (capture.report_dir / one.path).read_bytes() == b"x" * 100
    journal = (capture.directory / JOURNAL_FILE).read_text().splitlines()
    assert [json.loads(line)["whole"] for line in journal] == [True, True]


async def test_what_an_earlier_report_has_is_left_out(tmp_path: Path, process: HeldProcess) -> None:
    ring, capture = Ring(tmp_path, "one", process, Dashcam()), incoming(tmp_path)
    put(ring, 1, 90.0)
    put(ring, 2, 95.0)
    recording = await Handing(ring, None, 92.0, lambda kept: None).into(capture)
    assert recording is not None
    assert [one.ended_s for one in recording.segments] == [95.0]


def test_where_no_second_name_can_be_the_file_moves(
    tmp_path: Path, process: HeldProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    ring, capture = Ring(tmp_path, "one", process, Dashcam()), incoming(tmp_path)
    piece = put(ring, 1, 90.0)
    monkeypatch.setattr(rings.os, "link", refused)
    assert ring.into(capture, [piece]) == (piece,)
    assert (capture.report_dir / piece.paths[0]).exists()
    assert files(ring) == []


def test_a_piece_that_is_gone_costs_itself_only(tmp_path: Path, process: HeldProcess) -> None:
    ring, capture = Ring(tmp_path, "one", process, Dashcam()), incoming(tmp_path)
    lost, kept = put(ring, 1, 90.0), put(ring, 2, 95.0)
    (ring.directory / lost.paths[0]).unlink()
    assert ring.into(capture, [lost, kept]) == (kept,)
