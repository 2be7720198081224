"""What is said when the command has ended."""

from collections.abc import Iterator, Mapping, Sequence

from daemon.exec.demands import Judgement
from daemon.exec.junit import words
from daemon.exec.reports import Found
from daemon.exec.tally import Tally, percentile
from daemon.sources.heartbeat.hearing import ITERATION_CHARACTERS
from model.units import Seconds

_SHOWN = 3
_WORDS = {
    "malformed": f"malformed (an iteration's name has 1 to {ITERATION_CHARACTERS} printable characters)",
    "unknown_target": "for an unknown target (LOOPCAM_TARGET has its name)",
}
SILENT = (
    "nothing was heard of iterations, so nothing was watched: have the loop send heartbeats to "
    "LOOPCAM_SOCKET, for instance with deploy/clients/loopcam.py, loopcam.go or loopcam.sh, or give its "
    "--log-file (docs/exec.md)"
)


def lines(
    tally: Tally,
    judgements: Sequence[Judgement],
    reports: Sequence[Found],
    refusals: Mapping[str, int],
    *,
    heard: bool,
    unheard: Mapping[str, int],
) -> Iterator[str]:
    """The lines, without a mark of whose they are."""
    if heard or not unheard:
        yield _figures(tally) if heard else SILENT
    if unheard:
        yield _unheard(unheard, heard=heard)
    for report in reports:
        yield f"report of {report.iteration}: {report.path}"
        if report.verdict:
            yield f"  {report.verdict}"
    if refusals and len(reports) < tally.overruns:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(refusals.items()))
        yield f"captures refused: {reasons}"
    for one in judgements:
        if one.broken and one.kind != "exit":
            yield f"broken: {one.demand}: {one.broken}"
            yield from (f"  {words(slow, one.threshold_s)}" for slow in one.iterations[:_SHOWN])


def _unheard(unheard: Mapping[str, int], *, heard: bool) -> str:
    count = sum(unheard.values())
    many = "1 heartbeat was refused" if count == 1 else f"{count} heartbeats were refused"
    reasons = ", ".join(f"{times} {_WORDS.get(reason, reason)}" for reason, times in sorted(unheard.items()))
    none = "" if heard else ", and no other came, so nothing was watched"
    return f"{many}{none}: {reasons} (docs/sources.md)"


def _figures(tally: Tally) -> str:
    durations_s = tally.durations_s()
    overran = "1 overrun" if tally.overruns == 1 else f"{tally.overruns} overruns"
    if not durations_s:
        return f"{tally.many}, {overran}"
    half, most, longest = (Seconds(percentile(durations_s, percent)) for percent in (50, 99, 100))
    return f"{tally.many}, p50 {half}, p99 {most}, max {longest}, {overran}"
