"""A notifying process: one notification, message after message."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from daemon.worker.attempt import done, failed
from daemon.worker.protocol import Job, Reply, StoreSetup
from model import coding
from model.errors import LoopcamError
from model.manifest import Manifest
from model.news import News, news
from report import manifests
from sinks.notification import Notification
from sinks.plugins import find_notification


def notify(setup: bytes) -> Callable[[Job], Reply]:
    """Build the notification that the first line names, and give what tells of one report."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    said = coding.decode(setup, StoreSetup)
    notification = coding.convert(said.options, find_notification(said.kind))
    notification.prepare()
    return lambda job: _announce(notification, job)


def _announce(notification: Notification, job: Job) -> Reply:
    try:
        told = _news(notification, job)
    except (LoopcamError, OSError) as error:
        return failed(f"the report cannot be read: {error}", "look at the spool's disk", retry=False)
    return done(f"{type(notification).__name__}.announce", lambda: notification.announce(told))


def _news(notification: Notification, job: Job) -> News:
    if job.moment is None:
        raise LoopcamError("a job without a moment")
    directory = Path(job.directory)
    capture = manifests.read_capture(directory)
    link = notification.linked(capture, job.locations)
    return news(capture, _manifest(directory), job.moment, job.locations, link)


def _manifest(directory: Path) -> Manifest | None:
    """None before the report is drawn, or when that has to be done again."""
    try:
        return manifests.read(directory)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
