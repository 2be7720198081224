"""Which reader a log needs."""

from daemon.sources.contract import Post
from daemon.sources.log.contract import Reader
from daemon.sources.log.hearing import Hearing
from daemon.sources.log.options import Log
from daemon.sources.log.where import IN_TARGET, STANDARD_INPUT


def make_reader(options: Log, post: Post, hearing: Hearing) -> Reader:
    """A reader of the place that is configured. Only what it needs is loaded."""
    stream = _stream(options, hearing)
    if stream is None:
        return _file(options.path or "", post, hearing)
    from daemon.sources.log.readers.settled import Settled

    return Settled(stream, hearing)


def _stream(options: Log, hearing: Hearing) -> Reader | None:
    """The reader of what is no file."""
    if options.journal is not None:
        from daemon.sources.log.readers.journal import Journal

        return Journal(options.journal, options.journal_directory, hearing)
    if options.kubernetes is not None:
        from daemon.sources.log.readers.kubernetes import ContainerLog

        return ContainerLog(options.kubernetes, hearing)
    if options.path == STANDARD_INPUT:
        from daemon.sources.log.readers.stdin import StandardInput

        return StandardInput()
    return None


def _file(path: str, post: Post, hearing: Hearing) -> Reader:
    from daemon.sources.log.readers.file.folder import Folder
    from daemon.sources.log.readers.file.follower import Follower
    from daemon.sources.log.readers.file.reader import FileReader

    folder = Folder(path)
    if path.startswith(IN_TARGET):
        from daemon.sources.log.readers.target import InTarget

        folder = InTarget(path, post.process)
    follower = Follower(folder, hearing, hearing.place.file)
    hearing.whereabouts = follower.whereabouts
    return FileReader(follower)
