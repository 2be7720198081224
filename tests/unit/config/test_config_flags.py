import argparse
from pathlib import Path

import pytest

from daemon.config import flags
from daemon.config.settings import Config
from model.errors import UsageError

NEEDED = ("--pid", "7", "--max-loop-time", "2s", "--out", "/data")


def config(*arguments: str) -> Config:
    parser = argparse.ArgumentParser()
    flags.add(parser)
    return flags.config(parser.parse_args(arguments))


def told(*arguments: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        config(*arguments)
    assert caught.value.exit_code == 64
    return str(caught.value).splitlines()


def test_one_target_with_its_reports_in_a_folder():
    loaded = config(*NEEDED)
    (target,), (sink,) = loaded.targets, loaded.sinks
    assert (target.name, target.process.pid, target.max_loop_time) == ("target", 7, 2.0)
    assert (sink.kind, sink.options.path) == ("file", Path("/data"))
    assert loaded.spool.path == Path("/data/.spool")


def test_every_flag_sets_its_option():
    loaded = config(
        *("--match", "scaler", "--max-loop-time", "1m0s", "--collection-time", "3s", "--cooldown", "10s"),
        *("--out", "/data", "--listen", "127.0.0.1:0", "--metrics-listen", "0.0.0.0:9", "--target", "scaler"),
        *("--captures-per-hour", "9"),
    )
    (target,) = loaded.targets
    assert (target.name, target.process.match, target.max_loop_time) == ("scaler", "scaler", 60.0)
    assert (target.collection_time, target.cooldown, target.captures_per_hour) == (3.0, 10.0, 9)
    assert (loaded.listen, loaded.metrics_listen) == ("127.0.0.1:0", "0.0.0.0:9")


def test_a_log_needs_no_file_either():
    loaded = config(*NEEDED, "--log-file", "-", "--log-start", "Starting", "--log-end", "Done")
    (part,) = loaded.targets[0].iterations
    assert (part.kind, part.options.path) == ("log", "-")
    assert (part.options.start, part.options.end) == (("Starting",), ("Done",))
    loaded = config(*NEEDED, "--log-file", "/x.log", "--log-beat", "turn", "--idle-allowance", "5s")
    assert loaded.targets[0].iterations[0].options.loop_rules().mode == "beat"


def test_an_address_alone_is_watched_by_its_metrics():
    without = ("--address", "10.0.0.1:8085", "--out", "/data", "--preset", "cluster-autoscaler")
    (target,) = config(*without, "--idle-allowance", "2s", "--scrape-interval", "1s").targets
    (part,), (taken,) = target.iterations, target.collectors
    assert (part.kind, part.options.interval, part.options.idle_allowance) == ("metrics", 1.0, 2.0)
    assert (target.address, taken.kind) == (("10.0.0.1:8085",), "pprof")
    (target,) = config(*without, "--log-file", "/x.log").targets
    assert [part.kind for part in target.iterations] == ["log"]


def test_a_preset_brings_its_threshold():
    without = ("--pid", "7", "--out", "/data")
    loaded = config(*without, "--log-file", "/x.log", "--preset", "cluster-autoscaler")
    assert loaded.targets[0].threshold_s > 0


def test_faults_of_a_log_name_the_flags():
    (only,) = told(*NEEDED, "--preset", "patroni")
    assert only.startswith("--log-file: ")
    (only,) = told(*NEEDED, "--log-file", "/x.log", "--log-beat", "(", "--idle-allowance", "5s")
    assert only.startswith("--log-beat: ")


@pytest.mark.parametrize("collection", ["--diagnostic-collection-time", "--diagnostic-max-collection-time"])
@pytest.mark.parametrize("cooldown", ["--diagnostic-cooldown", "--diagnostic-cooldown-period"])
def test_the_autoscalers_spellings_are_the_same_flags(collection, cooldown):
    loaded = config(
        *("--pidfile", "/run/x.pid", "--diagnostic-max-loop-time", "2m", collection, "1m0s", cooldown, "5m"),
        *("--diagnostic-directory", "/data"),
    )
    (target,) = loaded.targets
    assert (target.max_loop_time, target.collection_time, target.cooldown) == (120.0, 60.0, 300.0)
    assert loaded.sinks[0].options.path == Path("/data")


def test_a_relative_folder_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = config("--pid", "7", "--max-loop-time", "2s", "--out", "reports")
    assert loaded.sinks[0].options.path == tmp_path / "reports"


def test_faults_name_the_flags_as_they_were_spelt():
    lines = told("--pid", "x", "--diagnostic-cooldown", "10", "--out", "")
    assert [line.partition(":")[0] for line in lines] == [
        "--pid",
        "--diagnostic-cooldown",
        "--max-loop-time",
        "--out",
    ]


@pytest.mark.parametrize("process", [(), ("--pid", "7", "--match", "x")])
def test_exactly_one_flag_finds_the_process(process):
    (only,) = told(*process, "--max-loop-time", "2s", "--out", "/data")
    assert only.startswith("--pid, --pidfile, --match, --systemd, --address: ")


def test_a_missing_folder_is_told():
    (only,) = told("--pid", "7", "--max-loop-time", "2s")
    assert only.startswith("--out: missing: needed")


def test_no_flags_at_all_are_told_with_a_remedy():
    assert told() == ["no configuration"]


def test_a_file_and_other_flags_do_not_mix(tmp_path):
    assert told("--config", str(tmp_path), "--diagnostic-cooldown", "1s", "--listen", "x") == [
        "--config together with --diagnostic-cooldown, --listen"
    ]


def test_a_file_alone_is_loaded(tmp_path):
    file = tmp_path / "loopcam.yaml"
    file.write_text("targets: [{name: a, process: {pid: 1}, max_loop_time: 2m}]\n")
    file.chmod(0o600)
    assert config("--config", str(file)).targets[0].name == "a"


def test_a_flags_value_is_taken_as_it_is():
    assert (
        config("--match", "${X}", "--max-loop-time", "2s", "--out", "/d").targets[0].process.match == "${X}"
    )


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("http://10.0.0.7:8085/metrics", "write 10.0.0.7:8085"),
        ("https://ca.example.com", "write ca.example.com:PORT, and `http: {tls: true}`"),
        ("10.0.0.7:8085/metrics", "write 10.0.0.7:8085"),
        ("10.0.0.7", "add its port"),
        ("dns:ca.kube-system.svc", "add its port"),
        ("a:1,b:1", "give a list, an address each"),
        ("::1:8085", "put an IPv6 address in brackets"),
    ],
)
def test_an_address_that_is_none_is_told_once_with_what_to_write(written, hint):
    (only,) = told("--address", written, "--preset", "keda", "--max-loop-time", "1m", "--out", "/data")
    assert only.startswith(f"--address: {written}: HOST:PORT")
    assert only.endswith(f"({hint})")


def test_a_unit_of_systemd_is_named():
    (target,) = config("--systemd", "scaler", "--max-loop-time", "2s", "--out", "/d").targets
    assert target.process.unit == "scaler.service"
    assert told("--systemd", "a.timer", "--max-loop-time", "2s", "--out", "/d") == [
        "--systemd: a.timer: only a service has a main process: name the service"
    ]
