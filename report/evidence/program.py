"""What a Go program told of itself over HTTP: goroutine dumps, CPU profiles, and other profiles."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from model.samples import Frame, State, TableBuilder
from report.evidence import cpu, goroutines, loop, profiles
from report.evidence.cpu import Busy
from report.evidence.fetched import Fetched, attempt, words
from report.evidence.goroutines import Goroutine
from report.evidence.loop import NO_LOOP, Dump, Loop
from report.evidence.profiles import Profile

PPROF = "pprof"
OTHER_PROFILES = ("heap", "allocs", "mutex", "block", "goroutines")
BUSY_CORES = 0.5  # from which on a CPU profile tells more than a goroutine that may be the loop's and waits
MOST_DUMP_BYTES = 96 << 20  # of all dumps; later ones are left out

T = TypeVar("T")


@dataclass(frozen=True)
class Program:
    """A Go program in the words of its pprof; empty where it has none."""

    dumps: tuple[Dump, ...] = ()
    loop: Loop = NO_LOOP
    busy: tuple[Busy, ...] = ()
    profiles: tuple[tuple[str, Profile], ...] = ()  # by what they are of: heap, mutex, ...

    @property
    def seen(self) -> bool:
        """Whether it was looked at, or its CPU time measured."""
        return bool(self.dumps or self.busy)


NO_PROGRAM = Program()


def read(files: Iterable[Fetched], faults: list[str]) -> Program:
    """What the files tell; those that are damaged are told, and cost themselves only."""
    dumps: list[Dump] = []
    found: list[Busy] = []
    others: list[tuple[str, Profile]] = []
    known: dict[tuple[Frame, ...], tuple[Frame, ...]] = {}
    size_bytes = 0
    for each in files:
        if each.kind != PPROF:
            continue
        what = each.fetch.what
        if what == "goroutine_dump":
            size_bytes += each.fetch.size_bytes
            if size_bytes <= MOST_DUMP_BYTES:
                dumps += _dump(each, known, faults)
            else:
                faults.append(f"{each.fetch.path} is not read: the dumps before it are all that fits")
        elif what == "cpu":
            found += _read(each, _busy, faults)
        elif what in OTHER_PROFILES:
            others += _read(each, _other, faults)
    dumps.sort(key=lambda dump: dump.at_us)
    found.sort(key=lambda each: each.span)
    guess = loop.find(dumps)
    chosen = NO_LOOP if not guess.function and _elsewhere(dumps, guess, found) else guess
    return Program(tuple(dumps), chosen, tuple(found), tuple(others))


def _elsewhere(dumps: Iterable[Dump], guess: Loop, found: Sequence[Busy]) -> bool:
    """Whether those that are taken for the loop's only wait, while others keep a CPU busy."""
    lasted_us = sum(each.span.end_us - each.span.start_us for each in found)
    if not found or sum(each.cpu_us for each in found) < BUSY_CORES * lasted_us:
        return False
    looks = (each for dump in dumps for each in dump.goroutines if each.number in guess.numbers)
    return all(each.state is State.WAITING for each in looks)


def _read(each: Fetched, read: Callable[[Fetched], T], faults: list[str]) -> Iterator[T]:
    if (found := attempt(each.fetch.path, partial(read, each), faults)) is not None:
        yield found


def _busy(each: Fetched) -> Busy:
    return cpu.busy(profiles.read(each.file), each.at_us, each.ended_us)


def _other(each: Fetched) -> tuple[str, Profile]:
    return each.fetch.what, profiles.read(each.file)


def _dump(
    each: Fetched, known: dict[tuple[Frame, ...], tuple[Frame, ...]], faults: list[str]
) -> Iterator[Dump]:
    """A dump, as far as it can be read. Equal stacks are kept once."""
    found: list[Goroutine] = []
    try:
        with each.file.open("rb") as file:
            for goroutine in goroutines.read(file):
                frames = known.setdefault(goroutine.frames, goroutine.frames)
                found.append(goroutine._replace(frames=frames))
        if not found:
            raise ValueError("it holds no goroutine")
    except (OSError, ValueError) as error:
        faults.append(words(each.fetch.path, error))
    if found:
        yield Dump(each.at_us, tuple(found))


def add(program: Program, end_us: int, pid: int, builder: TableBuilder) -> bool:
    """Add the program's rows to a table; whether the last segment is made of dumps."""
    before_us = 0
    for each in program.busy:
        span = each.span._replace(start_us=max(each.span.start_us, before_us))
        if span.end_us > span.start_us:
            builder.add_beside(span, cpu.rows(each._replace(span=span), pid, builder))
            before_us = span.end_us
    return bool(program.dumps) and loop.add(program.dumps, program.loop, end_us, pid, builder)
