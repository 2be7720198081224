"""One capture: the one place that times, bounds and absorbs what recorder and collectors do."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

import msgspec

from collectors.contract import Collector, Taken
from daemon import evidence
from daemon.capture.leadup import LeadUp, joined
from daemon.capture.plan import Plan
from daemon.capture.recorder import Recorder
from daemon.capture.subject import Subject
from daemon.capture.window import CaptureWindow
from daemon.spool.incoming import Incoming
from daemon.targets.process import HeldProcess
from model.artifacts import Artifact
from model.capture import Capture, Outcome, PartOutcome, Recording, WindowEnd
from model.errors import CollectorError

_LOG = logging.getLogger(__name__)

_CUT_SHORT = frozenset({Outcome.FAILED, Outcome.UNSUPPORTED, Outcome.NOT_PERMITTED})
COLLECTOR_GRACE_S = 5.0  # after the window's end, for what a collector takes then


class _Take(msgspec.Struct, kw_only=True):
    """What has come together so far."""

    parts: list[PartOutcome] = []
    artifacts: dict[str, Artifact] = {}
    recording: Recording | None = None
    before: Recording | None = None  # of the lead-up
    companions: set[str] = set()

    def telling(self) -> list[PartOutcome]:
        """The parts that say how the capture went."""
        return [part for part in self.parts if part.name not in self.companions] or self.parts


async def take(
    plan: Plan,
    subject: Subject,
    window: CaptureWindow,
    incoming: Incoming,
    notes: tuple[str, ...] = (),
    leadup: LeadUp | None = None,
) -> Capture:
    """Run the plan over the window and describe what came of it; errors of parts are told, never raised."""
    taken = _Take()
    held = subject.held
    stop_watching = held.watch(lambda: window.end(WindowEnd.TARGET_EXITED))
    try:
        async with asyncio.TaskGroup() as group:
            if plan.sampling is not None and isinstance(held, HeldProcess):
                recorder = Recorder(plan.sampling, held, incoming)
                alone = all(one.companion for one in plan.collectors.values())
                work = _record(recorder, window, taken, alone=alone)
                group.create_task(work, name=f"recorder of {held.pid}")
            if leadup is not None:
                group.create_task(_lead_up(leadup, incoming, taken), name="lead-up")
            for name, collector in plan.collectors.items():
                work = _collect(name, collector, subject, window, incoming, taken)
                group.create_task(work, name=f"collector {name}")
            if plan.sampling is None:
                await window.ended()
    finally:
        stop_watching()
    window.end(WindowEnd.COLLECTION_TIME)
    return await asyncio.to_thread(_describe, taken, window, incoming, notes)


async def _record(recorder: Recorder, window: CaptureWindow, taken: _Take, *, alone: bool) -> None:
    """Run the recorder. Its end ends the window where nothing else is to come: `alone`, or no target left."""
    part = await _absorb(recorder.name, recorder.record(window), window)
    part = msgspec.structs.replace(part, name=recorder.name)
    taken.recording = recorder.recording()
    if part.outcome in _CUT_SHORT and taken.recording is not None:  # it went well until then
        part = msgspec.structs.replace(part, outcome=Outcome.PARTIAL)
    taken.parts.append(part)
    if part.outcome is Outcome.TARGET_EXITED:
        window.end(WindowEnd.TARGET_EXITED)
    elif alone:
        window.end(WindowEnd.COLLECTION_TIME)


async def _lead_up(leadup: LeadUp, incoming: Incoming, taken: _Take) -> None:
    """Take over what was recorded before the trigger; a full disk costs the lead-up only."""
    try:
        taken.before = await leadup.into(incoming)
    except OSError as error:
        _LOG.warning("no lead-up", extra={"report": incoming.opened.id, "error": str(error)})


async def _collect(
    name: str,
    collector: Collector,
    subject: Subject,
    window: CaptureWindow,
    incoming: Incoming,
    taken: _Take,
) -> None:
    detail = ""
    if collector.companion:
        taken.companions.add(name)

    async def bounded() -> Outcome:
        nonlocal detail
        async with asyncio.timeout(window.collection_time_s + COLLECTOR_GRACE_S):
            found = await collector.collect(subject, window, incoming.evidence_dir, name)
        artifacts, detail = (found.artifacts, found.detail) if isinstance(found, Taken) else (found, "")
        taken.artifacts.update({artifact.path: artifact for artifact in artifacts})
        return Outcome.COMPLETE if artifacts else Outcome.NOTHING

    part = await _absorb(name, bounded(), window)
    taken.parts.append(msgspec.structs.replace(part, detail=part.detail or detail))


async def _until_cut(work: Coroutine[Any, Any, Outcome | None], window: CaptureWindow) -> Outcome | None:
    """Its result; raises CollectorError where there is no more time for it."""
    task = asyncio.create_task(work)
    window.cut.then(task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        if task.cancelled() and window.cut.come and not _cancelled():
            raise CollectorError(Outcome.FAILED, "not done in time") from None
        raise


def _cancelled() -> bool:
    """Whether somebody wants an end of all that we do, and not of a part."""
    current = asyncio.current_task()
    return current is None or current.cancelling() > 0


async def _absorb(name: str, work: Coroutine[Any, Any, Outcome | None], window: CaptureWindow) -> PartOutcome:
    """Time one part's work and turn whatever it raises into its outcome."""
    started_s = time.monotonic()
    outcome, detail, remedy = Outcome.COMPLETE, "", ""
    try:
        outcome = await _until_cut(work, window) or Outcome.COMPLETE
    except CollectorError as error:
        outcome, detail, remedy = Outcome(error.outcome), str(error), error.remedy
    except TimeoutError:
        outcome, detail = Outcome.FAILED, "took longer than the window and its grace"
    except OSError as error:  # no descriptors, processes or space left: nothing that a traceback explains
        outcome, detail = Outcome.FAILED, f"{error.strerror or error}"
    except Exception as error:  # noqa: BLE001  # a part costs its own evidence only, and the manifest says why
        _LOG.exception("part failed", extra={"part": name})
        outcome, detail = Outcome.FAILED, f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - started_s
    if outcome is Outcome.FAILED and window.samplers_cut.come:
        detail = f"cut off, as {window.urgent}: {detail}"
    return PartOutcome(name=name, outcome=outcome, seconds=seconds, detail=detail, remedy=remedy)


