"""What an event costs the target, with the Python and the Go client, listened to or not."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.apparatus.daemons import TARGET, daemon
from benchmarks.apparatus.processes import ROOT, child, cores, program, said
from benchmarks.figures import FigureError, Row, often

BATCHES = 1000
HEARD = "the daemon listens"
GO = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}


def measure(folder: Path, times: float) -> list[Row]:
    """Each client with a daemon that listens, with none, and without a socket in the environment."""
    if len(cores()) < 2:
        raise FigureError("needs two cores: on one, the daemon would run within the client's call")
    place = folder / "beat.sock"
    environments = {
        HEARD: {"LOOPCAM_SOCKET": str(place), "LOOPCAM_TARGET": TARGET},
        "nobody listens": {"LOOPCAM_SOCKET": str(folder / "no.sock"), "LOOPCAM_TARGET": TARGET},
        "no socket is named": {"LOOPCAM_SOCKET": "", "LOOPCAM_TARGET": ""},
    }
    rows = []
    with (
        child(program("threads", "1", "2")) as target,
        daemon(
            folder, target.pid, {"max_loop_time": "1h"}, core=cores()[0], unix={"datagram": str(place)}
        ) as watching,
    ):
        said(target.stdout)
        watching.wait_until_found()
        bare_us = 0.0
        for client, argv in _clients(folder, str(often(BATCHES, times))):
            for case, environment in environments.items():
                cost_us, *bare = _costs_us(argv, environment)
                bare_us = bare[0] if bare else bare_us  # in turn with the Python client, which comes first
                rows.append(_row(f"{client} client, {case}", cost_us, bare_us if case == HEARD else None))
    return rows


def _row(what: str, cost_us: float, bare_us: float | None) -> Row:
    figure = f"an event with the {what}"
    beside = "bare send in Python"
    return Row(figure=figure, unit="us", ours=cost_us, other=bare_us, beside=beside)


def _costs_us(argv: tuple[str, ...], environment: Mapping[str, str]) -> list[float]:
    with child(argv, core=cores()[1], environment=environment) as running:
        return [float(word) for word in said(running.stdout).split()]


def _clients(folder: Path, batches: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "Python", program("client_events", batches)
    if shutil.which("go"):
        yield "Go", (str(_built(folder / "go")), batches)


def _built(folder: Path) -> Path:
    """The Go program, around the client as it is."""
    (folder / "loopcam").mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "clients" / "loopcam.go", folder / "loopcam")
    shutil.copy(ROOT / "benchmarks" / "programs" / "client_events.go", folder / "main.go")
    (folder / "go.mod").write_text("module example.com/benchmark\n\ngo 1.19\n")
    subprocess.run(["go", "build", "-o", "program", "."], cwd=folder, env={**os.environ, **GO}, check=True)
    return folder / "program"
