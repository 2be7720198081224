"""Which programs are played, and how: threads, depths and durations vary from round to round."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.strangers import STRANGERS
from daemon.demo.stalls import STALLS

SETS = ("stalls", "strangers")

_THREADS = (4, 12, 1, 30, 0, 60)
_DEPTHS = (0, 20, 5, 60, 120)
_SECONDS = (4.5, 6.0, 4.0, 8.0)


@dataclass(frozen=True)
class Case:
    """One program to be played once."""

    number: int
    stall: str
    causes: tuple[str, ...]  # any of them is right
    seconds: float
    threads: int = 0
    depth: int = 0
    strange: bool = False  # not of the demonstration's
    asked: bool = False  # no iteration runs: the capture is asked for

    @property
    def target(self) -> str:
        """Its name in the daemon's configuration."""
        return f"case-{self.number:03}-{self.stall.replace('_', '-')}"

    def program(self, watcher: str, pidfile: str, server: int) -> tuple[str, ...]:
        """What to give to Python; `server` is the port of the strangers'."""
        if self.strange:
            own: tuple[str, ...] = ("-m", "benchmarks.strangers.program", watcher, self.target, pidfile)
            own += (f"--stranger={self.stall}", f"--server={server}")
        else:
            own = ("-I", "-m", "daemon.demo.autoscaler", watcher, self.target, pidfile)
            own += (f"--stall={self.stall}", f"--threads={self.threads}", f"--depth={self.depth}")
        return (*own, f"--seconds={self.seconds}")


def cases(rounds: int, only: Sequence[str], chosen: str = "stalls") -> Iterator[Case]:
    """Every program of a set that can be made here, round by round; `only` holds names or causes."""
    made = _strangers if chosen == "strangers" else _stalls
    played = [one for turn in range(rounds) for one in made(turn) if _wanted(one, only)]
    for number, one in enumerate(played):
        yield Case(**{**vars(one), "number": number})


def _wanted(one: Case, only: Sequence[str]) -> bool:
    return not only or bool({one.stall, *one.causes} & set(only))


def _stalls(turn: int) -> Iterator[Case]:
    for place, (name, stall) in enumerate(STALLS.items()):
        if not stall.missing():
            pick = turn + place * (turn > 0)  # the first round is the plain one
            threads, depth = _THREADS[pick % len(_THREADS)], _DEPTHS[pick % len(_DEPTHS)]
            yield Case(0, name, (stall.cause,), _SECONDS[pick % len(_SECONDS)], threads, depth)


def _strangers(turn: int) -> Iterator[Case]:
    for place, (name, stranger) in enumerate(STRANGERS.items()):
        seconds = _SECONDS[(turn + place * (turn > 0)) % len(_SECONDS)]
        yield Case(0, name, stranger.causes, seconds, strange=True, asked=stranger.asked)
