"""Whether one process answers, and not several in turn behind one address."""

import math
from collections import deque
from collections.abc import Iterable

from daemon.sources.contract import Condition
from daemon.sources.metrics.contract import Sample
from daemon.sources.metrics.forms.counts import BORN

STEADY_S = 60.0  # that the same one must have answered for
_REMEMBERED = 64

SEVERAL = Condition(
    False,
    "several processes answer at this address in turn: what one says is no word on another's loop",
    "give the address of each: a list, or dns:NAME:PORT of a headless Service",
)


class Births:
    """When the processes that answered began: once another has answered, none comes back."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._earlier: deque[float] = deque(maxlen=_REMEMBERED)
        self._several_until_s = float("-inf")

    def several(self, samples: Iterable[Sample], now_s: float) -> bool:
        """Take an answer, and say whether several processes were heard of late."""
        born = next((one.value for one in samples if one.name == BORN), None)
        if born is not None and math.isfinite(born) and born != self._last:
            if born in self._earlier:
                self._several_until_s = now_s + STEADY_S
            if self._last is not None:
                self._earlier.append(self._last)
            self._last = born
        return now_s < self._several_until_s
