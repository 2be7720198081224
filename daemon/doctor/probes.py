"""A small object in every sink, stored as reports are, and word of it: only where that is asked for."""

import asyncio
import hashlib
import platform
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from daemon.capture.opened import new_id, stamp
from daemon.config.parts import Part
from daemon.config.references import resolve
from daemon.config.settings import Config
from daemon.doctor.findings import Finding, Level, Remedy
from daemon.evidence import version
from daemon.worker.handle import Worker, WorkerGoneError
from daemon.worker.protocol import Job, Reply, StoreSetup
from model import coding
from model.artifacts import Artifact
from model.capture import Capture, Outcome, Window, WindowEnd
from model.errors import LoopcamError
from model.events import PlanName, Trigger, TriggerKind
from model.manifest import Manifest, Rendering
from model.news import Moment
from model.report import CAPTURE_FILE, MANIFEST_FILE, location
from sinks.contract import Sink
from sinks.notification import Notification

TARGET = "loopcam-doctor"
_WHAT = "a probe by loopcam doctor: nothing was captured"


def judged(config: Config) -> Iterator[Finding]:
    """Of every sink and notification: where it stored the probe, or told of it, or why it did not."""
    with tempfile.TemporaryDirectory(prefix="loopcam-") as folder:
        _write(Path(folder), config)
        yield from asyncio.run(_stored(Path(folder), config))


async def _stored(folder: Path, config: Config) -> list[Finding]:
    """One after the other, in the main thread, as children of ours must be started."""
    found = [_judged(part, await _attempt(part, folder)) for part in config.sinks]
    return found + [_heard(part, await _attempt(part, folder)) for part in config.notifications]


def _judged(part: Part[Sink], reply: Reply) -> Finding:
    subject = f"sink {part.name}"
    if not reply.error:
        what = f"a probe was stored, and stays: {reply.location}"
        return Finding(check="probe", level=Level.OK, what=what, subject=subject)
    return _failed(subject, reply, "reports would wait in the spool")


def _heard(part: Part[Notification], reply: Reply) -> Finding:
    subject = f"notification {part.name}"
    if not reply.error:
        what = f"a probe was sent, marked as a drill: {reply.location}"
        return Finding(check="probe", level=Level.OK, what=what, subject=subject)
    return _failed(subject, reply, "nobody would hear of a report from it")


def _failed(subject: str, reply: Reply, why: str) -> Finding:
    mend = Remedy(command=reply.remedy)
    return Finding(
        check="probe", level=Level.WARNING, what=reply.error, why=why, remedy=mend, subject=subject
    )


async def _attempt(part: Part[Sink] | Part[Notification], folder: Path) -> Reply:
    worker = None
    try:
        options = coding.plain(part.options, reveal=lambda secret: resolve(secret).reveal())
        setup = coding.encode(StoreSetup(kind=part.kind, options=options)) + b"\n"
        telling = isinstance(part.options, Notification)
        worker = await (Worker.start_notifier if telling else Worker.start_store)(setup)
        job = Job(directory=str(folder), moment=Moment.STORED if telling else None)
        return await worker.run(job, part.options.deadline)
    except (WorkerGoneError, OSError) as error:
        return Reply(error=f"{part.name}: {error}")
    except LoopcamError as error:  # a secret's file that is not there
        return Reply(error=str(error), remedy=error.remedy)
    finally:
        if worker is not None:
            await worker.end()


def _write(folder: Path, config: Config) -> None:
    """A report that holds nothing but itself, and says that it is a drill."""
    capture = _capture(config)
    data = coding.encode(capture)
    (folder / CAPTURE_FILE).write_bytes(data)
    listed = Artifact(
        path=CAPTURE_FILE,
        kind="capture",
        media_type="application/json",
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    manifest = Manifest(
        id=capture.id,
        revision=1,
        path=location(TARGET, capture.id),
        capture=capture,
        rendering=Rendering(rendered=False, detail=_WHAT),
        artifacts=(listed,),
    )
    (folder / MANIFEST_FILE).write_bytes(coding.encode(manifest))


def _capture(config: Config) -> Capture:
    at, at_s = datetime.now(UTC), time.monotonic()
    trigger = Trigger(target=TARGET, kind=TriggerKind.MANUAL, reason=_WHAT, at_s=at_s, plan=PlanName.DRILL)
    window = Window(started_s=at_s, ended_s=at_s, collection_time_s=0.0, end=WindowEnd.COLLECTION_TIME)
    return Capture(
        id=new_id(TARGET, at),
        target=TARGET,
        labels=dict(config.labels),
        triggered_at=stamp(at),
        wall_minus_monotonic_s=time.time() - at_s,
        trigger=trigger,
        iteration=None,
        window=window,
        outcome=Outcome.COMPLETE,
        notes=("drill",),
        loopcam_version=version(),
        host=platform.node(),
    )
