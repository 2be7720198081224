"""The trigger `exit`: the target's process ended, and what there is of it is kept."""

import os
import signal
from contextlib import suppress
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from daemon.targets import procfs
from daemon.triggers.contract import TriggerOptions
from daemon.watch.iterations import InFlight, Watch
from model.capture import ProcessIdentity
from model.events import TriggerKind
from model.units import Seconds

EXIT_CODE_FIELD = 49  # of /proc/PID/stat, from the state on
_SIGNAL = 0x7F  # of an exit status: the signal that ended the process
_CRASHES = frozenset(
    {
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGSEGV,
        signal.SIGSYS,
        signal.SIGTRAP,
    }
)
UNKNOWN = "its exit status is unknown, as loopcam is not its parent"


class Exit(TriggerOptions, frozen=True, kw_only=True):
    """The process ended. Nothing can be attached to any more: the report holds what needs no process."""

    kind: ClassVar[TriggerKind] = TriggerKind.EXIT
    once: ClassVar[bool] = True
    needs_process: ClassVar[bool] = True

    within_iteration: Annotated[
        bool,
        Meta(description="Only where an iteration was in flight; where one end is told, one always is."),
    ] = True

    def says(self, watch: Watch) -> str:
        """When it fires."""
        return f"fires when the process ends{' within an iteration' if self.within_iteration else ''}"

    def reason(self, now_s: float, in_flight: InFlight | None, ending: "Ending") -> str | None:
        """Why a capture is wanted of a process that ended now, if one is."""
        if in_flight is None:
            return None if self.within_iteration else f"the process ended between iterations; {ending}"
        return within(now_s, in_flight, ending)


def within(now_s: float, in_flight: InFlight, ending: "Ending") -> str:
    """What is said of a process that ended within an iteration."""
    which = f"iteration {in_flight.iteration}" if in_flight.iteration else "an iteration"
    age = Seconds(now_s - in_flight.started_s)
    return f"the process ended while {which} was in flight for {age}; {ending}"


class Ending(msgspec.Struct, frozen=True):
    """How a process ended, as the kernel told; None where it did not."""

    code: int | None

    @property
    def crashed(self) -> bool:
        """Whether a signal ended it that a fault of its own brings."""
        return self.code is not None and self.code & _SIGNAL in _CRASHES

    def __str__(self) -> str:
        if self.code is None:
            return UNKNOWN
        if number := self.code & _SIGNAL:
            with suppress(ValueError):
                return f"it was ended by {signal.Signals(number).name}"
            return f"it was ended by signal {number}"
        return f"its exit status is {self.code >> 8}"


def ending(process: ProcessIdentity) -> Ending:
    """How a process ended, as long as its parent has not asked: then nobody can know any more."""
    with suppress(OSError, IndexError, ValueError):
        fields = procfs.stat_fields(process.pid)
        ours = os.geteuid() in (0, process.uid)  # to others the kernel says 0
        if fields[0] == "Z" and int(fields[19]) == process.start_ticks and ours:
            return Ending(int(fields[EXIT_CODE_FIELD]))
    return Ending(None)
