"""One real look at a process, as a capture takes it, and what a capture would cost."""

import asyncio

import msgspec

from collectors.contract import Looker, Sampler
from daemon.capture.budget import Limits, estimate
from daemon.capture.look import Look, look
from daemon.doctor.findings import Try
from daemon.targets.process import HeldProcess
from model.capture import Outcome
from model.errors import CollectorError

_NO_INPUT = 0  # inherited by the sampler, which needs none: a descriptor that is always there


def tried(sampler: Sampler, kind: str, pid: int, subject: str, budget: float, *, predicted: bool) -> Try:
    """Look at it once; raises TargetError when the process is not there."""
    process = HeldProcess(pid)
    started = Try(subject=subject, pid=pid, predicted=predicted, outcome=Outcome.FAILED, sampler=kind)
    try:
        seen, took_s = asyncio.run(_timed(sampler, process))
    except CollectorError as error:
        return msgspec.structs.replace(started, detail=str(error), remedy=error.remedy)
    finally:
        process.close()
    judged = seen.judged
    done = msgspec.structs.replace(
        started,
        outcome=judged.outcome,
        detail=judged.detail,
        remedy=judged.remedy,
        milliseconds=round(took_s * 1000, 1),
        cpu_milliseconds=round(seen.printed.cpu_s * 1000, 1),
    )
    return _costed(done, sampler, seen, budget) if judged.outcome is Outcome.COMPLETE else done


async def _timed(sampler: Sampler, process: HeldProcess) -> tuple[Look, float]:
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    seen = await look(sampler, process, keep=_NO_INPUT)
    return seen, loop.time() - started_s


def _costed(done: Try, sampler: Sampler, seen: Look, budget: float) -> Try:
    """With the rate that a capture would take, and its share of a core."""
    if not isinstance(sampler, Looker):
        return done
    cost = sampler.cost(seen.printed.data, seen.printed.cpu_s)
    pace = estimate(sampler, cost, Limits(cpu=budget))
    share = round(min(1.0, sampler.sample_s(cost) * pace.rate_hz), 3)
    return msgspec.structs.replace(
        done,
        threads=cost.threads,
        frames=cost.frames,
        rate_hz=pace.rate_hz,
        cpu_share=share,
        reason=pace.reason,
    )
