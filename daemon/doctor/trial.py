"""One real look at a process, as a capture takes it, and what a capture would choose and cost."""

import asyncio

import msgspec

from daemon.capture.choice import Sampling, choose, other
from daemon.capture.look import Look, look
from daemon.capture.plan import try_out
from daemon.doctor.findings import Try
from daemon.targets.process import HeldProcess
from model.capture import Outcome
from model.errors import CollectorError

_INHERITED = 2  # by the sampler: a descriptor that is always there


def tried(how: Sampling, pid: int, subject: str, *, predicted: bool) -> Try:
    """Look at it once; raises TargetError when the process is not there."""
    process = HeldProcess(pid)
    begun = Try(subject=subject, pid=pid, predicted=predicted, outcome=Outcome.FAILED, sampler=how.name)
    try:
        return asyncio.run(_tried(how, process, begun))
    except CollectorError as error:
        return msgspec.structs.replace(begun, detail=str(error), remedy=error.remedy)
    finally:
        process.close()


async def _tried(how: Sampling, process: HeldProcess, begun: Try) -> Try:
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    others = asyncio.create_task(try_out(how, process), name="trial of the other sampler")
    try:
        seen = await look(how.looker, process, keep=_INHERITED)
        if seen.judged.outcome is Outcome.COMPLETE:
            await others
    finally:
        others.cancel()
        await asyncio.wait({others})
    done = msgspec.structs.replace(
        begun,
        outcome=seen.judged.outcome,
        detail=seen.judged.detail,
        remedy=seen.judged.remedy,
        milliseconds=round((loop.time() - started_s) * 1000, 1),
        cpu_milliseconds=round(seen.printed.cpu_s * 1000, 1),
    )
    return await _costed(how, process, seen, done) if done.outcome == Outcome.COMPLETE else done


async def _costed(how: Sampling, process: HeldProcess, seen: Look, done: Try) -> Try:
    """With the sampler and the rate that a capture would take, and its share of a core."""
    cost = how.looker.cost(seen.printed.data, seen.printed.cpu_s)
    choice = choose(how, how.looker, await other(how, process), cost)
    share = choice.sampler.sample_s(cost) * choice.pace.rate_hz
    share += choice.sampler.segment_s(cost) / choice.pace.segment_s
    return msgspec.structs.replace(
        done,
        sampler=choice.name,
        threads=cost.threads,
        frames=cost.frames,
        rate_hz=choice.pace.rate_hz,
        cpu_share=round(min(1.0, share), 3),
        reason="; ".join(filter(None, (choice.pace.reason, choice.why))),
    )
