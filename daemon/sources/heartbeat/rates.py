"""How often a target may be heard: a token bucket each, holding one second's worth."""

import math
from collections.abc import Mapping


class Rates:
    """Token buckets by target name."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[float, float]] = {}  # left, at (monotonic seconds)

    def wait_s(self, target: str, targets: Mapping[str, int], now_s: float) -> int:
        """Take a token: 0, or the whole seconds to wait for one. `targets` gives tokens a second."""
        per_s = targets[target]
        left, at_s = self._tokens.get(target, (per_s, now_s))
        left += (now_s - at_s) * per_s
        if left > per_s:
            left = per_s
        if left < 1:
            self._tokens[target] = (left, now_s)
            return max(1, math.ceil((1 - left) / per_s))
        self._tokens[target] = (left - 1, now_s)
        if len(self._tokens) > len(targets):  # a reload has dropped some
            self._tokens = {name: tokens for name, tokens in self._tokens.items() if name in targets}
        return 0
