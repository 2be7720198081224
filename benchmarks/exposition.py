"""What a large exposition costs the daemon's event loop, from the first byte to the last."""

from pathlib import Path
from statistics import median

from benchmarks.figures import Bound, Row
from benchmarks.processes import child, cores, program, said

SIZE_BYTES = 20 * 10**6
ROUNDS = 7


def measure(_folder: Path, times: int) -> list[Row]:
    """One scrape of it, beside prometheus-client's parser on the same text."""
    ours, turns = [], []
    with child(program("exposition", "serve", str(SIZE_BYTES)), core=cores()[-1]) as server:
        port = said(server.stdout).strip()
        for _ in range(ROUNDS * times):
            took_s, longest_s = _read("ours", port)
            ours.append(took_s)
            turns.append(longest_s)
        parser_s, _ = _read("parser", port)
    about = f"{SIZE_BYTES / 1e6:g} MB in chunks of 4 KiB, as Go sends it, over loopback; CPU time"
    return [
        Row(
            figure="a scrape of 20 MB, all turns of the event loop",
            unit="ms",
            ours=median(ours) * 1e3,
            other=parser_s * 1e3,
            beside="prometheus-client's parser alone",
            gate=Bound(0.1),
            aim=Bound(50),
            note=about,
        ),
        Row(figure="... its longest turn", unit="ms", ours=median(turns) * 1e3, aim=Bound(5)),
    ]


def _read(kind: str, port: str) -> tuple[float, float]:
    with child(program("exposition", kind, port), core=cores()[0]) as reader:
        took_s, longest_s = said(reader.stdout, b"\n").split()
    return float(took_s), float(longest_s)
