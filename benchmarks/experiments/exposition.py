"""What a large exposition costs the daemon's event loop, from the first byte to the last."""

from pathlib import Path
from statistics import median

from benchmarks.apparatus.processes import child, cores, program, said
from benchmarks.figures import Row, often

SIZE_BYTES = 20 * 10**6
ROUNDS = 3


def measure(_folder: Path, times: float) -> list[Row]:
    """Its parsing, beside prometheus-client's parser; and a whole scrape, beside receiving alone."""
    rounds = []
    with child(program("exposition", "serve", str(SIZE_BYTES)), core=cores()[-1]) as server:
        port = said(server.stdout).strip()
        for _ in range(often(ROUNDS, times)):
            rounds.append(_read("ours", port))
        (parser_s,) = _read("parser", port)
    parsing_s, scraping_s, receiving_s, turn_s = map(median, zip(*rounds, strict=True))
    about = f"{SIZE_BYTES / 1e6:g} MB in chunks of 4 KiB, as Go sends it, over loopback; CPU time"
    return [
        Row(
            figure="finding the series in 20 MB of exposition",
            unit="ms",
            ours=parsing_s * 1e3,
            other=parser_s * 1e3,
            beside="prometheus-client's parser",
            note=about,
        ),
        Row(
            figure="a whole scrape of it",
            unit="ms",
            ours=scraping_s * 1e3,
            other=receiving_s * 1e3,
            beside="the same client, only receiving",
        ),
        Row(figure="the longest turn of the event loop in it", unit="ms", ours=turn_s * 1e3),
    ]


def _read(kind: str, port: str) -> list[float]:
    with child(program("exposition", kind, port), core=cores()[0]) as reader:
        return [float(number) for number in said(reader.stdout, b"\n").split()]
