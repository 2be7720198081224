"""Which stalls are played, and how: threads, depths and durations vary from round to round."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daemon.demo.stalls import STALLS

_THREADS = (4, 12, 1, 30, 0, 60)
_DEPTHS = (0, 20, 5, 60, 120)
_SECONDS = (4.5, 6.0, 4.0, 8.0)


@dataclass(frozen=True)
class Case:
    """One stall to be played once."""

    number: int
    stall: str
    threads: int
    depth: int
    seconds: float

    @property
    def target(self) -> str:
        """Its name in the daemon's configuration."""
        return f"case-{self.number:03}-{self.stall.replace('_', '-')}"

    @property
    def injected(self) -> str:
        """The cause that is right."""
        return STALLS[self.stall].cause


def cases(rounds: int, only: Sequence[str]) -> Iterator[Case]:
    """Every stall that can be made here, round by round. `only` holds names of stalls or of causes."""
    number = 0
    for turn in range(rounds):
        for place, (name, stall) in enumerate(STALLS.items()):
            if stall.missing() or (only and not {name, stall.cause} & set(only)):
                continue
            pick = turn + place * (turn > 0)  # the first round is the plain one
            yield Case(number, name, *_varied(pick))
            number += 1


def _varied(pick: int) -> tuple[int, int, float]:
    return (
        _THREADS[pick % len(_THREADS)],
        _DEPTHS[pick % len(_DEPTHS)],
        _SECONDS[pick % len(_SECONDS)],
    )
