"""Reports of real processes, as py-spy sees them."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from model.manifest import Manifest
from report.render import render
from tests.prerequisites import require
from tests.reports import assert_valid_report, make_report

RECORD_S = 2
PROGRAM = """
import hashlib, threading, time

def renamed(name):
    def nap(seconds):
        time.sleep(seconds)
    nap.__code__ = nap.__code__.replace(co_name=name, co_qualname=name) if hasattr(
        nap.__code__, "co_qualname") else nap.__code__.replace(co_name=name)
    return nap

def dig(depth):
    if depth:
        dig(depth - 1)
    else:
        threading.Event().wait()

def birth():
    while True:
        child = threading.Thread(target=time.sleep, args=(0.05,), name="child;\\n</script>")
        child.start()
        child.join()

def crunch():
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        sum(range(2000))

hostile = [renamed(name) for name in ("a;b 5\\nMainThread;forged 12345", "</title><script>alert(1)</script>")]
threading.Thread(target=dig, args=(300,), name="deep", daemon=True).start()
threading.Thread(target=birth, name="births", daemon=True).start()
for number in range(20):
    threading.Thread(target=threading.Event().wait, name=f"idle-{number}", daemon=True).start()
print("ready", flush=True)
while True:
    crunch()
    for nap in hostile:
        nap(0.02)
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest, int]:
    """A report of the program above: the directory, its manifest and the program's pid."""
    folder = tmp_path_factory.mktemp("live")
    program = folder / "loop.py"
    program.write_text(PROGRAM)
    target = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE)
    try:
        assert target.stdout is not None
        assert target.stdout.readline() == b"ready\n"
        dump = _pyspy("dump", "--json", "--nonblocking", "--pid", str(target.pid))
        options = ("--format", "chrometrace", "--rate", "100", "--idle", "--threads", "--nonblocking")
        file = folder / "segment.json"
        _pyspy(
            "record", "--pid", str(target.pid), "--duration", str(RECORD_S), *options, "--output", str(file)
        )
    finally:
        target.kill()
        target.communicate(timeout=10)
    home = make_report(
        folder, segments=[file.read_bytes()], dumps=[dump], pid=target.pid, states=b"{}", segment_s=RECORD_S
    )
    manifest = render(home)
    assert assert_valid_report(home) == manifest
    return home, manifest, target.pid


def _pyspy(*arguments: str) -> bytes:
    program = Path(sysconfig.get_path("scripts"), "py-spy")
    return subprocess.run([program, *arguments], capture_output=True, check=True, timeout=30).stdout


def test_all_is_drawn_and_the_main_thread_comes_first(report: tuple[Path, Manifest, int]) -> None:
    _, manifest, pid = report
    assert manifest.rendering.detail == ""
    top = manifest.top_stacks[0]
    assert (top.thread, top.os_thread_id, top.function) == ("MainThread", pid, "crunch")
    assert top.function_share > 0.5


def test_threads_are_known_by_the_names_that_python_gave_them(report: tuple[Path, Manifest, int]) -> None:
    _, manifest, _ = report
    names = {top.thread for top in manifest.top_stacks}
    assert {"deep", "births", "child;\n</script>", *(f"idle-{number}" for number in range(20))} <= names


def test_deep_recursion_is_kept(report: tuple[Path, Manifest, int]) -> None:
    _, manifest, _ = report
    (deep,) = [top for top in manifest.top_stacks if top.thread == "deep"]
    assert sum(frame.startswith("dig ") for frame in deep.frames) == 301
    assert deep.state == "waiting"


def test_threads_that_are_born_and_die_are_told_apart(report: tuple[Path, Manifest, int]) -> None:
    _, manifest, _ = report
    children = [top.os_thread_id for top in manifest.top_stacks if top.thread.startswith("child")]
    assert len(children) == len(set(children)) > 5


def test_hostile_names_forge_no_line(report: tuple[Path, Manifest, int]) -> None:
    home, _, pid = report
    text = (home / "profile.collapsed").read_text()
    assert r"a\x3bb 5\nMainThread\x3bforged 12345" in text
    assert not [line for line in text.splitlines() if line.startswith("MainThread;forged")]
    main_us = sum(
        int(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"MainThread ({pid});")
    )
    assert 0.5 * RECORD_S * 1_000_000 < main_us <= RECORD_S * 1_000_000


def test_the_stacks_at_the_trigger_show_every_thread(report: tuple[Path, Manifest, int]) -> None:
    home, _, pid = report
    text = (home / "stacks.txt").read_text()
    assert f"MainThread ({pid})" in text
    assert all(f"idle-{number} (" in text for number in range(20))


def test_go_tool_pprof_reads_the_profile(report: tuple[Path, Manifest, int]) -> None:
    require("go")
    home, _, _ = report
    done = subprocess.run(
        ["go", "tool", "pprof", "-top", "-nodecount=400", home / "profile.pb.gz"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Type: wall" in done.stdout
    assert "crunch" in done.stdout
    assert "<module>" in done.stdout
