"""Tells loopcam where a loop is. One file without dependencies, for Python 3.8 and later: copy it.

    from loopcam import Loopcam

    cam = Loopcam()                 # socket from LOOPCAM_SOCKET, target from LOOPCAM_TARGET
    while True:
        with cam.iteration():       # or cam.start() and cam.end(), or @cam.watched on a function
            reconcile()
        sleep(10)

It never waits, raises nothing and logs nothing, whether somebody listens or not, so it may be called
anywhere: in coroutines, threads and children too. Without LOOPCAM_SOCKET it does nothing. While nobody
listens it looks again once a second, and events in between are lost. Events that find the daemon's queue full
are kept, and a thread that lives only as long sends them in order, within milliseconds of there being room;
it gives up 5 s after the last one. Of too many, whole old iterations go first, and the last event never.
"""

import functools
import inspect
import os
import socket
import weakref
from _thread import allocate_lock, start_new_thread
from collections import deque
from time import monotonic, sleep

_QUIET_S = 1.0
_KEPT = 64
_AGAIN_S = 0.02
_PATIENCE_S = 5.0
_made = weakref.WeakSet()


class Loopcam:
    """One loop of one target. Iterations may have names, which tell late and lost events apart."""

    def __init__(self, path=None, target=None):
        """Without arguments as the environment says: LOOPCAM_SOCKET and LOOPCAM_TARGET."""
        self._socket = None
        self._quiet_until = 0.0
        self._kept = deque(maxlen=16 * _KEPT)  # in vain, were it not for a signal's exception in a bad place
        self._kept_until = 0.0
        self._unlock()
        self._path = os.environ.get("LOOPCAM_SOCKET", "") if path is None else os.fspath(path)
        name = os.environ.get("LOOPCAM_TARGET", "") if target is None else str(target)
        self._start = self._words("start", name)
        self._end = self._words("end", name)
        self._beat = self._words("beat", name)
        self._idle = self._words("idle", name)
        _made.add(self)

    def __del__(self):
        self._forget()

    def start(self, iteration=None):
        """An iteration starts."""
        if self._path:
            self._send(self._start, iteration)

    def end(self, iteration=None):
        """It has ended."""
        if self._path:
            self._send(self._end, iteration)

    def beat(self, iteration=None):
        """One turn of the loop is over and the next begins (mode `beat`)."""
        if self._path:
            self._send(self._beat, iteration)

    def idle(self, iteration=None):
        """Nothing is due: on standby, or no longer the leader."""
        if self._path:
            self._send(self._idle, iteration)

    def iteration(self, iteration=None):
        """A context manager around one iteration, in plain code and in coroutines."""
        return _Iteration(self, iteration)

    def watched(self, function):
        """A decorator: each call of the function, plain or async, is an iteration."""
        if inspect.iscoroutinefunction(function):

            async def call(*args, **kwargs):
                with self.iteration():
                    return await function(*args, **kwargs)

        else:

            def call(*args, **kwargs):
                with self.iteration():
                    return function(*args, **kwargs)

        return functools.wraps(function)(call)

    @staticmethod
    def _words(event, target):
        """The message without, and what comes before, an iteration's name."""
        short = f"{event} {target}".rstrip().encode("utf-8", "replace")
        return short, f"{event} {target} ".encode("utf-8", "replace")

    def _send(self, words, iteration):
        try:
            if self._socket is None:
                if monotonic() < self._quiet_until:
                    return
                self._connect()
            message = words[0] if iteration is None else words[1] + str(iteration).encode("utf-8", "replace")
            if self._kept:
                self._keep(message)
                return
            try:
                self._socket.send(message)
            except BlockingIOError:  # the queue is full
                self._keep(message)
            except OSError:
                self._send_anew(message)
        except Exception:  # noqa: BLE001  # nobody listens, or whatever else: never the loop's problem
            self._rest()

    def _keep(self, message):
        """Put it behind what is kept, send what goes, and leave the rest to a thread."""
        self._kept_until = monotonic() + _PATIENCE_S
        self._kept.append(message)
        if self._sending.acquire(False):  # else whoever has it sends this one, too, or the thread does
            try:
                self._send_kept()
            finally:
                self._sending.release()
        self._have_flusher()

    def _have_flusher(self):
        """See that one thread runs while something is kept; threading.Thread would wait for its start."""
        flushing = self._flushing
        if self._kept and flushing.acquire(False):
            try:
                start_new_thread(self._flush, ())
            except Exception:  # noqa: BLE001  # no more threads, or Python ends: it goes out before the next one
                flushing.release()

    def _flush(self):
        try:
            while self._kept:
                sleep(_AGAIN_S)
                self._flush_once()
        except Exception:  # noqa: BLE001  # as in _send
            self._rest()
        finally:
            self._flushing.release()
        self._have_flusher()  # one may have been kept just before the release

    def _flush_once(self):
        waiting = len(self._kept)  # asked before the time: a newer one stays
        if not self._sending.acquire(False):
            return
        try:
            if monotonic() < self._kept_until:
                self._send_kept()
            else:
                for _ in range(waiting):
                    self._kept.popleft()
        finally:
            self._sending.release()

    def _send_kept(self):
        """For who has `_sending`. An event stays until it is sent, so that none overtakes it."""
        kept = self._kept
        try:
            for _ in range(len(kept)):
                self._socket.send(kept[0])
                kept.popleft()
        except BlockingIOError:
            while len(kept) > _KEPT:
                self._drop()
        except OSError:
            self._send_anew(kept[-1])

    def _send_anew(self, message):
        """To a daemon that perhaps started again: it knows nothing of what was, so the last event will do."""
        self._connect()
        try:
            self._socket.send(message)
        except BlockingIOError:
            self._kept_until = monotonic() + _PATIENCE_S
            self._kept.append(message)
            self._have_flusher()

    def _drop(self):
        """The oldest iteration that is kept whole; else the oldest event but an end; never the last event."""
        starts = {}
        kept = list(self._kept)[:-1]
        for index, message in enumerate(kept):
            event, _, whose = message.partition(b" ")
            if event == b"end" and whose in starts:
                del self._kept[index], self._kept[starts[whose]]
                return
            if event == b"start":
                starts.setdefault(whose, index)
        del self._kept[next((at for at, one in enumerate(kept) if not one.startswith(b"end")), 0)]

    def _connect(self):
        self._forget()
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.connect(self._path)
        except BaseException:
            made.close()
            raise
        self._socket = made

    def _rest(self):
        self._quiet_until = monotonic() + _QUIET_S
        self._forget()

    def _forget(self):
        made, self._socket = self._socket, None
        self._kept.clear()
        if made is not None:
            made.close()

    def _unlock(self):
        """Neither is ever waited for: who does not get it leaves the work to who has it."""
        self._sending = allocate_lock()
        self._flushing = allocate_lock()


class _Iteration:
    def __init__(self, cam, name):
        self._cam = cam
        self._name = name

    def __enter__(self):
        self._cam.start(self._name)
        return self

    def __exit__(self, *_):
        self._cam.end(self._name)


def _forked():
    """A child may close all files that it inherited: their numbers would come to mean something else.

    It has none of its parent's threads, which may have had the locks.
    """
    for cam in list(_made):
        cam._unlock()
        cam._forget()


os.register_at_fork(after_in_child=_forked)
