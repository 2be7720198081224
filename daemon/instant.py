"""A moment that outlives a process."""

import msgspec


class Instant(msgspec.Struct, frozen=True, kw_only=True):
    """One moment on the two clocks that outlive a process."""

    boot_s: float  # CLOCK_BOOTTIME: exact, until the next boot
    wall_s: float  # Unix time: known across boots, but it may jump
