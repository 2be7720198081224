"""What drawing a report takes: of an ordinary profile, and of a huge one."""

import time
from pathlib import Path
from statistics import median

from benchmarks.apparatus.processes import child, children_cpu_s, cpu_s, program, said
from benchmarks.apparatus.profilers import py_spy
from benchmarks.apparatus.synthetic import HUGE, ORDINARY, write
from benchmarks.figures import Row, often

_DRAWN_WITHIN_S = 400.0
RECORDED_S = 5


def measure(folder: Path, times: float) -> list[Row]:
    """CPU time, memory and the largest document; the ordinary one so often as one alone says little."""
    small, huge = write(folder / "ordinary", ORDINARY), write(folder / "huge", HUGE)
    ordinary = [_drawn(small) for _ in range(often(5, times))]
    drawn_s, peak_bytes = (median(values) for values in zip(*ordinary, strict=True))
    huge_cpu_s, huge_bytes = _drawn(huge)
    largest = max((file for file in huge.iterdir() if file.is_file()), key=lambda file: file.stat().st_size)
    shape = f"{HUGE.threads} threads {HUGE.depth} deep, {HUGE.seconds} s at 100 Hz, 47,000 stacks"
    return [
        Row(
            figure="drawing an ordinary report: CPU",
            unit="s",
            ours=drawn_s,
            other=_svg_s(folder, RECORDED_S),
            beside="py-spy's own SVG",
            note="all documents and the verdict; of py-spy, CPU time from its last sample until it ends",
        ),
        Row(figure="drawing an ordinary report: memory", unit="MiB", ours=peak_bytes / 2**20),
        Row(figure="drawing a huge one: CPU", unit="s", ours=huge_cpu_s, note=shape),
        Row(figure="drawing a huge one: memory", unit="MiB", ours=huge_bytes / 2**20),
        Row(
            figure="drawing a huge one: largest document",
            unit="MiB",
            ours=largest.stat().st_size / 2**20,
            note=largest.name,
        ),
    ]


def _svg_s(folder: Path, seconds: int) -> float:
    """CPU seconds in which py-spy draws what it recorded of a target of as many threads, as deep."""
    shape = (str(ORDINARY.threads), str(ORDINARY.depth), str(folder / "units"))
    with child(program("threads", *shape)) as target:
        said(target.stdout)
        before_s = children_cpu_s()
        with py_spy(target.pid, seconds, folder / "own.svg", "--nonblocking") as recording:
            time.sleep(seconds)
            recorded_s = cpu_s(recording.pid)
        return children_cpu_s() - before_s - recorded_s


def _drawn(report: Path) -> tuple[float, float]:
    """CPU seconds with children, and the peak of the renderer's own memory in bytes."""
    with child(program("rendering", str(report))) as process:
        used_s, peak_bytes = said(process.stdout, within_s=_DRAWN_WITHIN_S).split()
    return float(used_s), float(peak_bytes)
