"""A real daemon with one target, its heartbeats and its log."""

import contextlib
import http.client
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from benchmarks.apparatus.processes import child
from benchmarks.figures import FigureError
from model import coding
from model.capture import Capture
from model.report import CAPTURE_FILE

TARGET = "benchmark"
SAID_WITHIN_S = 30.0
COMMAND = (sys.executable, "-I", "-m", "daemon")

Options = Mapping[str, object]


class Heart:
    """Asks a server over one kept connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def say(self, event: str) -> None:
        """One heartbeat."""
        self.ask("POST", "/v1/heartbeat", json.dumps({"target": TARGET, "event": event}))

    def ask(self, method: str, path: str, body: str | None = None) -> bytes:
        """The answer's body; raises FigureError when it is refused."""
        self._connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise FigureError(f"{method} {path} was answered {response.status}: {text.decode()}")
        return text


class Daemon:
    """A daemon that runs; `log` waits for what it says."""

    def __init__(self, pid: int, spool: Path, stream: IO[bytes]) -> None:
        self.pid = pid
        self._spool = spool
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()
        self.port = urlsplit(str(self.log("loopcam watches")["page"])).port or 0
        self.heart = Heart(self.port)

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put(b"")

    def log(self, message: str) -> dict[str, object]:
        """The next line of its log with this message; raises FigureError when none comes."""
        until_s = time.monotonic() + SAID_WITHIN_S
        heard: list[str] = []
        with contextlib.suppress(queue.Empty):
            while line := self._lines.get(timeout=max(0.0, until_s - time.monotonic())):
                heard.append(line.decode(errors="replace"))
                if line.startswith(b"{") and (record := json.loads(line))["message"] == message:
                    return dict(record)
        raise FigureError(f"the daemon did not say {message!r}; it said:\n{''.join(heard[-20:])}")

    def wait_until_found(self) -> None:
        """Wait until its targets are found and could be captured."""
        self.wait_for("target that can be captured", lambda target: target["capture_possible"])

    def wait_for(self, what: str, ready: Callable[[dict[str, object]], object], within_s: float = 30) -> None:
        """Wait until this is so of every target in `/v1/status`; raises FigureError."""
        until_s = time.monotonic() + within_s
        while not all(map(ready, json.loads(self.heart.ask("GET", "/v1/status"))["targets"])):
            if time.monotonic() > until_s:
                raise FigureError(f"the daemon has no {what}")
            time.sleep(0.2)

    def capture(self, report: str) -> Capture:
        """What it wrote down of a capture."""
        found = next(self._spool.rglob(f"{report}/**/{CAPTURE_FILE}"))
        return coding.decode(found.read_bytes(), Capture)


@contextlib.contextmanager
def daemon(
    folder: Path,
    pid: int,
    target: Options,
    *,
    sinks: Sequence[Options] = (),
    command: tuple[str, ...] = COMMAND,
    core: int | None = None,
    environment: Mapping[str, str] | None = None,
    unix: Options | None = None,
) -> Iterator[Daemon]:
    """A daemon that watches one process; `target` and `sinks` are as in its configuration."""
    more: Options = {**({"sinks": list(sinks)} if sinks else {}), **({"unix": unix} if unix else {})}
    targets = [{"name": TARGET, "process": {"pid": pid}, **target}]
    with watching(folder, targets, more, command=command, core=core, environment=environment) as running:
        yield running


@contextlib.contextmanager
def watching(
    folder: Path,
    targets: Sequence[Options],
    more: Options,
    *,
    command: tuple[str, ...] = COMMAND,
    core: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Daemon]:
    """A daemon with any targets; `more` is what else its configuration says."""
    argv = (*command, "run", "--config", str(configured(folder, targets, more)), "--log-format", "json")
    pipe = subprocess.PIPE
    with child(argv, core=core, environment=environment, stdout=subprocess.DEVNULL, stderr=pipe) as process:
        assert process.stderr is not None
        yield Daemon(process.pid, folder / "spool", process.stderr)


def configured(folder: Path, targets: Sequence[Options], more: Options) -> Path:
    """The configuration's file."""
    said = {
        "listen": "127.0.0.1:0",
        "spool": {"path": str(folder / "spool")},
        "shutdown_grace": "5s",
        "targets": list(targets),
        **more,
    }
    file = folder / "loopcam.yaml"
    file.write_text(json.dumps(said))  # JSON is YAML too
    return file
