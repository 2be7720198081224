"""A target with a root directory of its own: `rooted.py FOLDER` makes a new disk there its root.

It runs in a mount namespace of its own (`unshare --mount`): from outside, the folder looks empty. A line
`COMMAND ARGUMENTS` on standard input does something in there.
"""

import os
import subprocess
import sys
from pathlib import Path

folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "rooted", folder], check=True)
for name in ("tmp", "var", "var/log"):
    (folder / name).mkdir()
os.chroot(folder)
os.chdir("/")
print("ready", flush=True)
for line in sys.stdin:
    command, *arguments = line.split()
    if command == "write":
        with open(arguments[0], "a") as file:
            file.write(arguments[1] + "\n")
    elif command == "link":
        Path(arguments[1]).symlink_to(arguments[0])
    elif command == "rename":
        Path(arguments[0]).rename(arguments[1])
    print("done", flush=True)
