"""Every stall of the demonstration, each under the same real daemon: its report shows where it was."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.demo.stalls import STALLS
from model.signals import Name
from model.verdict import Cause, Verdict
from report import manifests
from tests.daemon import Daemon, daemon, target, until, whole_reports
from tests.prerequisites import require
from tests.reports import assert_valid_report

# They last longer than threshold and window, and are over soon after.
THRESHOLD_S, WINDOW_S, STALL_S = 0.8, 1.0, 3.0
# Where nothing else could be meant. How often the others are judged right says the benchmark.
CERTAIN = {
    "backoff",
    "backoff-urllib3",
    "child_process",
    "child_process-output",
    "deadlock",
    "dns",
    "log_pipe",
    "network_wait",
    "network_wait-connect",
    "network_wait-timeout",
    "sleep",
    "stopped",
    "tls",
}


@pytest.fixture(scope="module")
def cam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon that waits for every stall's program."""
    folder = tmp_path_factory.mktemp("stalls")
    options = {
        "max_loop_time": f"{THRESHOLD_S:g}s",
        "collection_time": f"{WINDOW_S:g}s",
        "cooldown": f"{WINDOW_S:g}s",  # on a busy machine a healthy iteration may overrun too
        "captures_per_hour": 3600,
        "captures_per_signature": 3600,
    }
    targets = [
        target(_target(name), process={"pidfile": str(_pidfile(folder, name))}, **options) for name in STALLS
    ]
    with daemon(folder, *targets) as one:
        yield one


def _target(stall: str) -> str:
    return stall.replace("_", "-")


def _pidfile(folder: Path, stall: str) -> Path:
    return folder / f"{stall}.pid"


@contextmanager
def stalling(cam: Daemon, stall: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The program, which is healthy once and then stalls."""
    argv = [sys.executable, "-I", "-m", "daemon.demo.autoscaler", cam.url, _target(stall)]
    argv += [str(_pidfile(cam.folder, stall)), f"--stall={stall}", f"--seconds={STALL_S}", "--healthy=1"]
    with subprocess.Popen(argv, process_group=0) as program:
        try:
            yield program
        finally:
            program.terminate()


@pytest.mark.parametrize("stall", STALLS)
def test_a_stall_is_shown_by_its_report(cam: Daemon, stall: str) -> None:
    require("ptrace")
    if missing := STALLS[stall].missing():
        pytest.skip(missing)
    with stalling(cam, stall):
        report = _report(cam, stall)
    manifest = assert_valid_report(report)
    assert manifest.top_stacks[0].thread == "MainThread"
    assert _share(report, STALLS[stall].run.__name__) > 0.5
    if stall in CERTAIN:
        _names(manifest.verdict, STALLS[stall].cause)


def _names(verdict: Verdict | None, cause: str) -> None:
    """Hold a verdict against what was injected; on a busy machine the truth may be that it got no CPU."""
    assert verdict is not None
    starved = [fact.value or 0 for fact in verdict.facts if fact.signal == Name.RUN_QUEUE]
    if verdict.cause == Cause.CPU_STARVED and max(starved, default=0) > 0.5:
        return
    assert verdict.cause == cause, verdict


def _share(report: Path, function: str) -> float:
    """How much of the main thread's whole stacks have a function on them.

    Without a pause, a stack of generators may be torn: its frames below are missing, and so is its root.
    """
    stacks = [line.rpartition(" ") for line in (report / "profile.collapsed").read_text().splitlines()]
    main = [(stack, int(count)) for stack, _, count in stacks if stack.startswith("MainThread")]
    roots: Counter[str] = Counter()
    for stack, count in main:
        roots[_root(stack)] += count
    bottom = next(
        (root for root in roots if root.startswith("<module> (")), max(roots, key=roots.__getitem__)
    )
    whole = [(stack, count) for stack, count in main if _root(stack) == bottom]
    return sum(count for stack, count in whole if f";{function} (" in stack) / sum(
        count for _, count in whole
    )


def _root(stack: str) -> str:
    """The outermost frame of a stack, below its thread."""
    return (*stack.split(";"), "")[1].rpartition(":")[0]


def _report(cam: Daemon, stall: str) -> Path:
    """The report of the iteration that stalls, which is the second."""
    place = cam.reports / _target(stall)
    found = until(lambda: [one for one in whole_reports(place) if _of_stall(one)], f"a report of {stall}")
    return found[0]


def _of_stall(report: Path) -> bool:
    iteration = manifests.read(report).capture.iteration
    return iteration is not None and iteration.id == "2"
