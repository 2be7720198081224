"""Collectors in a configuration: what they need, and what an address gets by default."""

import json
from typing import Any

import pytest

from collectors.http import Http
from collectors.pprof import Pprof
from daemon.config.load import parse
from daemon.config.settings import Config
from model.errors import ConfigError


def loaded(*collectors: object, **place: Any) -> Config:
    times = {"max_loop_time": "2m", "collection_time": "30s", "iterations": ["heartbeat"]}
    target = {"name": "a", **(place or {"address": "127.0.0.1:8085"}), **times}
    target |= {"collectors": collectors} if collectors else {}
    return parse(json.dumps({"targets": [target]}), "x", {})


def test_an_address_alone_is_profiled_over_http() -> None:
    (part,) = loaded().targets[0].collectors
    assert (part.kind, part.options) == ("pprof", Pprof())


def test_several_of_a_kind_are_told_apart_by_name() -> None:
    config = loaded("pprof", {"http": {"path": "/a"}, "name": "one"}, {"http": {"path": "/b"}, "name": "two"})
    found = {part.name: part.options for part in config.targets[0].collectors}
    assert found == {"pprof": Pprof(), "one": Http(path="/a"), "two": Http(path="/b")}


@pytest.mark.parametrize("collector", ["pprof", {"http": {"path": "/metrics"}}])
def test_what_asks_a_targets_http_needs_its_address(collector: object) -> None:
    with pytest.raises(ConfigError, match=r"targets\[0\].address: missing: needed by the collector"):
        loaded(collector, process={"pid": 1})
    loaded(collector, process={"pid": 1}, address="127.0.0.1:8085")


@pytest.mark.parametrize(
    ("collector", "fault"),
    [
        ({"http": {}}, "http.path: missing"),
        ({"http": {"path": "metrics"}}, "begins with a slash"),
        ({"http": {"path": "http://other/metrics"}}, "begins with a slash"),
        ({"http": {"path": "/x", "media_type": "json"}}, "a media type such as application/json"),
        ({"http": {"path": "/x", "statuses": [200]}}, "at least 400"),
        ({"http": {"path": "/x", "when": "always"}}, "one of trigger, end, both"),
        ({"http": {"path": "/x", "headers": {"Host": "x"}}}, "none that belongs to the connection"),
        ({"pprof": {"path": "/debug/pprof?x=1"}}, "without a query"),
        ({"pprof": {"profiles": ["threads"]}}, "one of cpu, goroutines"),
        ({"pprof": {"profiles": []}}, "at least 1"),
        ({"pprof": {"profiles": ["cpu", "cpu"]}}, "each of them once"),
        ({"pprof": {"port": 70000}}, "at most 65535"),
    ],
)
def test_options_that_cannot_be_meant_are_faults(collector: object, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault.replace("[", r"\[")):
        loaded(collector)
