"""`tracer.py PID`: traces a process without stopping it, as `strace -p` does, until its input ends."""

import ctypes
import os
import sys

PTRACE_SEIZE = 0x4206

if __name__ == "__main__":
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(PTRACE_SEIZE, int(sys.argv[1]), None, None):
        sys.exit(os.strerror(ctypes.get_errno()))
    print("ready", flush=True)
    sys.stdin.read()
