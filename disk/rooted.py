"""Opening a path as a process with another root directory would: no link leads out of it."""

import ctypes
import errno
import os

_LIBC = ctypes.CDLL(None, use_errno=True)
_OPENAT2 = 437  # on every architecture
_RESOLVE_NO_MAGICLINKS, _RESOLVE_IN_ROOT = 0x02, 0x10
_MOST_TRIES = 16  # while directories are being renamed under us

NO_SAFE_WAY = (errno.ENOSYS, errno.EPERM)  # the errors of a system without openat2
NO_SAFE_WAY_REMEDY = (
    "it takes Linux 5.6, and a seccomp profile that allows openat2; or mount the folder, and give its path"
)


class _How(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def open_within(root: int, path: str, flags: int) -> int:
    """A descriptor of `path` within the directory that `root` is a descriptor of; raises OSError."""
    how = _How(flags=flags, mode=0, resolve=_RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    for _ in range(_MOST_TRIES):
        found = _LIBC.syscall(_OPENAT2, root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        if found >= 0:
            return int(found)
        number = ctypes.get_errno()
        if number != errno.EAGAIN:
            break
    raise OSError(number, os.strerror(number), path)
