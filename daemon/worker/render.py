"""The renderer process: draws a report from its evidence."""

from collections.abc import Callable
from pathlib import Path

from daemon.worker.protocol import Job, Reply
from report.render import render, unrendered, warm


def renderer() -> Callable[[Job], Reply]:
    """Import all that drawing needs while the capture still runs, and give what draws one report."""
    warm()
    return _draw


def _draw(job: Job) -> Reply:
    """Draw it. What the disk refuses is told: that is no fault of the evidence, and passes."""
    directory = Path(job.directory)
    try:
        manifest = render(directory) if job.draw else unrendered(directory, "drawing it failed twice")
    except OSError as error:
        return Reply(error=f"{error.strerror or error}: {error.filename or directory}")
    return Reply(location=manifest.path)
