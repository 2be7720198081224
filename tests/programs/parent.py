"""Starts one child as samplers are, says its pid, and waits: `parent.py SETPRIV PROGRAM [ignoring]`."""

import os
import resource
import signal
import sys
from pathlib import Path

from daemon import children

children.SETPRIV = Path(sys.argv[1])
if "ignoring" in sys.argv:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
null = os.open(os.devnull, os.O_RDWR)
pid = children.start(
    (sys.argv[2], "600"),
    environment={},
    stdout=null,
    stderr=null,
    limits={resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 4096},
    keep=(),
)
print(f"ready\n{pid}", flush=True)
signal.pause()
