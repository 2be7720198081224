"""What a capture would lack is known before it is needed, also when the target falls silent."""

import logging

import pytest

from collectors.pprof import Pprof
from daemon.config.load import parse
from daemon.targets import fleet as fleets
from daemon.targets.fleet import Fleet
from daemon.targets.possible import Possible
from daemon.targets.target import Target
from model.capture import Outcome
from model.errors import CollectorError

ABSENT = CollectorError(Outcome.UNSUPPORTED, "/debug/pprof/: 404", remedy="start it with --profiling=true")


class Watched:
    """A target by address, and what its pprof answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, collectors: str) -> None:
        self.answer: CollectorError | None = None
        self.asked = 0

        async def try_out(_pprof: Pprof, _target: object) -> None:
            self.asked += 1
            if self.answer is not None:
                raise self.answer

        monkeypatch.setattr(Pprof, "try_out", try_out)
        monkeypatch.setattr(fleets, "CHECK_FIRST_S", 0.0)  # the next check is always due
        one = "name: ca, address: '127.0.0.1:8085', iterations: [metrics: {preset: cluster-autoscaler}]"
        text = f"targets: [{{{one}, max_loop_time: 2m, collectors: {collectors}}}]"
        self.fleet = Fleet(parse(text, "a test").targets, lambda _target: None)

    async def looked_at(self) -> Target:
        await self.fleet.look()
        await self.fleet.check()
        for task in tuple(self.fleet._judging.values()):
            await task
        return self.fleet["ca"]


async def test_a_part_that_would_be_missing_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched(monkeypatch, "[pprof, http: {path: /metrics}]")
    watched.answer = ABSENT
    with caplog.at_level(logging.WARNING):
        target = await watched.looked_at()
        await watched.looked_at()
    lacking = Possible(
        True, "ok", "pprof takes nothing: /debug/pprof/: 404", "start it with --profiling=true"
    )
    assert target.possible == lacking
    assert [record.message for record in caplog.records] == ["captures lack a part"]  # once
    watched.answer = None
    assert (await watched.looked_at()).possible == Possible(True, "ok")


async def test_where_nothing_else_is_taken_no_capture_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch, "[pprof]")
    watched.answer = ABSENT
    said = (await watched.looked_at()).possible
    assert (said.possible, said.reason) == (False, Outcome.UNSUPPORTED)


async def test_a_target_that_falls_silent_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch, "[pprof]")
    target = await watched.looked_at()
    assert target.possible.possible
    await watched.looked_at()
    assert watched.asked == 1  # settled
    watched.answer = CollectorError(Outcome.FAILED, "connection refused")
    target.source_up("metrics", up=False, at_s=0.0)
    assert not (await watched.looked_at()).possible.possible
