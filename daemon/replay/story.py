"""What happened in a recording, as data. Times are seconds on the recording's own clock."""

import msgspec

from daemon.replay.steps import Found


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A capture that would have been made, or refused."""

    at_s: float
    age_s: float
    light: bool = False  # of an iteration that might yet overrun
    held_to_s: float | None = None  # the threshold, where it is not `max_loop_time`
    reason: str
    refused: str = ""  # why, in one word; nothing: it would have been made
    why: str = ""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One iteration, or a silence that was taken for one."""

    name: str | None
    started_s: float
    ended_s: float | None  # None: its end is not in the recording
    took_s: float  # without an end: at least
    overran: bool
    in_flight: bool = False  # at the recording's end
    pause: bool = False  # the silence overran, and the end after it told that no iteration did
    decisions: tuple[Decision, ...] = ()


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Everything."""

    target: str
    source: str
    found: Found
    strays: dict[str, int]  # what did not fit, by why
    back: tuple[float, ...]  # when time went back so far that all was counted anew
    ahead: tuple[float, ...]  # when time leapt by more than a day
    turns: tuple[Turn, ...]
