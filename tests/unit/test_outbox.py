"""How an outbox treats its sink after failures in a row."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.config.load import parse
from daemon.delivery.outbox import LENIENT_FAILURES, SINK_REST_MOST_S, Outbox
from daemon.spool.entry import Entry
from daemon.spool.spool import Spool
from daemon.spool.state import Delivery, Progress
from tests.unit.spool.entries import put

CONFIG = "targets: [{name: a, process: {pid: 1}, max_loop_time: 1s}]\nsinks: [{file: {path: /nowhere}}]"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool", max_bytes=10**9, max_reports=10)
    yield opened
    opened.close()


@pytest.fixture
def outbox(spool: Spool) -> Outbox:
    (part,) = parse(CONFIG, "test", {}).sinks
    return Outbox(part, spool, lambda _sink, _entry, _delivery: None)


async def test_a_sink_that_fails_again_and_again_is_left_alone_for_a_while(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.delivery.outbox.time.monotonic", lambda: 1000.0)
    failed = Delivery(error="refused")
    for _ in range(LENIENT_FAILURES):
        outbox._judge_sink(failed)
        assert outbox._down_until_s == 0.0
    rests_s = []
    for _ in range(8):
        outbox._judge_sink(failed)
        rests_s.append(outbox._down_until_s - 1000.0)
    assert rests_s == sorted(rests_s)
    assert rests_s[0] == 2.0
    assert rests_s[-1] == SINK_REST_MOST_S
    outbox._judge_sink(Delivery(progress=Progress.DELIVERED))
    assert outbox._down_until_s == 0.0


async def test_what_never_gets_through_delays_no_other(outbox: Outbox, spool: Spool) -> None:
    for number, attempts in ((1, 9), (2, 0)):
        spool.add(Entry(put(spool.path, number, sinks={"file": Delivery(attempts=attempts)})))
    due = outbox._due()
    assert due is not None
    assert due.deliveries["file"].attempts == 0
