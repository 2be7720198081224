"""Whether we may do something with a file, as the kernel judges it."""

import os
from pathlib import Path


def may(path: Path, mode: int) -> bool:
    """By our ids in effect; raises OSError where the path cannot be followed.

    Where they are the real ones, too, the old system call is asked: under a seccomp profile without
    faccessat2 libc answers for the new one that root may do all, which is not so without CAP_DAC_OVERRIDE.
    """
    changed = (os.getuid(), os.getgid()) != (os.geteuid(), os.getegid())
    return os.access(path, mode, effective_ids=changed)
