"""When healthy iterations are sampled: a few an hour, more while there is no baseline. Pure."""

from typing import Final

import msgspec

EVERY_S: Final = 900.0  # a sitting
EVERY_AT_FIRST_S: Final = 30.0  # while there is no baseline, or too little in it
DUTY: Final = 0.005  # of the time, at most, however long iterations are
DUTY_AT_FIRST: Final = 0.05
LONG_S: Final = 1.0  # an iteration that fills a sitting by itself
SITTING_S: Final = 6.0  # a sitting of short iterations, at least: a sampler's first segment is in it
SITTING_AT_FIRST_S: Final = 3.0  # the same, while little is known: soon something is
SITTING_NEEDS: Final = 5  # short iterations, or it goes on for
SITTING_MOST_S: Final = 60.0  # where they are far apart
BEGINNING_S: Final = 1.0  # a sampler's start: what ends within has hardly been seen
SEALED_S: Final = 10.0  # by then a sitting's segments are whole, or there are none
MOST_ITERATIONS: Final = 500  # of a sitting; later ones end it


class Done(msgspec.Struct, frozen=True):
    """A healthy iteration. Times are monotonic seconds."""

    iteration: str | None
    started_s: float
    ended_s: float


class Sitting:
    """Iterations of one target that are sampled in a row: short ones are over before a sampler starts."""

    def __init__(self, began_s: float, least_s: float = SITTING_S) -> None:
        self.began_s = began_s
        self._least_s = least_s
        self.over_s: float | None = None
        self.done: list[Done] = []

    def ended(self, done: Done) -> None:
        """A healthy iteration ended; one that is long, or the last of many, ends the sitting."""
        if self.over_s is not None or done.started_s < self.began_s - LONG_S:
            return
        self.done.append(done)
        long = done.ended_s - max(done.started_s, self.began_s) >= LONG_S
        lasted_s = done.ended_s - self.began_s
        seen = sum(one.ended_s >= self.began_s + BEGINNING_S for one in self.done[-SITTING_NEEDS:])
        many = lasted_s >= self._least_s and seen >= SITTING_NEEDS
        if long or many or lasted_s >= SITTING_MOST_S or len(self.done) >= MOST_ITERATIONS:
            self.over_s = done.ended_s

    def spoilt(self, at_s: float) -> None:
        """An iteration overran: what it did is not healthy, and a capture has had the ring."""
        if self.over_s is None:
            self.over_s = at_s

    def idle(self, now_s: float) -> None:
        """No iteration is in flight: what there is to see may not come for long."""
        if self.over_s is None and now_s >= self.began_s + SITTING_MOST_S:
            self.over_s = now_s

    def sealed(self, now_s: float) -> bool:
        """Whether there has been time enough for its last segment to end."""
        return self.over_s is not None and now_s >= self.over_s + SEALED_S


class Schedule:
    """One target's sittings."""

    def __init__(self, now_s: float) -> None:
        self.sitting: Sitting | None = None
        self.known = False  # there is a baseline of this code, with enough in it
        self._next_s = now_s

    def wanted(self, now_s: float, *, in_flight: bool = True) -> bool:
        """Whether to sample now, though nothing is slow. Only with an iteration in flight it begins."""
        if self.sitting is None and in_flight and now_s >= self._next_s:
            self.sitting = Sitting(now_s, SITTING_S if self.known else SITTING_AT_FIRST_S)
        if self.sitting is not None and not in_flight:
            self.sitting.idle(now_s)
        return self.sitting is not None and self.sitting.over_s is None

    def ended(self, done: Done) -> None:
        """A healthy iteration ended."""
        if self.sitting is not None:
            self.sitting.ended(done)

    def overran(self, at_s: float) -> None:
        """An iteration ended that had overrun."""
        if self.sitting is not None:
            self.sitting.spoilt(at_s)

    def close(self, now_s: float) -> None:
        """The sitting is dealt with, or spoilt by a capture or an exit; the next comes in its time."""
        sitting, self.sitting = self.sitting, None
        if sitting is not None:
            sampled_s = (sitting.over_s or now_s) - sitting.began_s
            every_s, duty = (EVERY_S, DUTY) if self.known else (EVERY_AT_FIRST_S, DUTY_AT_FIRST)
            self._next_s = sitting.began_s + max(every_s, sampled_s / duty)
