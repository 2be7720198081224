"""Which reader a log's place needs; what is not configured is not imported."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from daemon.sources.log.contract import Reader
from daemon.sources.log.readers.bookmark import Bookmark
from daemon.sources.log.where import IN_TARGET, STANDARD_INPUT, Where

if TYPE_CHECKING:
    from daemon.sources.log.readers.file.folder import Folder
    from daemon.targets.process import HeldProcess


def stream_reader(where: Where, bookmark: Bookmark) -> Reader | None:
    """The reader of a log that is no file; None for a file."""
    if where.kubernetes is not None:
        from daemon.sources.log.readers.kubernetes import ContainerLog

        return ContainerLog(where.kubernetes, bookmark)
    if where.journal is not None:
        from daemon.sources.log.readers.journal import Journal

        return Journal(where.journal, where.journal_directory, bookmark)
    if where.path == STANDARD_INPUT:
        from daemon.sources.log.readers.stdin import StandardInput

        return StandardInput()
    return None


def folder(path: str, process: Callable[[], "HeldProcess | None"]) -> "Folder":
    """Where a file is: here, or in the target's own root directory."""
    if path.startswith(IN_TARGET):
        from daemon.sources.log.readers.target import InTarget

        return InTarget(path, process)
    from daemon.sources.log.readers.file.folder import Folder

    return Folder(path)
