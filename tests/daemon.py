"""A whole daemon for tests: `loopcam run` as a child, targets for it, and the command line."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar

from prometheus_client.parser import text_string_to_metric_families

from model.manifest import Manifest
from tests.prerequisites import require
from tests.reports import assert_valid_report

PATIENCE_S = 40.0
LOOPING = Path(__file__).with_name("looping.py")
T = TypeVar("T")
_SURPRISE = re.compile(r"Traceback|Exception ignored|.*Warning:|.*never retrieved")
Json = Any  # what the daemon answers


def until(condition: Callable[[], T], what: str, within_s: float = PATIENCE_S) -> T:
    """Wait for a condition and give what made it true."""
    end_s = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end_s, f"not within {within_s:g} s: {what}"
        time.sleep(0.02)
    return found


def loopcam(*arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run one command of the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "daemon", *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        env={**os.environ, **(env or {})},
    )


@contextmanager
def looping(
    url: str = "", target: str = "", *, log: str = "", keep: Sequence[int] = ()
) -> Iterator["subprocess.Popen[str]"]:
    """A target; without URL or log it stalls all the time and the test tells its iterations."""
    require("ptrace")
    arguments = [url, target] if url else [log] if log else []
    child = subprocess.Popen(
        [sys.executable, "-I", str(LOOPING), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        pass_fds=tuple(keep),
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.communicate()


def tell(child: "subprocess.Popen[str]", command: str) -> None:
    """Make a target `stall` or `go`."""
    assert child.stdin is not None
    child.stdin.write(f"{command}\n")
    child.stdin.flush()


def target(name: str, pid: int | None = None, **options: object) -> dict[str, object]:
    """A target's configuration; impatient, and captured once only."""
    process = {"process": {"pid": pid}} if pid else {}
    times = {"max_loop_time": "200ms", "collection_time": "400ms", "cooldown": "1h"}
    counts = {"captures_per_hour": 3600, "captures_per_signature": 3600}
    return {"name": name, **process, **times, **counts, **options}


