"""A capture in progress, and the one that follows it."""

import msgspec

from daemon.capture.leadup import LeadUp
from daemon.capture.subject import Subject
from daemon.capture.window import CaptureWindow
from daemon.spool.state import Opened
from daemon.targets.held import Held
from daemon.targets.target import Target
from model.events import Trigger


class Running(msgspec.Struct, frozen=True):
    """A capture in progress."""

    target: Target
    subject: Subject
    window: CaptureWindow
    facts: Opened
    notes: tuple[str, ...]
    leadup: LeadUp | None

    def close(self, *, kept: bool) -> None:
        """Let go of what it is of, and of what was before it; `kept`: there is a report."""
        self.subject.held.close()
        if self.leadup is not None:
            self.leadup.close(kept=kept)


class Next(msgspec.Struct, frozen=True):
    """A capture that begins when the one in progress has ended."""

    trigger: Trigger
    notes: tuple[str, ...]
    ended: Held | None  # what it is of, where that has ended

    def close(self) -> None:
        """Let go of what it is of."""
        if self.ended is not None:
            self.ended.close()
