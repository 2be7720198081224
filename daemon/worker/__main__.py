"""Entry of our children: `python -m daemon.worker render|store|notify`."""

import os
import sys
from collections.abc import Callable, Iterator

from daemon.worker.protocol import Job, Reply
from model import coding


def main() -> None:
    """Serve jobs until standard input ends."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints must not pass for a reply
    serve = {"render": _render, "store": _store, "notify": _notify}[sys.argv[1]]
    work = serve(sys.stdin.buffer.readline())
    for job in _jobs():
        replies.write(coding.encode(work(job)) + b"\n")


def _jobs() -> Iterator[Job]:
    while line := sys.stdin.buffer.readline():
        yield coding.decode(line, Job)


def _render(_setup: bytes) -> Callable[[Job], Reply]:
    from daemon.worker.render import renderer

    return renderer()


def _store(setup: bytes) -> Callable[[Job], Reply]:
    from daemon.worker.store import store

    return store(setup)


def _notify(setup: bytes) -> Callable[[Job], Reply]:
    from daemon.worker.notify import notify

    return notify(setup)


if __name__ == "__main__":
    main()
