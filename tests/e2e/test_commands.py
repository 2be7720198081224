import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import pytest

from tests.daemon import PATIENCE_S, Daemon, daemon, loopcam, looping, target, until
from tests.reports import assert_valid_report
from tests.unit.spool.entries import put


def test_the_demo_shows_a_report_and_ends_by_itself(tmp_path: Path) -> None:
    done = loopcam("demo", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    home = next((tmp_path / "reports").rglob("manifest.json")).parent
    assert assert_valid_report(home).top_stacks[0].function == "simulate_binpacking_of_pending_pods"
    assert str(home) in done.stdout
    assert "simulate_binpacking_of_pending_pods" in done.stdout
    assert "% of MainThread" in done.stdout
    assert "report.html" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_demo_can_keep_its_page_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "daemon", "demo", "--serve", "--out", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as demo:
        try:
            assert demo.stdout is not None
            line = next(line for line in demo.stdout if "page:" in line)
            url = line.partition("page:")[2].split()[0]
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
                assert b"demo-autoscaler" in page.read()
        finally:
            demo.send_signal(signal.SIGINT)
        assert demo.wait(PATIENCE_S) == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=PATIENCE_S)


def test_reports_are_listed_shown_and_verified(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid)) as cam:
        cam.beat("start", "one")
        home = cam.stored(1)[0]
        until(lambda: cam.sink("file")["pending"] == 0, "known as delivered")
        for where in ([str(cam.reports)], ["--url", cam.url]):
            listed = loopcam("reports", "list", *where)
            assert listed.returncode == 0
            assert listed.stdout.count("\n") == 1
            assert all(word in listed.stdout for word in ("one", "complete", "the_culprit", str(home)))
            shown = loopcam("reports", "show", *where)
            assert shown.returncode == 0
            assert "the_culprit" in shown.stdout
            assert f"pid {child.pid}" in shown.stdout
            assert loopcam("reports", "verify", *where).stdout == "1 reports checked, 0 damaged\n"

        assert loopcam("reports", "verify", str(home)).returncode == 0
        damaged = home / "report.html"
        damaged.write_bytes(damaged.read_bytes().replace(b"<title>", b"<Title>", 1))
        verified = loopcam("reports", "verify", str(cam.reports))
        assert verified.returncode == 1
        assert "report.html: its content was changed" in verified.stdout
        assert "1 reports checked, 1 damaged" in verified.stdout
        (home / "manifest.json").write_text("{")
        assert loopcam("reports", "verify", str(cam.reports)).returncode == 1
        assert "damaged manifest" in loopcam("reports", "list", str(cam.reports)).stdout


def test_where_there_are_no_reports_that_is_told(tmp_path: Path) -> None:
    assert loopcam("reports", "verify", str(tmp_path)).returncode == 1
    assert "no report below" in loopcam("reports", "verify", str(tmp_path)).stderr
    assert "no report below" in loopcam("reports", "show", str(tmp_path)).stderr
    assert loopcam("reports", "list", str(tmp_path)).returncode == 0
    missing = loopcam("reports", "list", str(tmp_path / "missing"))
    assert missing.returncode == 64
    assert "no such folder" in missing.stderr


def test_check_names_every_fault_at_once(tmp_path: Path) -> None:
    cam = Daemon(tmp_path, [target("one", 1, max_lop_time="2s", cooldown="1ms")], sinks=[{"s4": {}}])
    done = loopcam("check", str(cam.file))
    assert done.returncode == 78
    lines = done.stderr.splitlines()
    assert len(lines) >= 3
    assert any("max_lop_time" in line and "max_loop_time" in line for line in lines)
    assert any("s4" in line and "s3" in line for line in lines)
    assert "good" in loopcam("check", str(Daemon(tmp_path, [target("one", 1)]).file)).stdout


def test_the_schema_takes_a_configuration_that_works(tmp_path: Path) -> None:
    schema = json.loads(loopcam("schema").stdout)
    cam = Daemon(tmp_path, [target("one", 1)])
    jsonschema.validate(json.loads(cam.file.read_text()), schema)
    cam.configure(lisen="127.0.0.1:1")
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(cam.file.read_text())))


def test_run_needs_no_file_with_flags(tmp_path: Path) -> None:
    with looping() as child:
        flags = ["--pid", str(child.pid), "--diagnostic-max-loop-time", "200ms", "--collection-time", "400ms"]
        flags += ["--cooldown", "1h", "--diagnostic-directory", str(tmp_path), "--listen", "127.0.0.1:0"]
        cam = Daemon(tmp_path, [])
        cam.reports = tmp_path
        cam.arguments = flags
        try:
            cam.start()
            cam.beat("start", "target")
            cam.stored(1)
            cam.process.send_signal(signal.SIGHUP)  # there is no file to read again
            until(lambda: cam.said("no configuration file to read again: it came from flags"), "told")
        finally:
            cam.close()


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    for number in range(1, 4):
        put(tmp_path, number)
    listing = [sys.executable, "-m", "daemon", "reports", "list", str(tmp_path)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(listing, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_capture_that_a_liveness_probe_would_cut_off_is_warned_of_at_the_start(tmp_path: Path) -> None:
    with daemon(
        tmp_path, target("one", max_loop_time="10s", killed_after="10s", process={"match": "x"})
    ) as cam:
        said = until(lambda: [one for one in cam.log() if "liveness probe" in str(one)], "the warning")
        assert said[0]["message"].startswith("target one: max_loop_time 10s + collection_time 400ms")
