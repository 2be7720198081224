"""Options are read as they are written; what is wrong is named with its value and a remedy."""

import argparse
import socket
from pathlib import Path

import pytest

from daemon.commands import demo, simulate
from daemon.demo.simulator.options import outage, rate
from daemon.demo.simulator.wanted import Wanted, read
from model.errors import UsageError


def arguments(*written: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add(parser)
    return parser.parse_args(written)


def wanted(*written: str) -> Wanted:
    return read(arguments(*written))


def test_any_of_its_options_asks_for_the_simulator() -> None:
    assert not simulate.is_wanted(arguments("--stall", "sleep", "--serve"))
    for written in ("--nodes=5", "--for=1h", "--sla=overruns=0", "--json=a", "--port=1"):
        assert simulate.is_wanted(arguments(written))


def test_they_are_read_in_the_units_of_a_configuration() -> None:
    one = wanted(
        *("--nodes=1000", "--pods=30000", "--api-latency=50ms", "--error-rate=1%", "--throttle=5/s"),
        *("--for=1h30m", "--outage=30s/10m", "--node-failures=2/m", "--scenario=upgrade", "--sla=p99=2s"),
    )
    assert (one.nodes, one.pods, one.latency_s, one.error_rate) == (1000, 30_000, 0.05, 0.01)
    assert (one.throttle_per_s, one.for_s, one.outage_s) == (5.0, 5400.0, (30.0, 600.0))
    assert one.node_failures_per_s == pytest.approx(2 / 60)
    assert one.given["throttle"] == "5/s"
    assert one.given["seed"] == "1"


def test_a_short_one_is_looked_at_often_and_lines_come_when_they_should() -> None:
    assert wanted("--for=10s", "--interval=2s").look_every_s == 0.5
    assert wanted("--for=10h", "--interval=10s").look_every_s == 10
    assert wanted("--for=18m", "--interval=30s").look_every_s == 15
    assert wanted("--nodes=1", "--serve", "--interval=5s").look_every_s == 5


@pytest.mark.parametrize(
    ("written", "said", "remedy"),
    [
        ("--nodes=many", "--nodes many: needed is a whole number", "--nodes 20"),
        ("--nodes=0", "--nodes 0 is out of bounds", "from 1 to 5000"),
        ("--seed=-1", "--seed -1 is out of bounds", "from 0 to"),
        ("--api-latency=50", "--api-latency 50: needed is a duration", "--api-latency 20ms"),
        ("--api-latency=2m", "--api-latency 2m is out of bounds", "from 0s to 1m"),
        ("--error-rate=1", "--error-rate 1: needed is a share", "--error-rate 0%"),
        ("--error-rate=95%", "--error-rate 95% is out of bounds", "from 0% to 90%"),
        ("--throttle=5", "--throttle 5: needed is a rate such as 5/s", "--throttle 0/s"),
        ("--outage=10m/30s", "--outage 10m/30s: needed is a length and how often", "--outage 30s/10m"),
        ("--scenario=boom", "--scenario boom: needed is one of create, upgrade, delete, churn", "churn"),
        ("--sla=growth=1MiB/h", "--sla growth=1MiB/h: no slope can be told within 1m", "--for 10m or longer"),
    ],
)
def test_what_is_wrong_is_named_with_a_remedy(written: str, said: str, remedy: str) -> None:
    with pytest.raises(UsageError) as error:
        wanted(written)
    assert str(error.value).startswith(said)
    assert remedy in error.value.remedy


def test_what_goes_on_until_it_is_ended_has_no_length() -> None:
    with pytest.raises(UsageError, match="--for 1h with --serve"):
        wanted("--serve", "--for=1h")
    assert wanted("--serve", "--sla=growth=1MiB/h").demands


def test_options_of_stalls_are_refused_beside_it() -> None:
    with pytest.raises(UsageError, match="--threads 7 is for stalls"):
        simulate.run(arguments("--nodes=5", "--threads=7"))


def test_a_port_that_somebody_has_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--port {port}: Address already in use"):
            simulate.run(arguments(f"--port={port}", f"--out={tmp_path / 'out'}"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--out", "--json"])
def test_where_nothing_can_be_written_is_told_before_anything_starts(option: str, tmp_path: Path) -> None:
    place = tmp_path / "a file"
    place.touch()
    out = [] if option == "--out" else [f"--out={tmp_path / 'out'}"]
    with pytest.raises(UsageError, match=f"{option} {place / 'x'}: Not a directory") as error:
        simulate.run(arguments("--for=2s", f"{option}={place / 'x'}", *out))
    assert error.value.remedy.endswith("of yours")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("text", "per_s"), [("5/s", 5.0), ("90/m", 1.5), ("0/h", 0.0), ("0.5/s", 0.5)])
def test_rates(text: str, per_s: float) -> None:
    assert rate(text) == per_s


@pytest.mark.parametrize("text", ["", "5", "5/d", "-5/s", "5/s ", "1e3/s"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="a rate such as"):
        rate(text)


@pytest.mark.parametrize("text", ["30s", "30s/30s", "0/1m", "/", "30s/10m/1h"])
def test_what_is_no_outage(text: str) -> None:
    with pytest.raises(ValueError, match="a length and how often"):
        outage(text)
