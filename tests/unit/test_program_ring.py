"""The ring of a Go program: bounded, and whole in a capture."""

import asyncio
import time
from pathlib import Path

from collectors.fetching import Fetched, Wanted
from daemon.config.dashcam import Dashcam
from daemon.dashcam.program.ring import Handing, ProgramRing
from daemon.spool.incoming import Incoming
from daemon.spool.state import Opened
from fetch.client import Request
from model import coding
from model.events import Trigger, TriggerKind
from model.fetches import Fetch, Fetches
from model.units import ByteSize, Seconds

MEBIBYTE = 2**20
OPENED = Opened(
    id="x",
    target="ca",
    labels={},
    triggered_at="",
    wall_minus_monotonic_s=0.0,
    boot_id="",
    collection_time_s=1.0,
    process=None,
    trigger=Trigger(target="ca", kind=TriggerKind.MANUAL, reason="a test", at_s=0.0),
    sinks=(),
)


def ring_of(folder: Path, keep_s: float = 60, most_bytes: int = MEBIBYTE) -> ProgramRing:
    return ProgramRing(folder, "ca", Dashcam(keep=Seconds(keep_s), max_bytes=ByteSize(most_bytes)))


def answer(ring: ProgramRing, number: int, *, size_bytes: int = 10, age_s: float = 0.0) -> Fetched:
    """An answer that is in the ring's folder."""
    name = f"pprof-before-goroutines-{number:03d}.txt"
    (ring.evidence_dir / name).write_bytes(b"x" * size_bytes)
    ring.room.take(size_bytes)
    ended_s = time.monotonic() - age_s
    request = Request(path="/", deadline_s=1, max_bytes=1)
    wanted = Wanted(
        what="goroutine_dump", file=name, kind="x", media_type="x", request=request, url="/", early_s=0
    )
    fetch = Fetch(
        what=wanted.what,
        path=f"evidence/{name}",
        url="/",
        started_s=ended_s - 0.1,
        ended_s=ended_s,
        status=200,
        size_bytes=size_bytes,
        whole=True,
    )
    return Fetched(wanted=wanted, fetch=fetch)


def names(ring: ProgramRing) -> list[str]:
    return sorted(file.name[-7:-4] for file in ring.evidence_dir.iterdir())


def test_it_holds_the_last_seconds(tmp_path: Path) -> None:
    ring = ring_of(tmp_path, keep_s=60)
    for number, age_s in enumerate((100.0, 70.0, 50.0, 0.0)):
        ring.put("pprof", "pprof", answer(ring, number, age_s=age_s))
    assert names(ring) == ["002", "003"]
    assert ring.room.used_bytes == 20
    ring.close()


def test_it_holds_half_of_its_bytes_and_has_room_for_what_comes(tmp_path: Path) -> None:
    ring = ring_of(tmp_path, most_bytes=MEBIBYTE)
    for number in range(10):
        ring.put("pprof", "pprof", answer(ring, number, size_bytes=200_000))
    assert names(ring) == ["008", "009"]
    assert ring.room.used_bytes <= MEBIBYTE // 2
    ring.close()


def test_a_capture_gets_all_of_it_and_an_index_for_each_collector(tmp_path: Path) -> None:
    ring = ring_of(tmp_path / "spool")
    ring.put("pprof", "pprof", answer(ring, 0, age_s=2))
    ring.put("metrics", "http", answer(ring, 1, age_s=1))
    released: list[bool] = []
    incoming = Incoming(tmp_path / "incoming", OPENED)
    handing = Handing(ring, lambda: released.append(True))
    asyncio.run(handing.into(incoming))
    handing.close()
    ring.close()
    found = sorted(file.name for file in incoming.evidence_dir.iterdir())
    incoming.close()
    assert found == [
        "metrics-before.fetches.json",
        "pprof-before-goroutines-000.txt",
        "pprof-before-goroutines-001.txt",
        "pprof-before.fetches.json",
    ]
    index = coding.decode((incoming.evidence_dir / "pprof-before.fetches.json").read_bytes(), Fetches)
    assert (index.collector, index.kind, len(index.fetches)) == ("pprof", "pprof", 1)
    assert released == [True]
