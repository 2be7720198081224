"""Tells at once that a file was written to, by inotify; where that does not work, polling is all there is."""

import asyncio
import logging
from weakref import WeakKeyDictionary

_LOG = logging.getLogger(__name__)

PAUSE_S = 0.02  # between two readings: a busy writer does not keep us busy


class Wakeups:
    """One inotify for all files of the daemon."""

    _of_loop: "WeakKeyDictionary[asyncio.AbstractEventLoop, Wakeups]" = WeakKeyDictionary()

    def __init__(self) -> None:
        from inotify_simple import INotify  # here, and not above: loaded only where a file is followed

        self._loop = asyncio.get_running_loop()
        self._inotify = INotify(nonblocking=True)
        self._waiting: dict[int, list[asyncio.Event]] = {}
        self._loop.add_reader(self._inotify.fileno(), self._read)

    @classmethod
    def here(cls) -> "Wakeups | None":
        """That of the running event loop; None, which is said, where the system gives none."""
        loop = asyncio.get_running_loop()
        if loop not in cls._of_loop:
            try:
                cls._of_loop[loop] = cls()
            except OSError as error:
                _told(error)
                return None
        return cls._of_loop[loop]

    def watch(self, descriptor: int, wake: asyncio.Event) -> int | None:
        """Set `wake` whenever the file is written to, moved or deleted; None where that is not possible."""
        from inotify_simple import flags

        mask = flags.MODIFY | flags.ATTRIB | flags.MOVE_SELF
        try:
            watch: int = self._inotify.add_watch(f"/proc/self/fd/{descriptor}", mask)
        except OSError as error:  # ENOSPC: fs.inotify.max_user_watches
            _told(error)
            return None
        self._waiting.setdefault(watch, []).append(wake)
        return watch

    def forget(self, watch: int, wake: asyncio.Event) -> None:
        """No longer set `wake`; the last one to leave closes all."""
        waiting = self._waiting.get(watch, [])
        if wake in waiting:
            waiting.remove(wake)
        if not waiting and self._waiting.pop(watch, None) is not None:
            try:
                self._inotify.rm_watch(watch)
            except OSError:  # the file is gone, and its watch with it
                _LOG.debug("watch was gone", exc_info=True)
        if not self._waiting:
            self._close()

    def _close(self) -> None:
        self._loop.remove_reader(self._inotify.fileno())
        self._inotify.close()
        self._of_loop.pop(self._loop, None)

    def _read(self) -> None:
        for event in self._inotify.read(timeout=0):
            for wake in self._waiting.get(event.wd, ()):
                wake.set()
        self._loop.remove_reader(self._inotify.fileno())
        self._loop.call_later(PAUSE_S, self._listen)

    def _listen(self) -> None:
        if not self._inotify.closed:
            self._loop.add_reader(self._inotify.fileno(), self._read)


_said: set[int | None] = set()


def _told(error: OSError) -> None:
    """Say it once."""
    if error.errno not in _said:
        _said.add(error.errno)
        remedy = "raise fs.inotify.max_user_watches and max_user_instances, or bear half a second of delay"
        _LOG.warning("no inotify, files are polled", extra={"error": error.strerror, "remedy": remedy})
