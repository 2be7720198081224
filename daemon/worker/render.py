"""The renderer process: draws reports from their evidence, and folds healthy samples into baselines."""

import gc
from collections.abc import Callable
from pathlib import Path

from daemon.worker.protocol import Job, Reply
from report.baseline.folding import fold
from report.render import render, unrendered, warm

_YOUNG = 100_000  # tables and trees are very many objects without cycles: looking for these took a fifth


def renderer() -> Callable[[Job], Reply]:
    """Import all that drawing needs while the capture still runs, and give what does one job."""
    gc.set_threshold(_YOUNG)
    warm()
    return _do


def _do(job: Job) -> Reply:
    return _fold(job) if job.baseline else _draw(job)


def _fold(job: Job) -> Reply:
    """Fold the samples of the target that their folder is named after."""
    samples = Path(job.directory)
    try:
        fold(samples, Path(job.baseline), samples.name)
    except OSError as error:
        return Reply(error=f"{error.strerror or error}: {error.filename or job.baseline}")
    return Reply(location=job.baseline)


def _draw(job: Job) -> Reply:
    """Draw it. What the disk refuses is told: that is no fault of the evidence, and passes."""
    directory = Path(job.directory)
    try:
        manifest = render(directory) if job.draw else unrendered(directory, "drawing it failed twice")
    except OSError as error:
        return Reply(error=f"{error.strerror or error}: {error.filename or directory}")
    return Reply(location=manifest.path)
