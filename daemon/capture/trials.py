"""Whether a sampler can sample a process: tried once for each executable, before anything overruns.

What was found is true of the files, so it is remembered for the life of this process.
"""

import asyncio
import logging
import signal
from collections.abc import Hashable

from collectors.contract import Judgement, Sampler
from daemon.capture.child import run_to_end
from daemon.targets import procfs
from daemon.targets.process import HeldProcess
from model.capture import Outcome
from model.errors import CollectorError

_LOG = logging.getLogger(__name__)

_SETTLED = frozenset({Outcome.COMPLETE, Outcome.UNSUPPORTED})  # will not change while the files stay
_unfit: dict[tuple[str, Hashable], str] = {}
_said: set[tuple[str, str]] = set()
NOT_TRIED = "it was not tried on this process yet"


def unfit(name: str, process: HeldProcess) -> str:
    """Why a sampler cannot sample a process, as far as that was tried; empty when it can."""
    return _unfit.get((name, _executable(process)), NOT_TRIED)


async def attempt(name: str, sampler: Sampler, process: HeldProcess, *, wanted: bool) -> None:
    """Try it, harmlessly, unless that was done; what does not work is logged once.

    That it is not installed is worth a word only where it is `wanted`.
    """
    key = name, _executable(process)
    if key in _unfit:
        return
    try:
        await asyncio.to_thread(sampler.version)  # it may start the program
        command = sampler.trial(process.pid)
        printed = await run_to_end(command, keep=2)
    except CollectorError as error:
        _unfit[key] = str(error)
        if wanted or error.outcome != Outcome.NOTHING:
            _say(name, str(error), error.remedy)
        return
    judged, late = sampler.judge(printed.ended), printed.ended.code == -signal.SIGKILL
    if late:
        judged = Judgement(outcome=Outcome.FAILED, detail=f"no stacks within {command.deadline_s:g} s")
    fine = judged.outcome is Outcome.COMPLETE
    if (late or judged.outcome in _SETTLED) and process.alive():
        _unfit[key] = "" if fine else judged.detail
    if not fine:
        _say(name, judged.detail, judged.remedy)


def failed(name: str, process: HeldProcess, why: str) -> None:
    """Remember that it failed in earnest."""
    _unfit[name, _executable(process)] = why


def _say(name: str, why: str, remedy: str) -> None:
    if (name, why) not in _said:
        _said.add((name, why))
        _LOG.warning("sampler cannot be used", extra={"sampler": name, "why": why, "remedy": remedy})


def _executable(process: HeldProcess) -> Hashable:
    """What tells one executable from another, and from the same after an upgrade."""
    try:
        status = (procfs.PROC / str(process.pid) / "exe").stat()
    except OSError:  # another user's: its path must do
        return process.identity.executable
    return status.st_dev, status.st_ino, status.st_mtime_ns
