"""Durations and times as people say them."""

from datetime import UTC, datetime
from typing import Final

from model.capture import Capture
from model.units import spoken

seconds: Final = spoken


def clock(capture: Capture, monotonic_s: float) -> str:
    """A monotonic time as UTC with milliseconds."""
    at = datetime.fromtimestamp(monotonic_s + capture.wall_minus_monotonic_s, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03} UTC"
