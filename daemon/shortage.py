"""Where the kernel gives no more threads, the daemon goes on with those that it has."""

import asyncio
import errno
import os
import sys
from concurrent.futures import ThreadPoolExecutor


class Threads(ThreadPoolExecutor):
    """For what may wait for a disk. Without another thread, work waits for one of those that there are."""

    def _adjust_thread_count(self) -> None:
        try:
            super()._adjust_thread_count()
        except RuntimeError as error:
            if not self._threads:  # OSError is what whoever asks for a thread is ready for
                raise BlockingIOError(errno.EAGAIN, "no thread to be had") from error


def bear() -> None:
    """Have the running loop bear it. Call it before anything else is done with the loop."""
    asyncio.get_running_loop().set_default_executor(Threads())
    if sys.version_info < (3, 12) and _pidfd():  # there a thread waits for each child, later a pidfd, too
        asyncio.get_event_loop_policy().set_child_watcher(_watcher())


def _watcher() -> "asyncio.AbstractChildWatcher":
    class Watcher(asyncio.PidfdChildWatcher):
        def attach_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
            if loop is not None:  # one that ends at once still has children: no warning is due
                super().attach_loop(loop)

    watcher = Watcher()
    watcher.attach_loop(asyncio.get_running_loop())
    return watcher


def _pidfd() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # a kernel, or a sandbox, without
        return False
    return True
