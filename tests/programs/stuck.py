"""Stuck in the way that is asked for, as soon as it has said so: `python stuck.py WAY`."""

import os
import socket
import subprocess
import sys
import threading
import time

NODES, PODS = threading.Lock(), threading.Lock()


def started(work, name):
    threading.Thread(target=work, name=name, daemon=True).start()


def refresh(held):
    with NODES:
        held.set()
        while True:
            time.sleep(0.2)


def held_lock():
    held = threading.Event()
    started(lambda: refresh(held), "refresher")
    held.wait()
    print("ready", flush=True)
    with NODES:
        pass


def evict(held, go_on):
    with PODS:
        held.set()
        go_on.wait()
        with NODES:
            pass


def crossed_locks():
    held, go_on = threading.Event(), threading.Event()
    started(lambda: evict(held, go_on), "evictor")
    held.wait()
    with NODES:
        go_on.set()
        print("ready", flush=True)
        with PODS:
            pass


def silent_socket():
    one, other = socket.socketpair()
    print("ready", flush=True)
    one.recv(1)
    other.close()


def long_sleep():
    print("ready", flush=True)
    time.sleep(3600)


def command():
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as child:
        print("ready", flush=True)
        child.wait()


def full_pipe():
    reading, writing = os.pipe()
    print("ready", flush=True)
    os.write(writing, bytes(1 << 20))
    os.close(reading)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
