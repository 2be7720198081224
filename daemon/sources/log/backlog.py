"""What events add up to that must not be told as they are: those of old lines, or of too many. Pure."""

from collections.abc import Iterable

from daemon.sources.contract import LoopRules
from daemon.sources.log.contract import Mark
from model.events import EventKind

MOST_OPEN = 1000
MOST_NAME = 256

Name = str | None


class Backlog:
    """Which iterations are open, as told and as they are."""

    def __init__(self, rules: LoopRules, opened: Iterable[Name] = ()) -> None:
        """`opened` were open when this was last known, before a restart; nobody was told of them since."""
        self._pairs = rules.mode in ("start_end", "start")
        self._concurrent = rules.concurrent
        self._open: dict[Name, None] = dict.fromkeys(opened)  # oldest first
        self._told: set[Name] = set()  # those of which a start was delivered, and no end
        self._turning = False  # whether a beat, or an end where no starts are told, was delivered
        self._last: Mark | None = None  # the last of these that was not

    @property
    def opened(self) -> tuple[Name, ...]:
        """The iterations that are open, to be remembered; none where only ends or beats are told."""
        return tuple(self._open)

    def live(self, mark: Mark) -> None:
        """An event that is delivered as it is."""
        if self._pairs:
            self._follow(mark)
            if mark.kind is EventKind.START and mark.iteration in self._open:
                self._told.add(mark.iteration)
        else:
            self._turning, self._last = mark.kind is not EventKind.IDLE, None

    def stale(self, mark: Mark) -> Mark | None:
        """An event that is not; what is to be delivered in its place, now: the end of what was told."""
        if not self._pairs:
            first, self._last = self._turning and self._last is None, mark
            return mark if first else None
        before = set(self._told)
        self._follow(mark)
        ended = before - self._told
        if ended and mark.kind is EventKind.START:
            return Mark(kind=EventKind.END, iteration=ended.pop())
        return mark if ended else None

    def caught_up(self, *, same_process: bool) -> list[Mark]:
        """What is to be delivered now that lines are new again: a start counts from now on.

        Where it is not the process of before, nothing is known of what was open.
        """
        if not self._pairs:
            last, self._last = self._last, None
            return [last] if last and self._turning else []
        if not same_process:
            self._open = {name: None for name in self._open if name in self._told}
        untold = [name for name in self._open if name not in self._told]
        self._told = set(self._open)
        return [Mark(kind=EventKind.START, iteration=name) for name in untold]

    def _follow(self, mark: Mark) -> None:
        name = mark.iteration
        if mark.kind is EventKind.IDLE or (not self._concurrent and self._ends(mark)):
            self._open.clear()
            self._told.clear()
        elif mark.kind is EventKind.END:
            self._forget(name)
        if mark.kind is EventKind.START and len(name or "") <= MOST_NAME:
            self._open.setdefault(name)
            if len(self._open) > MOST_OPEN:
                self._forget(next(iter(self._open)))

    def _forget(self, name: Name) -> None:
        self._open.pop(name, None)
        self._told.discard(name)

    def _ends(self, mark: Mark) -> bool:
        """Whether an event ends what is open, where one iteration follows the other."""
        named = mark.iteration is not None and None not in self._open
        if mark.kind is EventKind.START:
            return not named or mark.iteration not in self._open
        return not named or mark.iteration in self._open
