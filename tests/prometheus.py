"""Debian's Prometheus and Alertmanager. The one is also a target: a Go program that nobody here wrote."""

import http.client
import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.prerequisites import require

READY_S = 60.0


@contextmanager
def prometheus(folder: Path, configuration: Mapping[str, object] | None = None, *flags: str) -> Iterator[int]:
    """One that runs; without a configuration it scrapes nobody. Gives its port."""
    require("prometheus")
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(configuration or {"scrape_configs": []}))
    with _running(
        folder, "prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder}/data", *flags
    ) as port:
        yield port


@contextmanager
def alertmanager(folder: Path, configuration: Path) -> Iterator[int]:
    """An Alertmanager of its own; gives its port."""
    require("prometheus-alertmanager")
    argv = [f"--config.file={configuration}", f"--storage.path={folder}/data", "--cluster.listen-address="]
    with _running(folder, "prometheus-alertmanager", *argv) as port:
        yield port


def ask(port: int, path: str, **parameters: object) -> Any:
    """The data of an answer of Prometheus."""
    url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
    with urllib.request.urlopen(url, timeout=READY_S) as answer:
        return json.loads(answer.read())["data"]


@contextmanager
def _running(folder: Path, *argv: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([*argv, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    try:
        end_s = time.monotonic() + READY_S
        while not _ready(port):
            assert running.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end_s, (folder / "log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        running.kill()
        running.wait()


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
