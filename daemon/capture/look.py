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


TRIES = 4  # of what may pass by itself


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a sampler printed, what it means, and the CPU time of all tries."""

    printed: Printed
    judged: Judgement
    cpu_s: float


async def look(
    sampler: Sampler,
    process: HeldProcess,
    keep: int,
    began: Callable[[Kill], None] | None = None,
    over: Callable[[], bool] = lambda: False,
) -> Look:
    """Look, and again at once where that failed for a reason that passes and it is not `over`.

    It counts only while the process provably is still the same one. `keep` is inherited; `began` gets what
    kills it.
    """
    cpu_s = 0.0
    for tries in range(1, TRIES + 1):
        printed = await run_to_end(sampler.trial(process.pid), keep, began)
        judged = _judge(sampler, process, printed)
        cpu_s += printed.cpu_s
        if tries == TRIES or not judged.passing or over():
            break
    return Look(printed=printed, judged=judged, cpu_s=cpu_s)


def _judge(sampler: Sampler, process: HeldProcess, printed: Printed) -> Judgement:
    if not process.alive():  # whatever was seen may be a successor's
        return _GONE
    if printed.ended.code == -signal.SIGKILL:
        return Judgement(outcome=Outcome.FAILED, detail="no stacks within the deadline")
    judged = sampler.judge(printed.ended)
    return _HEADLESS if judged.outcome is Outcome.TARGET_EXITED else judged
