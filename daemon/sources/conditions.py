"""Which sources hear their targets, and what is said of it: a source that is only late is no warning."""

import asyncio
import logging

from daemon.sources.contract import Condition

_LOG = logging.getLogger(__name__)

PATIENCE_S = 10.0  # so long a source may take until it hears for the first time

Whose = tuple[str, str]  # target and source


class Conditions:
    """The condition of each running source; every change is logged once."""

    def __init__(self) -> None:
        self._now: dict[Whose, Condition] = {}
        self._heard: set[Whose] = set()  # were up before
        self._late: set[Whose] = set()  # had their time to be up
        self._timers: dict[Whose, asyncio.TimerHandle] = {}

    def get(self, whose: Whose) -> Condition | None:
        """The condition of a source that has told one."""
        return self._now.get(whose)

    def note(self, whose: Whose, condition: Condition) -> None:
        """A source tells its condition."""
        before = self._now.get(whose)
        self._now[whose] = condition
        if before == condition:
            return
        if condition.up:
            self._hears(whose)
        elif whose in self._heard or whose in self._late:
            self._warn(whose)
        else:
            self._waits(whose)

    def forget(self, whose: Whose) -> None:
        """A source ends."""
        self._now.pop(whose, None)
        self._heard.discard(whose)
        self._late.discard(whose)
        self._stop(whose)

    def close(self) -> None:
        """Nobody is waited for any more."""
        for timer in self._timers.values():
            timer.cancel()

    def _hears(self, whose: Whose) -> None:
        self._stop(whose)
        again = " again" if whose in self._heard else ""
        self._heard.add(whose)
        _LOG.info(f"source hears its target{again}", extra=_about(whose))

    def _waits(self, whose: Whose) -> None:
        """It never heard: the log may not be there yet."""
        _LOG.info("source waits", extra={**_about(whose), **_why(self._now[whose])})
        if whose not in self._timers:
            later = asyncio.get_running_loop().call_later
            self._timers[whose] = later(PATIENCE_S, self._out_of_patience, whose)

    def _out_of_patience(self, whose: Whose) -> None:
        self._late.add(whose)
        self._warn(whose)

    def _warn(self, whose: Whose) -> None:
        _LOG.warning("source hears nothing", extra={**_about(whose), **_why(self._now[whose])})

    def _stop(self, whose: Whose) -> None:
        if (timer := self._timers.pop(whose, None)) is not None:
            timer.cancel()


def _about(whose: Whose) -> dict[str, str]:
    return {"target": whose[0], "source": whose[1]}


def _why(condition: Condition) -> dict[str, str]:
    return {"why": condition.detail, "remedy": condition.remedy}
