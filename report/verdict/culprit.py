"""Which threads hold the iteration up: the loop's own, or those that it waits for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from model.comparison import Doing
from model.samples import Frame
from report.places import Origin, origin
from report.verdict import words
from report.verdict.conduct import Conduct, Piece
from report.verdict.kernel import Wait

_WAITS_FOR_THREAD: Final = re.compile(
    r"(?:.*\.)?(?:result|result_iterator|as_completed|wait|join|_wait_for_tstate_lock|get|map|wait_for_all)"
)
_THREADS_FILES: Final = re.compile(
    r"concurrent/futures/|/threading\.py|multiprocessing/pool\.py|/queue\.py|joblib/|gevent/threadpool"
)
_BEGINS: Final = re.compile(r"(?:.*\.)?(?:result|result_iterator|as_completed|wait|join|get|map)")
_IDLE_WORKER: Final = re.compile(r"concurrent/futures/thread\.py|multiprocessing/pool\.py|socketserver\.py")
_EVENT_LOOP: Final = re.compile(r"/asyncio/base_events\.py")
EVENT_LOOPS: Final = re.compile(
    r"/(?:asyncio/base_events|tornado/ioloop|trio/_core/_run|gevent/\w+|eventlet/hubs/\w+|socketserver)\.py|uvloop"
)
_POOL: Final = re.compile(r"concurrent/futures/(?:thread|process)\.py")
_KEEPS_POOL: Final = re.compile(r"Pool\._handle_(?:workers|tasks|results)|_handle_(?:workers|tasks|results)")
_MOST_OF_TIME = 0.5
_BUSY = 0.5


@dataclass(frozen=True)
class Culprit:
    """The threads to judge, and how the loop's thread depends on them, in words."""

    threads: tuple[Conduct, ...]
    loop: Conduct | None  # the thread that was looked at first
    followed: str = ""  # `MainThread waits in Future.result for worker-1`; empty when it is the loop's own


def find(conducts: Sequence[Conduct]) -> Culprit:
    """The main thread, or the threads whose work it waits for."""
    loop = next((each for each in conducts if each.main), conducts[0] if conducts else None)
    if loop is None:
        return Culprit((), None)
    waiting = [piece for piece in loop.pieces if _hands_over(piece) is not None]
    share = sum(piece.us for piece in waiting) / loop.us if loop.us else 0.0
    workers = [each for each in conducts if each is not loop and _works(each)]
    if share < _MOST_OF_TIME and loop.share(_is_idle_loop) >= _MOST_OF_TIME:
        return _beneath(loop, [each for each in workers if _of_pool(each)])
    if share < _MOST_OF_TIME or not workers:
        return Culprit((loop,), loop)
    frame = _hands_over(waiting[0])
    workers = [each for each in workers if not _keeps_pool(each)] or workers
    if frame and "concurrent/futures" in frame.file:
        workers = [each for each in workers if _of_pool(each)] or workers
    names = words.several([each.name for each in workers])
    called = frame.function if frame else "a call"
    return Culprit(tuple(workers), loop, f"{loop.name} waits in {called} for {names}")


def _beneath(loop: Conduct, workers: Sequence[Conduct]) -> Culprit:
    """An event loop that has nothing to do, and the threads of its executors that have."""
    if not workers:
        return Culprit((loop,), loop)
    names = words.several([each.name for each in workers])
    return Culprit(tuple(workers), loop, f"{loop.name}'s event loop waits, and {names} worked for it")


def _is_idle_loop(piece: Piece) -> bool:
    """Whether an event loop waits in its own select."""
    return piece.doing is not Doing.ON_CPU and any(
        _EVENT_LOOP.search(frame.file) and frame.function.endswith("_run_once") for frame in piece.frames[-3:]
    )


def _of_pool(conduct: Conduct) -> bool:
    """Whether a thread is one of a pool of the standard library's."""
    return any(_POOL.search(frame.file) for piece in conduct.pieces[:1] for frame in piece.frames)


def _keeps_pool(conduct: Conduct) -> bool:
    """Whether a thread only looks after the workers of a pool, and hands out what they do."""
    return any(
        _KEEPS_POOL.fullmatch(frame.function) for piece in conduct.pieces[:1] for frame in piece.frames
    )


def _hands_over(piece: Piece) -> Frame | None:
    """The call by which a thread waits for another one, if it does."""
    if piece.doing is Doing.ON_CPU or piece.wait not in (Wait.LOCK, Wait.UNKNOWN):
        return None
    found = None
    for frame in reversed(piece.frames):
        if origin(frame.file) is Origin.OWN:
            break
        if _THREADS_FILES.search(frame.file) and _WAITS_FOR_THREAD.fullmatch(frame.function):
            found = frame if _BEGINS.fullmatch(frame.function) else found
    return found


def waits_for_thread(piece: Piece) -> bool:
    """Whether a thread waits for another one: its end, its result, its word, or what it hands over."""
    return _hands_over(piece) is not None or idle(piece) or _rests(piece)


def idle(piece: Piece) -> bool:
    """Whether a thread waits to be given work: of a pool, a queue's reader, a server."""
    if piece.doing is Doing.ON_CPU:
        return False
    if _IDLE_WORKER.search(piece.leaf.file):
        return True
    return any(
        _THREADS_FILES.search(frame.file) and frame.function.endswith("get") for frame in piece.frames[-3:]
    )


def _works(conduct: Conduct) -> bool:
    """Whether a thread did something during most of the stall: run, or wait for anything but work."""
    return conduct.share(lambda piece: not idle(piece) and not _rests(piece)) >= _BUSY


def rests(conduct: Conduct) -> bool:
    """Whether a thread did nothing but wait for a time or a word, or for work."""
    return conduct.share(lambda piece: idle(piece) or _rests(piece)) > _BUSY


def _rests(piece: Piece) -> bool:
    """Whether a thread just waits for a time or a word, as background threads do."""
    if piece.doing is Doing.ON_CPU:
        return False
    waits = any(
        "threading.py" in frame.file and frame.function.endswith("wait") for frame in piece.frames[-3:]
    )
    return waits or (piece.wait is Wait.SLEEP and len(piece.frames) <= _SHALLOW)


_SHALLOW = 4  # frames of a background thread that sleeps in its own loop, those of threading counted
