"""One look at all threads of a held process, and what came of it."""

import signal
from collections.abc import Callable

import msgspec

from collectors.contract import Judgement, Sampler
from daemon.capture.child import Kill, Printed, run_to_end
from daemon.targets.process import HeldProcess
from model.capture import Outcome

_GONE = Judgement(outcome=Outcome.TARGET_EXITED, detail="the process is gone")
_HEADLESS = Judgement(
    outcome=Outcome.UNSUPPORTED,
    detail="the process has no executable: a kernel thread, or its first thread has ended",
    remedy="choose a process whose main thread lives",
)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a sampler printed, and what it means."""

    printed: Printed
    judged: Judgement


async def look(
    sampler: Sampler, process: HeldProcess, keep: int, began: Callable[[Kill], None] | None = None
) -> Look:
    """Look once; it counts only while the process provably is still the same one.

    `keep` is inherited; `began` gets what kills it.
    """
    printed = await run_to_end(sampler.trial(process.pid), keep, began)
    return Look(printed=printed, judged=_judge(sampler, process, printed))


def _judge(sampler: Sampler, process: HeldProcess, printed: Printed) -> Judgement:
    if not process.alive():  # whatever was seen may be a successor's
        return _GONE
    if printed.ended.code == -signal.SIGKILL:
        return Judgement(outcome=Outcome.FAILED, detail="no stacks within the deadline")
    judged = sampler.judge(printed.ended)
    return _HEADLESS if judged.outcome is Outcome.TARGET_EXITED else judged
