"""What an idle daemon costs: memory and CPU of its whole tree, with one target and one iteration a second."""

import time
from pathlib import Path

from benchmarks.apparatus.daemons import Heart, Options, daemon
from benchmarks.apparatus.exporter import exporter
from benchmarks.apparatus.processes import child, program, said
from benchmarks.apparatus.trees import together
from benchmarks.figures import Row, often

SETTLE_S, WATCH_S = 25, 15  # in which the first healthy iterations are sampled for the baseline
SCRAPE_EVERY_S = 5
BARE, EXPORTER = "bare aiohttp + prometheus-client", "prometheus-node-exporter"
LADDER: dict[str, Options] = {
    "watching only": {"dashcam": "off", "collectors": ["pyspy"]},
    "as it comes": {},
}


def measure(folder: Path, times: float) -> list[Row]:
    """Each rung beside the other two servers, all of them asked the same at the same time."""
    return [row for name, options in LADDER.items() for row in _rung(folder, name, options, times)]


def _rung(folder: Path, name: str, options: Options, times: float) -> list[Row]:
    (home := folder / name.replace(" ", "-")).mkdir()
    with (
        child(program("threads", "4", "20")) as target,
        daemon(home, target.pid, {"max_loop_time": "1m", **options}) as ours,
        child(program("bare_server")) as bare,
        exporter() as other,
    ):
        said(target.stdout)
        hearts = (ours.heart, Heart(int(said(bare.stdout))))
        ours.wait_until_found()

        def iterate(iterations: int) -> None:
            for number in range(iterations):
                if number % SCRAPE_EVERY_S == 0:
                    other.scrape()
                    for heart in hearts:
                        heart.ask("GET", "/metrics")
                _beat(hearts)

        iterate(often(SETTLE_S, times))
        with together(ours.pid, bare.pid, other.pid) as trees:
            iterate(often(WATCH_S, times))
    note = f"{often(WATCH_S, times)} s, an iteration (two heartbeats) a second, a scrape in {SCRAPE_EVERY_S}"
    rows = []
    for beside, other_tree in zip((BARE, EXPORTER), trees[1:], strict=True):
        against = name if beside == BARE else f"{name}, to an exporter"
        memory, cpu = f"idle memory, {against}", f"idle CPU, {against}"
        mib, percent = (trees[0].most_mib, other_tree.most_mib), (trees[0].percent, other_tree.percent)
        rows += [
            Row(
                figure=memory,
                unit="MiB",
                ours=mib[0],
                other=mib[1],
                beside=beside,
                note="PSS, the most at any glance",
            ),
            Row(figure=cpu, unit="% of a core", ours=percent[0], other=percent[1], beside=beside, note=note),
        ]
    return rows


def _beat(hearts: tuple[Heart, ...]) -> None:
    for event in ("start", "end"):
        for heart in hearts:
            heart.say(event)
        time.sleep(0.5)
