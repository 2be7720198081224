"""Whether a capture of a target would work."""

import msgspec


class Possible(msgspec.Struct, frozen=True):
    """Whether a capture would work now, and in one word why."""

    possible: bool
    reason: str
    detail: str = ""
    remedy: str = ""


UNKNOWN = Possible(False, "not_checked")
NO_PROCESS = Possible(False, "no_process", "the target's process is not there", "is it started?")
NO_ADDRESS = Possible(
    False, "no_address", "the target's name leads nowhere", "is it there, and is its name right?"
)
