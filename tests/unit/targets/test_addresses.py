"""Targets by address: whom names lead to, and how those come and go."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from daemon.config.load import parse
from daemon.config.settings import Target as Configured
from daemon.core import Core
from daemon.targets import addresses, group
from daemon.targets.fleet import Fleet
from daemon.targets.target import Target, TargetState
from daemon.telemetry import gauges
from fetch.names import MOST_THREADS, look_up
from model.errors import ConfigError, RefusedError
from model.events import Event, EventKind, Trigger, TriggerKind

NOW_S = 1e9


def configured(address: str, name: str = "scaler", more: str = "") -> Configured:
    source = "iterations: [{log: {path: /l, preset: beat, idle_allowance: 1s}}]"
    one = f"{{name: {name}, address: {address}, {source}, max_loop_time: 2m, address_refresh: 1s{more}}}"
    return parse(f"targets: [{one}]", "a test").targets[0]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a name server answers: addresses, or its failure; it knows no other name."""
    answers: dict[str, Any] = {}

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        answer = answers.get(host, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
        if isinstance(answer, OSError):
            raise answer
        return [(0, 0, 0, "", (one, port)) for one in answer]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time at which addresses are looked at; every look is due."""
    now_s = [NOW_S]

    def monotonic() -> float:
        now_s[0] += 2.0
        return now_s[0]

    clock = SimpleNamespace(monotonic=monotonic)
    monkeypatch.setattr(addresses, "time", clock)
    monkeypatch.setattr(group, "time", clock)
    return now_s


def fleet(*configs: Configured) -> Fleet:
    return Fleet(configs, lambda _target: None)


def states(watched: Fleet) -> dict[str, TargetState]:
    return {target.name: target.state(NOW_S) for target in watched}


def held(target: Target) -> str:
    return target.config.address[0] if target.held is not None else ""


async def test_one_address_is_the_target_itself() -> None:
    watched = fleet(configured("127.0.0.1:8085"))
    assert states(watched) == {"scaler": TargetState.WAITING}
    assert await watched.look()
    assert held(watched["scaler"]) == "127.0.0.1:8085"
    assert watched["scaler"].process is None
    assert watched["scaler"].config.endpoint is not None


async def test_a_static_list_makes_a_target_for_each() -> None:
    watched = fleet(configured("['10.0.0.1:8085', '10.0.0.2:8085', '[2001:db8::1]:8085']"))
    await watched.look()
    assert list(watched.targets) == ["scaler-10.0.0.1", "scaler-10.0.0.2", "scaler-2001-db8-1"]
    assert [held(one) for one in watched] == ["10.0.0.1:8085", "10.0.0.2:8085", "[2001:db8::1]:8085"]


async def test_ports_that_differ_are_part_of_the_name() -> None:
    watched = fleet(configured("['10.0.0.1:1', '10.0.0.1:2']"))
    await watched.look()
    assert list(watched.targets) == ["scaler-10.0.0.1-1", "scaler-10.0.0.1-2"]


async def test_a_long_name_stays_a_name_of_its_own() -> None:
    one, other = "a" * 60 + "1", "a" * 60 + "2"
    two = "['10.0.0.1:1', '10.0.0.9:1']"
    watched = fleet(configured(two, one), configured(two, other))
    await watched.look()
    assert len(watched.targets) == 4
    assert all(len(name) <= 64 for name in watched.targets)


async def test_targets_come_and_go_with_what_a_name_leads_to(
    names: dict[str, Any], later: list[float]
) -> None:
    watched = fleet(configured("'dns:scalers:8085'"))
    assert not await watched.look()
    assert states(watched) == {"scaler": TargetState.WAITING}
    names["scalers"] = ["10.0.0.1", "10.0.0.2"]
    assert await watched.look()
    assert list(watched.targets) == ["scaler-10.0.0.1", "scaler-10.0.0.2"]
    first = watched["scaler-10.0.0.1"]
    names["scalers"] = ["10.0.0.1", "10.0.0.3"]
    assert await watched.look()
    assert watched["scaler-10.0.0.1"] is first
    assert states(watched)["scaler-10.0.0.2"] is TargetState.GONE
    assert held(watched["scaler-10.0.0.3"]) == "10.0.0.3:8085"
    assert not await watched.look()
    names["scalers"] = ["10.0.0.1", "10.0.0.2"]
    assert await watched.look()
    assert held(watched["scaler-10.0.0.2"])


async def test_a_name_server_that_fails_takes_nobody_away(names: dict[str, Any], later: list[float]) -> None:
    watched = fleet(configured("'dns:scalers:8085'"))
    names["scalers"] = ["10.0.0.1"]
    await watched.look()
    names["scalers"] = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert not await watched.look()
    assert held(watched["scaler-10.0.0.1"])
    del names["scalers"]
    assert await watched.look()
    assert states(watched) == {"scaler-10.0.0.1": TargetState.GONE}


async def test_whoever_was_gone_for_long_is_no_longer_shown(
    names: dict[str, Any], later: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = fleet(configured("'dns:scalers:8085'"))
    names["scalers"] = ["10.0.0.1", "10.0.0.2"]
    await watched.look()
    names["scalers"] = ["10.0.0.1"]
    await watched.look()
    later[0] += 3600.0
    assert await watched.look()
    assert list(watched.targets) == ["scaler-10.0.0.1"]


async def test_a_new_configuration_with_the_same_addresses_keeps_its_targets(names: dict[str, Any]) -> None:
    watched = fleet(configured("'dns:scalers:8085'"))
    names["scalers"] = ["10.0.0.1"]
    await watched.look()
    before = watched["scaler-10.0.0.1"]
    watched.reconfigure([configured("'dns:scalers:8085'", more=", cooldown: 1h")])
    assert watched["scaler-10.0.0.1"] is before
    assert before.config.address == ("10.0.0.1:8085",)
    assert before.config.cooldown == 3600.0
    watched.reconfigure([configured("'dns:others:8085'")])
    assert list(watched.targets) == ["scaler"]
    assert before.held is None


@pytest.mark.parametrize(
    ("address", "more", "said"),
    [
        ("nowhere", "", "HOST:PORT, or dns:NAME:PORT"),
        ("'127.0.0.1:99999'", "", "a port is 1 to 65535"),
        ("['a:1', 'b:1']", ", process: {pid: 1}", "together with `process`: one HOST:PORT"),
        ("'dns:a:1'", ", process: {pid: 1}", "together with `process`: one HOST:PORT"),
        ("'a:1'", ", collectors: [pyspy]", "samples a process: give `process`"),
        ("'a:1'", ", http: {ca_bundle: /x}", "means nothing without `tls: true`"),
    ],
)
def test_what_cannot_be_meant_is_told(address: str, more: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(address, more=more)
    assert said in str(caught.value)


def test_an_address_alone_needs_a_source_that_is_meant() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("targets: [{name: a, address: 'a:1', max_loop_time: 2m}]", "a test")
    assert str(caught.value).startswith("targets[0].iterations: missing: needed with an address alone")


async def test_a_name_server_that_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if host == "hangs":
            hanging.wait(20)
        return [(socket.AF_INET, 0, 0, "", ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(group, "PATIENCE_S", 0.05)
    hangs = [configured("'dns:hangs:1'", f"hangs{number}") for number in range(8)]
    watched = fleet(*hangs, configured("'dns:answers:1'", "answers"))
    began_s = time.monotonic()
    try:
        assert await watched.look()
        assert held(watched["answers-10.0.0.1"]) == "10.0.0.1:1"
        await asyncio.to_thread(len, "")  # what else has to be done in a thread
        assert time.monotonic() - began_s < 5.0
    finally:
        hanging.set()
    async with asyncio.timeout(5):
        while "hangs7" in watched.targets:
            await watched.look()
    assert held(watched["hangs7-10.0.0.1"]) == "10.0.0.1:1"


async def test_what_cannot_be_a_name_is_told(caplog: pytest.LogCaptureFixture) -> None:
    watched = fleet(configured("'dns:a..b:1'"))
    assert not await watched.look()
    assert "is no name" in str([vars(record) for record in caplog.records])


@pytest.mark.threat("redirects")
async def test_a_name_that_leads_to_where_clouds_hand_out_credentials_leads_nowhere(
    names: dict[str, Any], later: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    watched = fleet(configured("'dns:scalers:8085'"))
    names["scalers"] = ["10.0.0.1", "169.254.169.254"]
    await watched.look()
    assert list(watched.targets) == ["scaler-10.0.0.1"]
    assert "a link-local address is no target" in caplog.text


async def test_addresses_are_bounded_and_that_is_told_once(
    names: dict[str, Any], later: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    watched = fleet(configured("'dns:scalers:8085'"))
    names["scalers"] = [
        f"10.0.{number // 250}.{number % 250}" for number in range(addresses.MOST_ADDRESSES + 9)
    ]
    await watched.look()
    await watched.look()
    assert len(watched.targets) == addresses.MOST_ADDRESSES
    assert [record.message for record in caplog.records].count(
        "too many addresses, the rest is not watched"
    ) == 1


async def test_addresses_that_come_and_go_leave_nothing_behind(
    names: dict[str, Any], later: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "KEPT_GONE_S", 20.0)
    one = (
        "{name: scaler, address: 'dns:scalers:1', address_refresh: 1s, iterations: [metrics: {preset: keda}]}"
    )
    core = Core(parse(f"targets: [{one}]\nspool: {{path: {tmp_path}}}", "a test"))
    sizes: list[int] = []
    for number in range(400):
        names["scalers"] = [f"10.0.{number // 250}.{number % 250}"]
        before = set(core.fleet.targets)
        await core.fleet.look()
        gauges.withdraw(core, targets=before - core.fleet.targets.keys(), sinks=set())
        gauges.announce(core)
        await gauges.refresh(core)
        for target in core.fleet:
            trigger = Trigger(target=target.name, kind=TriggerKind.MANUAL, reason="x", at_s=1.0)
            core.admission.config = msgspec.structs.replace(core.config, captures_at_once=0)
            with suppress(RefusedError):
                core.captures.begin(target, trigger)
        await core.fleet.check()
        if number in (100, 399):
            sizes.append(len(core.telemetry.writer()[0]()))
            sizes += map(len, (core.fleet.targets, core.fleet._next_check_s, core.captures.tally.refusals))
    core.spool.close()
    half = len(sizes) // 2
    assert sizes[:half] == pytest.approx(sizes[half:], rel=0.2, abs=3)
    assert len(core.fleet.targets) < 30


async def test_a_name_that_hangs_takes_one_thread_however_often_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hanging, asked = threading.Event(), []

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host == "hangs-alone":
            hanging.wait(20)
        return [(socket.AF_INET, 0, 0, "", ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    try:
        for _ in range(2 * MOST_THREADS):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await look_up("hangs-alone", 1)
        async with asyncio.timeout(5):
            assert await look_up("another", 2) == [("10.0.0.1", 2, socket.AF_INET)]
            late = asyncio.create_task(look_up("hangs-alone", 1))
            await asyncio.sleep(0)
            hanging.set()
            assert await late == [("10.0.0.1", 1, socket.AF_INET)]
    finally:
        hanging.set()
    assert asked == ["hangs-alone", "another"]


async def test_a_pod_that_hangs_and_answers_is_watched_on_though_it_is_not_ready(
    names: dict[str, Any], later: list[float]
) -> None:
    unanswered = "{name: no-answer, metrics: {unanswered: true}}"
    source = f"iterations: [{{metrics: {{preset: cluster-autoscaler}}}}, {unanswered}]"
    text = f"{{name: scaler, address: 'dns:scalers:1', address_refresh: 1s, {source}}}"
    watched = Fleet(parse(f"targets: [{text}]", "a test").targets, lambda _target: None)
    names["scalers"] = ["10.0.0.1", "10.0.0.2"]
    await watched.look()
    hangs, idles = watched["scaler-10.0.0.1"], watched["scaler-10.0.0.2"]
    hangs.take(Event(source="metrics", target=hangs.name, kind=EventKind.START, at_s=NOW_S))
    names["scalers"] = ["10.0.0.3"]
    assert await watched.look()
    assert (held(hangs), held(idles)) == ("10.0.0.1:1", "")
    hangs.source_up("metrics", up=False, at_s=NOW_S)  # it answers no more
    hangs.take(Event(source="no-answer", target=hangs.name, kind=EventKind.START, at_s=NOW_S))
    assert hangs.in_flight is not None
    assert await watched.look()
    assert held(hangs) == ""
    assert hangs.state(NOW_S) is TargetState.GONE