class Daemon:
    """`loopcam run` with a spool below `folder`. Options are those of the configuration."""

    def __init__(self, folder: Path, targets: Sequence[object], **options: object) -> None:
        self.folder = folder
        self.reports = folder / "reports"
        self.file = folder / "loopcam.yaml"
        self.options: dict[str, object] = {
            "listen": "127.0.0.1:0",
            "shutdown_grace": "10s",
            "spool": {"path": str(folder / "spool")},
            "targets": list(targets),
            "sinks": [{"file": {"path": str(self.reports)}}],
            **options,
        }
        self.headers: dict[str, str] = {}
        self.expected: tuple[str, ...] = ()  # messages that may bring a traceback
        self.trust: ssl.SSLContext | None = None
        self.arguments: list[str] | None = None  # instead of the configuration's file
        self.environment: dict[str, str] = {}
        self.input: int = subprocess.DEVNULL
        self.python = sys.executable
        self.command = ["-m", "daemon"]
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        self.logs: list[Path] = []
        self._sessions: list[int] = []
        self.configure()

    def configure(self, **options: object) -> None:
        """Write the configuration (JSON is YAML), with these options changed."""
        self.options |= options
        self.file.write_text(json.dumps(self.options))
        self.file.chmod(0o600)

    def launch(self) -> None:
        """Start it without waiting for anything."""
        self.logs.append(self.folder / f"log-{len(self.logs)}.jsonl")
        with self.logs[-1].open("wb") as log:
            self._process = subprocess.Popen(
                [self.python, *self.command, "run", "--log-format", "json", *self._arguments()],
                stdin=self.input,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        self._sessions.append(self._process.pid)

    def _arguments(self) -> list[str]:
        return self.arguments or ["--config", str(self.file)]

    def start(self) -> "Daemon":
        """Start it and wait until it watches."""
        self.launch()
        said = until(self._announced, "the daemon watches")
        self.url = str(said["page"]).rstrip("/")
        return self

    def _announced(self) -> dict[str, object] | None:
        assert self.process.poll() is None, f"the daemon ended: {self.logs[-1].read_text()}"
        return next(iter(self.said("loopcam watches", self.logs[-1:])), None)

    @property
    def spool(self) -> Path:
        """The spool's folder."""
        return Path(json.loads(self.file.read_text())["spool"]["path"])

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The child."""
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        """SIGKILL, as the kernel's out-of-memory killer does."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    @contextmanager
    def paused(self, seconds: float) -> Iterator[None]:
        """SIGSTOP it, for this long at least."""
        self.process.send_signal(signal.SIGSTOP)
        end_s = time.monotonic() + seconds
        try:
            yield
            time.sleep(max(0.0, end_s - time.monotonic()))
        finally:
            self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End whatever is left of it; nothing of it may stay, and no log may hold a traceback."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)
            finally:
                self._process.kill()
                self._process.wait()
        try:
            until(lambda: not self.children(), f"all children are gone: {self.children()}", 5)
        finally:
            for pid in self.children():
                os.kill(pid, signal.SIGKILL)
        surprises = [line for line in self.log() if self._surprising(line)]
        assert not surprises, json.dumps(surprises, indent=1).replace("\\n", "\n")

    def _surprising(self, line: dict[str, Any]) -> bool:
        told = "traceback" in line and line["message"] not in self.expected
        return told or _SURPRISE.match(line.get("raw", "")) is not None

    def children(self) -> dict[int, str]:
        """Processes of the sessions of all daemons so far, but the daemons themselves."""
        return {pid: line for pid, line in _session_members(self._sessions) if pid not in self._sessions}

    def log(self, files: Sequence[Path] | None = None) -> list[dict[str, Any]]:
        """Every line of all logs so far; what is no JSON comes as `raw`."""
        lines = (line for file in files or self.logs for line in file.read_text().splitlines(keepends=True))
        return [_parsed(line) for line in lines if line.endswith("\n")]

    def said(self, message: str, files: Sequence[Path] | None = None) -> list[dict[str, Any]]:
        """The log's lines with this message."""
        return [line for line in self.log(files) if line.get("message") == message]

    def recorded_a_while(self) -> bool:
        """Whether it looked at the threads twice: that is a second after the first look."""
        looks = self.spool.glob("incoming/*/report/evidence/*.dump.json")
        return len([look for look in looks if "-before-" not in look.name]) > 1

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Json]:
        """Status and answer."""
        data = b"" if method == "POST" and body is None else None
        request = urllib.request.Request(
            self.url + path,
            data if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", **self.headers},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S, context=self.trust) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decoded(error.read())

    def download(self, path: str) -> bytes:
        """The bytes of an answer that succeeds."""
        request = urllib.request.Request(self.url + path, headers=self.headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S, context=self.trust) as answer:
            found: bytes = answer.read()
        return found

    def connection(self) -> HTTPConnection:
        """A connection of one's own."""
        return HTTPConnection(self.url.removeprefix("http://"), timeout=PATIENCE_S)

    def get(self, path: str) -> Json:
        """The answer to a GET that succeeds."""
        status, answer = self.ask("GET", path)
        assert status == 200, (status, answer)
        return answer

    def beat(self, event: str, target: str, iteration: object = None) -> None:
        """Say what the target would say."""
        said = {"event": event, "target": target, "iteration": iteration}
        status, answer = self.ask("POST", "/v1/heartbeat", {k: v for k, v in said.items() if v is not None})
        assert status == 204, (status, answer)

    def target(self, name: str) -> Json:
        """The status of a target."""
        return next(one for one in self.get("/v1/status")["targets"] if one["name"] == name)

    def source(self, target: str, name: str = "log") -> Json:
        """The status of a target's source."""
        return next(one for one in self.target(target)["sources"] if one["name"] == name)

    def sink(self, name: str) -> Json:
        """The status of a sink."""
        return next(one for one in self.get("/v1/status")["sinks"] if one["name"] == name)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a series' samples with these labels; 0 without any."""
        return sum(value for _, value in self.samples(name, **labels))

    def samples(self, name: str, **labels: str) -> list[tuple[dict[str, str], float]]:
        """A series' samples with these labels."""
        families = text_string_to_metric_families(self.get("/metrics"))
        found = (sample for family in families for sample in family.samples if sample.name == name)
        return [(one.labels, one.value) for one in found if labels.items() <= one.labels.items()]

    def finds(self, *names: str) -> None:
        """Wait until it holds the targets' processes."""
        for name in names:
            until(lambda name=name: self.target(name)["pid"], f"{name} is found")

    def stored(self, count: int, folder: Path | None = None) -> list[Path]:
        """Wait for so many reports in a folder, neither more nor less, and check each."""
        place = folder or self.reports
        until(lambda: len(whole_reports(place)) >= count, f"{count} reports in {place}")
        found = whole_reports(place)
        assert len(found) == count, found
        for directory in found:
            assert_valid_report(directory)
        return found

    def report(self) -> Manifest:
        """The only report that was stored in the folder."""
        return assert_valid_report(self.stored(1)[0])

    def entries(self) -> list[str]:
        """The ids of the reports in the spool."""
        return sorted(entry.name for entry in (self.spool / "reports").iterdir())


@contextmanager
def daemon(folder: Path, *targets: object, **options: object) -> Iterator[Daemon]:
    """A daemon that runs, and is ended and looked at when the test is over."""
    one = Daemon(folder, targets, **options)
    try:
        yield one.start()
    finally:
        one.close()


def whole_reports(folder: Path) -> list[Path]:
    """Whole reports, oldest first; the file sink's unfinished ones have a dot before their names."""
    walked = os.walk(folder)  # unlike rglob, it bears folders that are renamed meanwhile
    found = (Path(home) for home, _, files in walked if "manifest.json" in files)
    return sorted((one for one in found if not one.name.startswith(".")), key=lambda one: one.name)


def _parsed(line: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"raw": line}
    return parsed


def _decoded(data: bytes) -> Json:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode()


def _session_members(sessions: Sequence[int]) -> Iterator[tuple[int, str]]:
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) in sessions and fields[0] != "Z":
                yield int(name), Path(f"/proc/{name}/cmdline").read_text().replace("\0", " ")
        except OSError:  # ended meanwhile
            continue
