import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from daemon.sources.heartbeat.hearing import Hearing
from daemon.web.heartbeat import Heartbeats
from model.errors import LoopcamError
from model.events import Event, EventKind
from tests.unit.web.peer import BEAT, Peer, heartbeats, listening, peer, post


@asynccontextmanager
async def sender(*targets: str) -> AsyncIterator[tuple[Peer, list[Event]]]:
    events: list[Event] = []
    routes = Heartbeats(Hearing(events.append, lambda: dict.fromkeys(targets, 1000))).routes()
    async with listening(routes) as listener, peer(listener.port) as one:
        yield one, events


@pytest.mark.parametrize("kind", list(EventKind))
async def test_json_becomes_an_event(kind: EventKind) -> None:
    async with sender("loop", "other") as (one, events):
        before_s = time.monotonic()
        body = msgspec.json.encode({"target": "loop", "event": kind, "iteration": "i-1"})
        answer = await one.ask(post("/v1/heartbeat", body))
        assert (answer.status, answer.body) == (204, b"")
        (event,) = events
        assert before_s <= event.at_s <= time.monotonic()
        assert event == Event(source="heartbeat", target="loop", kind=kind, iteration="i-1", at_s=event.at_s)


@pytest.mark.parametrize("kind", list(EventKind))
async def test_a_query_becomes_an_event(kind: EventKind) -> None:
    async with sender("loop", "other") as (one, events):
        assert (await one.ask(post(f"/v1/heartbeat/{kind}?target=loop&iteration=a%20b"))).status == 204
        assert (events[0].target, events[0].kind, events[0].iteration) == ("loop", kind, "a b")


async def test_an_iteration_may_be_a_number_or_left_out() -> None:
    async with sender("loop") as (one, events):
        await one.ask(post("/v1/heartbeat", b'{"event": "start", "iteration": 18446744073709551616}'))
        await one.ask(post("/v1/heartbeat", b'{"event": "start", "iteration": null}'))
        await one.ask(post("/v1/heartbeat", b'{"event": "start"}'))
        assert [event.iteration for event in events] == ["18446744073709551616", None, None]


async def test_the_only_target_may_be_left_out() -> None:
    async with sender("loop") as (one, events):
        assert (await one.ask(post("/v1/heartbeat", b'{"event": "beat"}'))).status == 204
        assert (await one.ask(post("/v1/heartbeat/beat"))).status == 204
        assert [event.target for event in events] == ["loop", "loop"]


@pytest.mark.parametrize("targets", [(), ("loop", "other")])
async def test_one_of_several_targets_or_none_must_be_named(targets: tuple[str, ...]) -> None:
    async with sender(*targets) as (one, _):
        answer = await one.ask(post("/v1/heartbeat/beat"))
        assert answer.status == 400
        assert all(target in answer.error["remedy"] for target in targets)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("scaler-prd", "did you mean scaler-prod?"),
        ("nothing-like-it", "the targets are scaler-prod, other"),
        ("../../etc/passwd", "the targets are scaler-prod, other"),
    ],
)
async def test_an_unknown_target_is_answered_404_with_what_is_near(said: str, remedy: str) -> None:
    async with sender("scaler-prod", "other") as (one, events):
        body = msgspec.json.encode({"target": said, "event": "beat"})
        answer = await one.ask(post("/v1/heartbeat", body))
        assert answer.status == 404
        assert answer.error["remedy"] == remedy
        assert events == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"beat",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"event": "stop"}',
        b'{"event": "beat", "loop": "main"}',
        b'{"event": "beat", "target": 1}',
        b'{"event": "beat", "target": "%s"}' % (b"a" * 300),
        b'{"event": "beat", "iteration": ""}',
        b'{"event": "beat", "iteration": 1.5}',
        b'{"event": "beat", "iteration": true}',
        b'{"event": "beat", "iteration": ["a"]}',
        b'{"event": "beat", "iteration": "a\\nb"}',
        b'{"event": "beat", "iteration": "%s"}' % (b"a" * 129),
        b'{"event": "beat", "iteration": %s}' % (b"1" * 129),
        b'{"event": "beat"} {"event": "beat"}',
        b"[" * 4000,
    ],
)
async def test_what_is_no_heartbeat_is_answered_400_with_the_reason(body: bytes) -> None:
    async with sender("loop") as (one, events):
        answer = await one.ask(post("/v1/heartbeat", body))
        assert answer.status == 400
        assert answer.error["error"]
        assert answer.error["remedy"]
        assert events == []
        assert (await one.ask(post("/v1/heartbeat", BEAT))).status == 204  # the connection is still good


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/heartbeat/stop", b""),
        ("/v1/heartbeat/beat?loop=main", b""),
        ("/v1/heartbeat/beat?event=start", b""),
        ("/v1/heartbeat/beat?target=loop&target=other", b""),
        ("/v1/heartbeat/beat?iteration=%0a", b""),
        ("/v1/heartbeat/beat?iteration=", b""),
        ("/v1/heartbeat/beat", b'{"event": "beat"}'),
    ],
)
async def test_a_query_that_is_no_heartbeat_is_answered_400(path: str, body: bytes) -> None:
    async with sender("loop") as (one, events):
        answer = await one.ask(post(path, body))
        assert answer.status == 400
        assert answer.error["remedy"]
        assert events == []


async def test_a_target_that_sends_too_often_is_answered_429_and_told_when() -> None:
    now_s = 100.0
    events: list[Event] = []
    routes = Heartbeats(Hearing(events.append, lambda: {"busy": 2, "calm": 2}, clock=lambda: now_s)).routes()
    async with listening(routes) as listener, peer(listener.port) as one:
        statuses = [(await one.ask(post("/v1/heartbeat/beat?target=busy"))).status for _ in range(3)]
        assert statuses == [204, 204, 429]
        answer = await one.ask(post("/v1/heartbeat/beat?target=busy"))
        assert answer.headers["retry-after"] == "1"
        assert "max_per_s" in answer.error["remedy"]
        assert (await one.ask(post("/v1/heartbeat/beat?target=calm"))).status == 204
        now_s += 0.5
        assert (await one.ask(post("/v1/heartbeat/beat?target=busy"))).status == 204
        assert len(events) == 4


async def test_what_the_daemon_refuses_is_answered_400_with_its_remedy() -> None:
    def refuse(event: Event) -> None:
        raise LoopcamError("this target is watched by its log", remedy="drop the heartbeat")

    routes = Heartbeats(Hearing(refuse, lambda: {"loop": 10})).routes()
    async with listening(routes) as listener, peer(listener.port) as one:
        answer = await one.ask(post("/v1/heartbeat", BEAT))
        assert answer.status == 400
        assert answer.error == {"error": "this target is watched by its log", "remedy": "drop the heartbeat"}


async def test_targets_may_change_while_the_listener_runs() -> None:
    targets = {"loop": 10}
    events: list[Event] = []
    routes = Heartbeats(Hearing(events.append, lambda: targets)).routes()
    async with listening(routes) as listener, peer(listener.port) as one:
        targets = {"new": 10}
        assert (await one.ask(post("/v1/heartbeat/beat?target=loop"))).status == 404
        assert (await one.ask(post("/v1/heartbeat/beat"))).status == 204
        assert [event.target for event in events] == ["new"]


async def test_an_events_time_is_when_it_came_in_not_when_its_turn_came() -> None:
    async with heartbeats() as (port, events), peer(port) as hasty:
        await hasty.send(post("/v1/heartbeat", BEAT) * 20)
        for _ in range(20):
            assert (await hasty.answer()).status == 204
        assert len({event.at_s for event in events}) == 1
