"""`kinds.py KIND`: a loop that is stuck in one way. Runs on Python 3.8 and newer."""

import ctypes
import os
import signal
import socket
import sys
import threading
import time


def ready():
    """Say so, and go on to be stuck."""
    print("ready", flush=True)


def asleep():
    """Sleeps for ever."""
    ready()
    while True:
        time.sleep(3600)


def receiving():
    """Waits for a message that never comes."""
    ours, _theirs = socket.socketpair()
    ready()
    ours.recv(1)


def locked():
    """Waits for a lock that it holds itself."""
    lock = threading.Lock()
    lock.acquire()
    ready()
    lock.acquire()


def holding_the_gil():
    """Sleeps in C with the GIL held; `wanting` cannot go on meanwhile."""
    library = ctypes.PyDLL(None)
    threading.Thread(target=wanting, name="wanting", daemon=True).start()
    ready()
    while True:
        library.usleep(500000)


def wanting():
    """Computes whenever it can."""
    while True:
        pass


def asynchronous():
    """An asyncio loop that a synchronous call blocks."""
    import asyncio

    async def iteration():
        ready()
        synchronous_call()

    async def main():
        await asyncio.gather(iteration(), asyncio.sleep(3600))

    asyncio.run(main())


def synchronous_call():
    """What an asyncio loop should never do."""
    time.sleep(3600)


def greenlets():
    """A greenlet that computes without ever giving way to another one."""
    import gevent

    def waiting_greenlet():
        gevent.sleep(3600)

    def busy_greenlet():
        gevent.sleep(0)
        ready()
        while True:
            pass

    gevent.joinall([gevent.spawn(waiting_greenlet), gevent.spawn(busy_greenlet)])


def forking():
    """A server that forks; the loop runs in the child, which tells its number."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        loop_of_the_child(parent)
    ready()
    print("child", child, flush=True)
    os.waitpid(child, 0)


def loop_of_the_child(parent):
    """Computes while its parent lives."""
    while os.getppid() == parent:
        pass
    os._exit(0)


def idle():
    """Waits for input; its end ends it."""
    ready()
    sys.stdin.readline()


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: ends with whoever started it
    globals()[sys.argv[1]]()
