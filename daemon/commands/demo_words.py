"""What the demonstration says: the stalls that there are, and at its end the report.

`python -m daemon.commands.demo_words docs/demo.md` fills the tables of stalls and of the simulator's options.
"""

import shutil
import sys
import textwrap
from pathlib import Path

from daemon.demo.autoscaler import HEALTHY_ITERATIONS, is_stalling
from daemon.demo.simulator.options import OPTIONS
from daemon.demo.stalls import STALLS
from model import coding
from model.manifest import Manifest
from model.report import MANIFEST_FILE
from model.verdict import Verdict

_MARGIN = 14
_BEGIN, _END = "<!-- stalls -->", "<!-- end -->"
_OPTIONS_BEGIN, _OPTIONS_END = "<!-- simulator -->", "<!-- end of simulator -->"


def listed() -> str:
    """Every stall: its name, what it does, which verdict is right, and why it cannot be made here."""
    width = max(map(len, STALLS))
    lines = [f"{'STALL':{width}}  {'RIGHT VERDICT':18}  WHAT HAPPENS"]
    for name, stall in STALLS.items():
        missing = stall.missing()
        lines.append(
            f"{name:{width}}  {stall.cause:18}  {stall.does}" + (f" (not here: {missing})" if missing else "")
        )
    return "\n".join(lines)


def filled(page: str) -> str:
    """The text of `docs/demo.md` with its tables in their places."""
    for begin, end, made in ((_BEGIN, _END, table()), (_OPTIONS_BEGIN, _OPTIONS_END, options_table())):
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{made}\n{end}{rest.partition(end)[2]}"
    return page


def options_table() -> str:
    """The load simulator's options, in Markdown."""
    rows = [f"| `--{one.flag} {one.metavar}` | {one.meaning} | {one.default or 'never'} |" for one in OPTIONS]
    rows += ["| `--sla WHAT=LIMIT` | what is demanded, see below | |"]
    rows += ["| `--json FILE` | everything that was measured, into a file | |"]
    rows += [
        "| `--serve` | until Ctrl-C | |",
        "| `--out DIR` | where log, spool and reports are kept | `loopcam-demo` |",
    ]
    return "\n".join(["| option | meaning | default |", "| --- | --- | --- |", *rows])


def table() -> str:
    """Every stall, whatever can be made here, in Markdown."""
    rows = [f"| `{name}` | `{stall.cause}` | {stall.does} |" for name, stall in STALLS.items()]
    return "\n".join(["| stall | right verdict | what happens |", "| --- | --- | --- |", *rows])


def is_of_stall(directory: Path, healthy_iterations: int = HEALTHY_ITERATIONS) -> bool:
    """Whether a report is of an iteration that was made to stall: on a busy machine others overrun too."""
    iteration = _manifest(directory).capture.iteration
    return iteration is not None and is_stalling(int(iteration.id or 0), healthy_iterations)


def told(directory: Path, stall: str) -> str:
    """The report of this stall in words: the verdict first, then the top stack and where to look."""
    manifest = _manifest(directory)
    lines = [*_verdict(manifest.verdict, STALLS[stall].cause), *_stack(manifest), *_where(directory)]
    return "\n".join(lines)


def _manifest(directory: Path) -> Manifest:
    return coding.decode((directory / MANIFEST_FILE).read_bytes(), Manifest)


def _verdict(verdict: Verdict | None, injected: str) -> list[str]:
    if verdict is None:
        return [_row("Verdict", "none: the report has no verdict")]
    lines = [
        _row("Verdict", verdict.sentence),
        _row("Cause", f"{verdict.cause} ({verdict.confidence} confidence); {_agreement(verdict, injected)}"),
    ]
    lines += [
        _row("Evidence" if not number else "", fact.text) for number, fact in enumerate(verdict.further)
    ]
    lines += [_row("Or", f"{one.cause}: {one.sentence}") for one in verdict.alternatives]
    return [*lines, *([_row("Next", verdict.remedy)] if verdict.remedy else [])]


def _agreement(verdict: Verdict, injected: str) -> str:
    if verdict.cause == injected:
        return "that is what was injected"
    return f"but {injected} was injected"


def _stack(manifest: Manifest) -> list[str]:
    if not manifest.top_stacks:
        return [_row("Top stack", f"none: {manifest.rendering.detail}")]
    top = manifest.top_stacks[0]
    return [
        _row("Top stack", f"{top.share:.0%} of {top.thread}:"),
        *(f"{'':{_MARGIN}}{frame}" for frame in top.frames),
        _row("Culprit", f"{top.function_share:.0%} in {top.function}"),
    ]


def _where(directory: Path) -> list[str]:
    return [
        _row("The report", str(directory)),
        _row("Look at it", "in a browser:"),
        f"{'':{_MARGIN}}{directory / 'report.html'},",
        f"{'':{_MARGIN}}or `loopcam reports show {directory}`,",
        f"{'':{_MARGIN}}or profile.speedscope.json in speedscope, or `go tool pprof profile.pb.gz`",
    ]


def _row(name: str, text: str) -> str:
    """A line, or on a terminal as many as are needed."""
    if not sys.stdout.isatty():
        return f"{name:{_MARGIN}}{text}"
    width = max(40, shutil.get_terminal_size().columns - _MARGIN)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    head = f"\x1b[1m{name}\x1b[0m{'':{_MARGIN - len(name)}}" if name else " " * _MARGIN
    return head + f"\n{'':{_MARGIN}}".join(lines)


if __name__ == "__main__":
    PAGE = Path(sys.argv[1])
    PAGE.write_text(filled(PAGE.read_text()))
