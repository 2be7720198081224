"""Tells loopcam where a loop is. One file without dependencies, for Python 3.8 and later: copy it.

    from loopcam import Loopcam

    cam = Loopcam()                 # socket from LOOPCAM_SOCKET, target from LOOPCAM_TARGET
    while True:
        with cam.iteration():       # or cam.start() and cam.end(), or @cam.watched on a function
            reconcile()
        sleep(10)

It never waits, raises nothing and logs nothing, whether somebody listens or not, so it may be called
anywhere: in coroutines, threads and children too. Without LOOPCAM_SOCKET it does nothing. While nobody
listens it looks again once a second, and events in between are lost. An event that finds the daemon's queue
full goes out before the next one.
"""

import functools
import inspect
import os
import socket
import weakref
from collections import deque
from time import monotonic

_QUIET_S = 1.0
_KEPT = 64
_made = weakref.WeakSet()


class Loopcam:
    """One loop of one target. Iterations may have names, which tell late and lost events apart."""

    def __init__(self, path=None, target=None):
        """Without arguments as the environment says: LOOPCAM_SOCKET and LOOPCAM_TARGET."""
        self._socket = None
        self._quiet_until = 0.0
        self._kept = deque(maxlen=_KEPT)
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

            @functools.wraps(function)
            async def call(*args, **kwargs):
                with self.iteration():
                    return await function(*args, **kwargs)

        else:

            @functools.wraps(function)
            def call(*args, **kwargs):
                with self.iteration():
                    return function(*args, **kwargs)

        return call

    @staticmethod
    def _words(event, target):
        """The message without, and what comes before, an iteration's name."""
        short = f"{event} {target}".rstrip().encode("utf-8", "replace")
        return short, f"{event} {target} ".encode("utf-8", "replace")

    def _send(self, words, iteration):
        if monotonic() < self._quiet_until:
            return
        try:
            message = words[0] if iteration is None else words[1] + str(iteration).encode("utf-8", "replace")
            if self._socket is None:
                self._connect()
            try:
                if self._kept:
                    self._send_kept()
                self._socket.send(message)
            except BlockingIOError:  # the queue is full: it goes out before the next
                self._kept.append(message)
            except OSError:  # the daemon has ended, and perhaps started again
                self._connect()
                self._socket.send(message)
        except Exception:  # noqa: BLE001  # nobody listens, or whatever else: never the loop's problem
            self._quiet_until = monotonic() + _QUIET_S
            self._forget()

    def _send_kept(self):
        while self._kept:
            message = self._kept.popleft()
            try:
                self._socket.send(message)
            except BlockingIOError:
                self._kept.appendleft(message)
                raise

    def _connect(self):
        self._forget()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect(self._path)

    def _forget(self):
        made, self._socket = self._socket, None
        self._kept.clear()
        if made is not None:
            made.close()


class _Iteration:
    __slots__ = ("_cam", "_name")

    def __init__(self, cam, name):
        self._cam = cam
        self._name = name

    def __enter__(self):
        self._cam.start(self._name)
        return self

    def __exit__(self, *_):
        self._cam.end(self._name)


def _forked():
    """A child may close all files that it inherited: their numbers would come to mean something else."""
    for cam in list(_made):
        cam._forget()


os.register_at_fork(after_in_child=_forked)
