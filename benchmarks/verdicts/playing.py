"""One daemon for all cases, and one program for each."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.apparatus.daemons import COMMAND
from benchmarks.apparatus.processes import Child, child, said
from benchmarks.figures import FigureError
from benchmarks.verdicts.cases import Case
from daemon.commands.demo_words import is_of_stall
from daemon.commands.reports import whole
from model import coding
from model.manifest import Manifest
from model.report import MANIFEST_FILE

WITHIN_S = 90.0
THRESHOLD_S = 1.0
WINDOW_S = 2.5


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one case."""

    stall: str
    injected: str
    also: tuple[str, ...] = ()  # what is right, too
    judged: str  # "none" without a verdict, "no report" without that
    confidence: str = ""
    score: float = 0.0
    sentence: str = ""
    alternatives: tuple[str, ...] = ()
    top_stack: tuple[str, ...] = ()
    threads: int = 0
    depth: int = 0
    seconds: float
    report: str = ""  # its folder

    @property
    def right(self) -> bool:
        """Whether the verdict names what was injected, or as good an answer."""
        return self.judged in (self.injected, *self.also)


def play(cases: Sequence[Case], folder: Path, dashcam: str) -> Iterator[Judged]:
    """Play one case after the other, and read each report's verdict."""
    folder.mkdir(parents=True, exist_ok=True)
    reports = folder / "reports"
    with _daemon(cases, folder, dashcam) as port, _server(cases) as server:
        for case in cases:
            with _program(case, folder, port, server):
                if case.asked:
                    _ask(case, port)
                found = _report(reports / case.target, case)
            yield _judged(case, found)


@contextlib.contextmanager
def _daemon(cases: Sequence[Case], folder: Path, dashcam: str) -> Iterator[int]:
    file = folder / "loopcam.yaml"
    file.write_text(json.dumps(_configuration(cases, folder, dashcam)))
    with (
        (folder / "daemon.log").open("wb") as log,
        child(
            (*COMMAND, "run", "--config", str(file), "--log-format", "json"),
            stdout=subprocess.DEVNULL,
            stderr=log,
        ) as process,
    ):
        yield _port(folder / "daemon.log", process)


def _configuration(cases: Sequence[Case], folder: Path, dashcam: str) -> dict[str, object]:
    each = {
        "max_loop_time": f"{THRESHOLD_S:g}s",
        "collection_time": f"{WINDOW_S:g}s",
        "cooldown": f"{WINDOW_S:g}s",  # on a busy machine a healthy iteration may overrun too
        "captures_per_hour": 3600,
        "captures_per_signature": 3600,
        **({"dashcam": dashcam} if dashcam else {}),
    }
    return {
        "listen": "127.0.0.1:0",
        "spool": {"path": str(folder / "spool"), "max_bytes": "4GiB"},
        "shutdown_grace": "5s",
        "targets": [
            {"name": c.target, "process": {"pidfile": str(_pidfile(c, folder))}, **each} for c in cases
        ],
        "sinks": [{"file": {"path": str(folder / "reports")}}],
    }


def _pidfile(case: Case, folder: Path) -> Path:
    return folder / f"{case.target}.pid"


def _port(log: Path, process: Child) -> int:
    until_s = time.monotonic() + WITHIN_S
    while time.monotonic() < until_s and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("{") and (page := json.loads(line).get("page")):
                return int(page.rstrip("/").rpartition(":")[2])
        time.sleep(0.05)
    raise FigureError(f"the daemon does not listen; see {log}")


@contextlib.contextmanager
def _server(cases: Sequence[Case]) -> Iterator[int]:
    """The server that strangers ask; 0 where there are none."""
    if not any(case.strange for case in cases):
        yield 0
        return
    with child((sys.executable, "-m", "benchmarks.strangers.server")) as process:
        yield int(said(process.stdout))


@contextlib.contextmanager
def _program(case: Case, folder: Path, port: int, server: int) -> Iterator[None]:
    argv = case.program(f"http://127.0.0.1:{port}", str(_pidfile(case, folder)), server)
    with (
        (folder / f"{case.target}.log").open("wb") as log,
        child((sys.executable, *argv), stdout=subprocess.DEVNULL, stderr=log),
    ):
        yield


def _ask(case: Case, port: int) -> None:
    """Ask for a capture, as soon as the daemon has found the process."""
    until_s = time.monotonic() + WITHIN_S
    body = json.dumps({"target": case.target})
    while time.monotonic() < until_s:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
        with contextlib.closing(connection):
            connection.request("POST", "/v1/collect", body, {"Content-Type": "application/json"})
            if connection.getresponse().status == http.client.ACCEPTED:
                return
        time.sleep(0.2)
    raise FigureError(f"the daemon captures no {case.target}")


def _report(place: Path, case: Case) -> Path | None:
    """The one that was asked for, or the first of an iteration that was made to stall."""
    until_s = time.monotonic() + WITHIN_S
    while time.monotonic() < until_s:
        found = whole(place)
        if chosen := next(iter(found) if case.asked else filter(is_of_stall, found), None):
            return chosen
        time.sleep(0.1)
    return None


def _manifest(report: Path) -> Manifest:
    return coding.decode((report / MANIFEST_FILE).read_bytes(), Manifest)


def _judged(case: Case, report: Path | None) -> Judged:
    same = {
        "stall": case.stall,
        "injected": case.causes[0],
        "also": case.causes[1:],
        "threads": case.threads,
        "depth": case.depth,
        "seconds": case.seconds,
    }
    if report is None:
        return msgspec.convert({**same, "judged": "no report"}, Judged)
    manifest = _manifest(report)
    top = manifest.top_stacks[0].frames if manifest.top_stacks else ()
    same |= {"top_stack": top, "report": str(report)}
    if (verdict := manifest.verdict) is None:
        return msgspec.convert({**same, "judged": "none"}, Judged)
    same |= {"judged": verdict.cause.value, "confidence": verdict.confidence.value, "score": verdict.score}
    same |= {
        "sentence": verdict.sentence,
        "alternatives": tuple(one.cause.value for one in verdict.alternatives),
    }
    return msgspec.convert(same, Judged)
