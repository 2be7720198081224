"""Lines of a log a second on one core, and what catching up costs."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.apparatus.processes import child, children_cpu_s, cores, program, said
from benchmarks.figures import FigureError, Row, often

ROUNDS = 3
LINES = 1_000_000
CATCH_UP_BYTES = 10**9
MARKED = 100  # every so many-th line is a marker
MARKER = "Starting main loop"
TEXT = "I1121 12:00:{:02d}.{:06d}       1 static_autoscaler.go:187] {}"
OTHER = "node pool-a-7f9c is fit for scale down, utilization 0.31, {} pods"


def measure(folder: Path, times: float) -> list[Row]:
    """Every form of log, read by us and, the plain one, the obvious way."""
    rows = [_lines(folder, name, frame, times) for name, frame in FRAMES.items()]
    return [*rows, _beside_grep(folder, times), *_catching_up(folder)]


def _beside_grep(folder: Path, times: float) -> Row:
    """The plain log once more, beside the fastest there is: a program that only counts."""
    path = _written(folder / "grep.log", str, LINES)
    ours, other = [], []
    for _ in range(often(ROUNDS, times)):
        ours.append(LINES / _read("ours", path)[0])
        other.append(LINES / _counted_s(path))
    path.unlink()
    return Row(
        figure="log lines a second on one core, plain, beside grep",
        unit="/s",
        ours=median(ours),
        other=median(other),
        beside="grep -c, its start included",
    )


def _counted_s(path: Path) -> float:
    """CPU seconds of `grep -c`."""
    before_s = children_cpu_s()
    subprocess.run(
        ["grep", "-c", MARKER, str(path)], stdout=subprocess.PIPE, check=True
    )  # to /dev/null it stops
    return children_cpu_s() - before_s


def _lines(folder: Path, name: str, frame: Callable[[str], str], times: float) -> Row:
    path = _written(folder / f"{name}.log", frame, LINES)
    ours, other = [], []
    for _ in range(often(ROUNDS, times)):
        ours.append(LINES / _read("ours", path)[0])
        other.append(LINES / _read("plain", path)[0])
    path.unlink()
    return Row(
        figure=f"log lines a second on one core, {name}",
        unit="/s",
        ours=median(ours),
        other=median(other),
        beside="readline + re",
        note=f"{LINES:,} lines, every {MARKED}th a marker, one pattern",
    )


def _catching_up(folder: Path) -> Iterator[Row]:
    path = _written(folder / "behind.log", str, CATCH_UP_BYTES // 112)
    size = path.stat().st_size
    took_s, grown = _read("ours", path)
    path.unlink()
    yield Row(
        figure="catching up with a log",
        unit="MB/s",
        ours=size / took_s / 1e6,
        note=f"{size / 1e9:.2f} GB behind",
    )
    yield Row(figure="memory that catching up takes", unit="MiB", ours=grown / 2**20)


def _read(kind: str, path: Path) -> tuple[float, int]:
    """CPU seconds, and growth of RSS."""
    with child(program("tail", kind, str(path), MARKER), core=cores()[0]) as reader:
        found, took_s, grown = said(reader.stdout, b"\n").split()
    if int(found) == 0:
        raise FigureError(f"{kind} found no marker in {path.name}")
    return float(took_s), int(grown)


def _written(path: Path, frame: Callable[[str], str], lines: int) -> Path:
    block = "".join(
        frame(TEXT.format(at % 60, at, OTHER.format(at) if at % MARKED else MARKER)) + "\n"
        for at in range(10_000)
    )
    with path.open("w") as file:
        for _ in range(max(1, lines // 10_000)):
            file.write(block)
    return path


FRAMES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "CRI": "2026-11-21T12:00:00.123456789Z stderr F {}".format,
    "Docker JSON": '{{"log":"{}\\n","stream":"stderr","time":"2026-11-21T12:00:00.123456789Z"}}'.format,
    "JSON lines": '{{"level":"info","ts":1795262400.1,"msg":"{}"}}'.format,
}
