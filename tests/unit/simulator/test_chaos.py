"""Faults follow from the seed, and are as many as were asked for; time is made up."""

from itertools import islice

import pytest

from daemon.demo.simulator.chaos import REFUSED, SILENT, Outages, failures, fate
from daemon.demo.simulator.client import ApiError, Client
from daemon.demo.simulator.throttle import Throttle
from tests.servers import cut, reply, scripted


def test_a_request_meets_the_same_fate_with_the_same_seed_only() -> None:
    fates = [[fate(seed, number, 0.05, 0.1) for number in range(100)] for seed in (1, 1, 2)]
    assert fates[0] == fates[1] != fates[2]


def test_latencies_scatter_around_the_one_asked_for_and_errors_are_as_many() -> None:
    fates = [fate(1, number, 0.05, 0.1) for number in range(5000)]
    latencies_s = sorted(one.latency_s for one in fates)
    assert latencies_s[2500] == pytest.approx(0.05, rel=0.05)
    assert latencies_s[0] > 0.01
    assert latencies_s[-1] < 0.2
    assert sum(one.error > 0 for one in fates) == pytest.approx(500, abs=70)
    assert {one.error for one in fates} == {0, 500, 503}
    assert not any(fate(1, number, 0.0, 0.0).error for number in range(100))


def test_one_outage_in_each_stretch_of_either_kind() -> None:
    outages = Outages(1, 10.0, 60.0)
    seen = [outages.at(float(second)) for second in range(6000)]
    assert sum(one is not None for one in seen) == 100 * 10
    assert {one.kind for one in seen if one} == {REFUSED, SILENT}
    assert all(one.ends_s - one.starts_s == pytest.approx(10.0) for one in seen if one)
    for number in range(100):
        one = outages.of_stretch(number)
        assert number * 60 <= one.starts_s <= one.ends_s <= (number + 1) * 60


def test_none_without_a_length() -> None:
    assert Outages(1, 0.0, 1.0).at(5.0) is None


def test_nodes_fail_as_often_as_was_asked_for() -> None:
    times_s = list(islice(failures(1, 0.5), 1000))
    assert times_s == sorted(times_s)
    assert times_s[-1] == pytest.approx(2000, rel=0.1)
    assert times_s == list(islice(failures(1, 0.5), 1000))
    assert list(failures(1, 0.0)) == []


def test_a_throttle_lets_through_its_rate_and_says_when_to_come_again() -> None:
    throttle = Throttle(5.0)
    assert sum(throttle.take(100.0) == 0 for _ in range(100)) == 10  # two seconds' worth at once
    wait_s = throttle.take(100.0)
    assert wait_s == pytest.approx(0.2)
    assert throttle.take(100.0 + wait_s - 0.01) > 0
    assert throttle.take(100.0 + wait_s + 0.01) == 0
    taken = sum(throttle.take(200.0 + turn / 100) == 0 for turn in range(1000))
    assert taken == pytest.approx(10 + 50, abs=1)


def test_a_slow_throttle_lets_something_through_and_none_lets_all() -> None:
    throttle = Throttle(0.1)
    assert throttle.take(0.0) == 0
    assert throttle.take(5.0) == pytest.approx(5.0)
    assert throttle.take(10.1) == 0
    assert not any(Throttle(0.0).take(1.0) for _ in range(1000))


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client slept: time that only passes here."""
    found: list[float] = []
    monkeypatch.setattr("daemon.demo.simulator.client.time.sleep", found.append)
    return found


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_the_client_obeys_retry_after(slept: list[float]) -> None:
    with scripted(reply(429, headers=["Retry-After: 3"]), reply(200, b"nodes")) as server:
        client = Client(port_of(server.url))
        assert client.call("GET", "/nodes") == b"nodes"
    assert slept == [3.0]
    assert (client.retries, client.backed_off_s) == (1, 3.0)


def test_the_client_backs_off_from_errors_for_longer_and_longer_and_gives_up(slept: list[float]) -> None:
    with scripted(reply(503), cut, reply(500)) as server, pytest.raises(ApiError, match="GET /nodes: status"):
        Client(port_of(server.url)).call("GET", "/nodes")
    assert len(server.requests) == 6
    assert all(0.5 <= wait_s / (0.1 * 2**tried) <= 1 for tried, wait_s in enumerate(slept))


def test_the_client_does_not_try_again_what_is_of_no_use(slept: list[float]) -> None:
    with scripted(reply(404)) as server, pytest.raises(ApiError, match="DELETE /nodes/a: status 404"):
        Client(port_of(server.url)).call("DELETE", "/nodes/a")
    assert (len(server.requests), slept) == (1, [])
