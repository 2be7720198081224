"""Lines of a log a second on one core, and what catching up costs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.figures import Bound, FigureError, Row
from benchmarks.processes import child, cores, program, said

ROUNDS = 3
LINES = 1_000_000
CATCH_UP_BYTES = 10**9
MARKED = 100  # every so many-th line is a marker
MARKER = "Starting main loop"
TEXT = "I1121 12:00:{:02d}.{:06d}       1 static_autoscaler.go:187] {}"
OTHER = "node pool-a-7f9c is fit for scale down, utilization 0.31, {} pods"


def measure(folder: Path, times: int) -> list[Row]:
    """Every form of log, read by us and, the plain one, the obvious way."""
    rows = [_lines(folder, name, frame, times) for name, frame in FRAMES.items()]
    return [*rows, *_catching_up(folder)]


def _lines(folder: Path, name: str, frame: Callable[[str], str], times: int) -> Row:
    path = _written(folder / f"{name}.log", frame, LINES)
    ours, other = [], []
    for _ in range(ROUNDS * times):
        ours.append(LINES / _read("ours", path)[0])
        other.append(LINES / _read("plain", path)[0])
    path.unlink()
    gated = name == "plain"
    return Row(
        figure=f"log lines a second on one core, {name}",
        unit="/s",
        ours=median(ours),
        other=median(other),
        beside="readline + re",
        gate=Bound(2.5, least=True) if gated else None,
        aim=Bound(5_000_000, least=True) if gated else None,
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
        aim=Bound(300, least=True),
        note=f"{size / 1e9:.2f} GB behind",
    )
    yield Row(figure="memory that catching up takes", unit="MiB", ours=grown / 2**20, aim=Bound(8))


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