def _describe(taken: _Take, window: CaptureWindow, incoming: Incoming, notes: tuple[str, ...]) -> Capture:
    found = {artifact.path: artifact for artifact in evidence.describe(incoming.report_dir)}
    described = [_merge(taken.artifacts.get(path), artifact) for path, artifact in found.items()]
    summary = window.summary()
    return Capture(
        **evidence.facts(incoming.opened),
        iteration=evidence.iteration(incoming.opened, window.iteration_ended_s),
        window=summary,
        outcome=overall(taken.telling(), summary.end),
        notes=notes,
        recording=joined(taken.before, taken.recording),
        parts=tuple(taken.parts),
        evidence=tuple(described),
    )


def _merge(said: Artifact | None, found: Artifact) -> Artifact:
    """Kind and media type as the collector said them; size and hash as they are on disk."""
    if said is None:
        return found
    return msgspec.structs.replace(found, kind=said.kind, media_type=said.media_type)


def overall(parts: list[PartOutcome], end: WindowEnd) -> Outcome:
    """One word for the whole: what the target did counts before what we did not manage."""
    outcomes = {part.outcome for part in parts}
    if end is WindowEnd.TARGET_EXITED or Outcome.TARGET_EXITED in outcomes:
        return Outcome.TARGET_EXITED
    for outcome in (Outcome.TARGET_STOPPED, Outcome.ENDED_BEFORE_ATTACH):
        if outcome in outcomes:
            return outcome
    if outcomes <= {Outcome.COMPLETE, Outcome.NOTHING}:
        cut_short = end in (WindowEnd.SHUTDOWN, WindowEnd.DISABLED, WindowEnd.CANCELLED)
        return Outcome.PARTIAL if cut_short else Outcome.COMPLETE
    if len(outcomes) == 1:
        return next(iter(outcomes))
    return Outcome.PARTIAL
