"""What drawing a report takes: of an ordinary profile, and of a huge one."""

from pathlib import Path
from statistics import median

from benchmarks.figures import Bound, Row
from benchmarks.processes import child, program, said
from benchmarks.synthetic import HUGE, ORDINARY, write

_DRAWN_WITHIN_S = 180.0


def measure(folder: Path, times: int) -> list[Row]:
    """CPU time, memory and the largest document; the ordinary one so often as one alone says little."""
    small, huge = write(folder / "ordinary", ORDINARY), write(folder / "huge", HUGE)
    ordinary = [_drawn(small) for _ in range(5 * times)]
    cpu_s, peak_bytes = (median(values) for values in zip(*ordinary, strict=True))
    huge_cpu_s, huge_bytes = _drawn(huge)
    largest = max((file for file in huge.iterdir() if file.is_file()), key=lambda file: file.stat().st_size)
    shape = f"{HUGE.threads} threads {HUGE.depth} deep, {HUGE.seconds} s at 100 Hz, 47,000 stacks"
    return [
        Row(figure="drawing an ordinary report: CPU", unit="s", ours=cpu_s),
        Row(figure="drawing an ordinary report: memory", unit="MiB", ours=peak_bytes / 2**20, aim=Bound(100)),
        Row(figure="drawing a huge one: CPU", unit="s", ours=huge_cpu_s, aim=Bound(10), note=shape),
        Row(figure="drawing a huge one: memory", unit="MiB", ours=huge_bytes / 2**20, aim=Bound(300)),
        Row(
            figure="drawing a huge one: largest document",
            unit="MiB",
            ours=largest.stat().st_size / 2**20,
            aim=Bound(20),
            note=largest.name,
        ),
    ]


def _drawn(report: Path) -> tuple[float, float]:
    """CPU seconds with children, and the peak of the renderer's own memory in bytes."""
    with child(program("rendering", str(report))) as process:
        cpu_s, peak_bytes = said(process.stdout, within_s=_DRAWN_WITHIN_S).split()
    return float(cpu_s), float(peak_bytes)
