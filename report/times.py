"""Durations and times as people say them."""

import math
from datetime import UTC, datetime

from model.capture import Capture
from model.units import Seconds


def seconds(value_s: float) -> str:
    """A duration as people say it: three digits at most below a minute."""
    digits = 0 if value_s >= 100 else max(0, 2 - math.floor(math.log10(max(value_s, 1e-3))))
    return str(Seconds(round(value_s, digits))) if value_s > 0 else "0s"


def clock(capture: Capture, monotonic_s: float) -> str:
    """A monotonic time as UTC with milliseconds."""
    at = datetime.fromtimestamp(monotonic_s + capture.wall_minus_monotonic_s, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03} UTC"
