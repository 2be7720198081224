"""What rules for Go look at: where the loop's goroutine was in each look, and what had the CPUs."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.capture import Capture
from model.samples import Frame, State
from model.signals import Name, Signals
from report.drawing import Drawing
from report.evidence.goroutines import Goroutine
from report.evidence.loop import Dump, ours
from report.evidence.program import Program
from report.places import Origin, origin
from report.verdict.go.patterns import Claim, Pattern, Piece, claim

_HANDS_OVER = re.compile(r"chan receive|select|semacquire|sync\.WaitGroup|sync\.Cond")
_DIALS = re.compile(r"net/http\.\(\*Transport\)\.getConn")
_DIALER = re.compile(r"net/http\.\(\*Transport\)\.dialConn\b.*")
_SYNC = re.compile(r"(?:internal/)?sync\.|internal/poll\.|os/exec\.")
_NEAR = 6  # frames from the innermost one: who of them started goroutines is waiting for these
_MOST_FOLLOWED = 8


@dataclass(frozen=True)
class GoFeatures:
    """One stalled iteration of a Go program. Shares are of looks, or of CPU time where there are none."""

    capture: Capture
    pieces: tuple[Piece, ...]
    claims: tuple[Claim, ...]
    rest: tuple[Piece, ...]
    others: tuple[Goroutine, ...]  # of the last look
    looks: int
    named: bool  # the loop is known by a function that runs iterations
    still: bool  # the loop's goroutine was in one stack in every look, and in two at least
    cores: float | None  # that the program kept busy
    cpu: Mapping[tuple[Frame, ...], float]  # share of the CPU time, by stack
    signals: Signals
    logs: tuple[str, ...]

    @property
    def seen_s(self) -> float:
        """How long the program was looked at."""
        return self.capture.window.ended_s - self.capture.window.started_s

    @property
    def guessed(self) -> str:
        """Why it may be another goroutine that runs the loop; empty where it is known."""
        return "" if self.named or not self.looks else "which goroutine runs the loop is a guess"

    def whose(self, piece: Piece) -> str:
        """`the loop's goroutine`, where it is known to be."""
        return "the loop's goroutine" if self.named else f"goroutine {piece.goroutine}"

    def mean(self, name: Name) -> float | None:
        """A signal's mean within the window; None where it was not read."""
        series, window = self.signals.series.get(name), self.capture.window
        values = series.within(int(window.started_s * 1e6), int(window.ended_s * 1e6)) if series else ()
        return sum(values) / len(values) if values else None

    def said(self, words: re.Pattern[str]) -> list[str]:
        """The log lines with these words in them."""
        return [line for line in self.logs if words.search(line)]


def features(drawing: Drawing, patterns: Sequence[Pattern]) -> GoFeatures:
    """Take what a Go program told apart."""
    program = drawing.program
    dumps = _within(program.dumps, drawing.capture)
    cpu, cores = _cpu(program)
    pieces = tuple(_pieces(program, dumps, cpu))
    claims, rest = claim(pieces, patterns)
    stacks = [one.frames for dump in dumps for one in dump.goroutines if one.number in program.loop.numbers]
    loop = program.loop.numbers
    return GoFeatures(
        capture=drawing.capture,
        pieces=pieces,
        claims=claims,
        rest=rest,
        others=tuple(one for dump in dumps[-1:] for one in dump.goroutines if one.number not in loop),
        looks=len(dumps),
        named=bool(program.loop.function),
        still=len(stacks) > 1 and len(set(stacks)) == 1,
        cores=cores,
        cpu=cpu,
        signals=drawing.signals,
        logs=tuple(line for tail in drawing.logs for line in tail.lines),
    )


def _within(dumps: Sequence[Dump], capture: Capture) -> Sequence[Dump]:
    """The looks at the stalled iteration: those after its end show another one."""
    iteration = capture.iteration
    if iteration is None or iteration.ended_s is None:
        return dumps
    return [dump for dump in dumps if dump.at_us <= iteration.ended_s * 1e6] or dumps


def _cpu(program: Program) -> tuple[dict[tuple[Frame, ...], float], float | None]:
    """The share of the CPU time by stack, without our own requests, and the cores that were kept busy."""
    times: Counter[tuple[Frame, ...]] = Counter()
    for each in program.busy:
        times.update({frames: us for frames, us in each.stacks_us.items() if not ours(frames)})
    lasted_us = sum(each.span.end_us - each.span.start_us for each in program.busy)
    total_us = times.total()
    shares = {frames: us / total_us for frames, us in times.items()} if total_us else {}
    return shares, total_us / lasted_us if lasted_us else None


def _pieces(
    program: Program, dumps: Sequence[Dump], cpu: Mapping[tuple[Frame, ...], float]
) -> Iterator[Piece]:
    """Equal shares to all looks at the loop's goroutines; those on a CPU are divided as CPU profiles are."""
    seen = [(dump, one) for dump in dumps for one in dump.goroutines if one.number in program.loop.numbers]
    if not seen:
        yield from (Piece(frames, share, running=True) for frames, share in cpu.items())
        return
    share = 1.0 / len(seen)
    for dump, one in seen:
        if one.state is State.RUNNING or _of_the_runtime(one):
            yield from _running(one, share, program.loop.function, cpu)
        else:
            yield from _waiting(one, share, dump, program)


def _of_the_runtime(one: Goroutine) -> bool:
    """Whether it waits for the runtime itself, most often to begin a collection, and not for a function."""
    return one.reason == "semacquire" and not any(_SYNC.match(frame.function) for frame in one.frames[-4:])


def _running(
    one: Goroutine, share: float, function: str, cpu: Mapping[tuple[Frame, ...], float]
) -> Iterator[Piece]:
    root = function or next((f.function for f in one.frames if origin(f.file) is Origin.OWN), "")
    inside = {f: part for f, part in cpu.items() if any(each.function == root for each in f)}
    total = sum(inside.values())
    if one.reason.startswith("GC") or not total:
        yield Piece(one.frames, share, running=True, reason=one.reason, goroutine=one.number)
        return
    for frames, part in inside.items():
        yield Piece(frames, share * part / total, running=True, goroutine=one.number)


def _waiting(one: Goroutine, share: float, dump: Dump, program: Program) -> Iterator[Piece]:
    """The goroutine itself, or those whose work it waits for, below its own stack."""
    followed = list(_followed(one, dump, program))[:_MOST_FOLLOWED]
    for each in followed or [one]:
        frames = one.frames if each is one else (*one.frames, *each.frames)
        yield Piece(
            frames,
            share / max(1, len(followed)),
            running=each.state is State.RUNNING,
            reason=each.reason,
            minutes=max(one.minutes, each.minutes),
            goroutine=one.number,
            lock=each.lock,
        )


def _followed(one: Goroutine, dump: Dump, program: Program) -> Iterable[Goroutine]:
    if not _HANDS_OVER.match(one.reason):
        return ()
    if any(_DIALS.fullmatch(frame.function) for frame in one.frames):
        return (g for g in dump.goroutines if any(_DIALER.fullmatch(frame.function) for frame in g.frames))
    names = [frame.function for frame in one.frames]
    inner = names[names.index(program.loop.function) :] if program.loop.function in names else names[-_NEAR:]
    return (g for g in dump.goroutines if g.creator_number == one.number and g.creator in inner)
