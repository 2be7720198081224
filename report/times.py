"""Moments, and how many times, as people say them."""

from datetime import UTC, datetime

from model.capture import Capture


def times(factor: float) -> str:
    """How many times something is something else, in words: `9.8 times`, `97 times`, `97,700 times`."""
    if factor < 10:
        return f"{factor:.2g} times"
    return f"{float(f'{factor:.3g}' if factor >= 1000 else f'{factor:.0f}'):,.0f} times"


def clock(capture: Capture, monotonic_s: float) -> str:
    """A monotonic time as UTC with milliseconds."""
    at = datetime.fromtimestamp(monotonic_s + capture.wall_minus_monotonic_s, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03} UTC"
