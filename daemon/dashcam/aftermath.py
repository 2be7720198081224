"""What the ring is good for when all is over: iterations that ended unseen, and processes that died."""

from contextlib import suppress

from daemon.captures import Captures
from daemon.dashcam.dashcam import Dashcam
from daemon.events import OVERRAN_UNSEEN
from daemon.targets.held import HeldAddress
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from daemon.triggers.death import Death
from daemon.watch.iterations import Ended, InFlight
from model.errors import RefusedError
from model.events import Trigger, TriggerKind
from model.units import Seconds


class Aftermath:
    """Asks for captures of what only the dashcam saw."""

    def __init__(self, dashcam: Dashcam, captures: Captures) -> None:
        self._dashcam = dashcam
        self._captures = captures

    def unseen(self, target: Target, ended: Ended) -> bool:
        """An iteration overran and ended before it was seen: whether a capture of its lead-up begins."""
        held = target.held
        if held is None or not self._dashcam.saw(target, held, ended.started_s, ended.ended_s):
            return False
        trigger = Trigger(
            target=target.name,
            kind=TriggerKind.OVERRUN,
            reason=f"took {Seconds(ended.ended_s - ended.started_s)}, allowed are "
            f"{Seconds(ended.threshold_s)}; it had ended before it was seen",
            at_s=ended.ended_s,
            iteration=ended.iteration,
            started_s=ended.started_s,
            threshold_s=ended.threshold_s,
            certainty=target.watch.rules.certainty,
        )
        with suppress(RefusedError):  # counted and logged where it was refused
            self._captures.begin(target, trigger, (OVERRAN_UNSEEN,))
            self._captures.iteration_ended(target.name, ended.iteration, ended.ended_s)
            return True
        return False

    def lost(self, target: Target, held: HeldAddress, current: InFlight, at_s: float) -> None:
        """Nobody answers any more at an address, within a slow iteration: a capture of its lead-up begins."""
        gone = HeldAddress(held.address)
        gone.vanish()
        which = f"iteration {current.iteration}" if current.iteration else "an iteration"
        trigger = Trigger(
            target=target.name,
            kind=TriggerKind.EXIT,
            reason=f"nobody answers at {held.address} any more while {which} was in flight for "
            f"{Seconds(at_s - current.started_s)}",
            at_s=at_s,
            iteration=current.iteration,
            started_s=current.started_s,
        )
        with suppress(RefusedError):  # counted and logged where it was refused
            self._captures.begin(target, trigger, ended=gone)

    def death(self, target: Target, process: HeldProcess) -> Death | None:
        """Who judges the end of a process; None where there is no dashcam of it."""
        if not self._dashcam.knows(target, process):
            return None

        def saw_slow(current: InFlight, at_s: float) -> bool:
            slow = self._dashcam.slow(target, process, current, at_s)
            return slow and self._dashcam.saw(target, process, current.started_s, at_s)

        return Death(saw_slow)
