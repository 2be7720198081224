"""Whether other programs are to be seen from our PID namespace, or loopcam alone."""

import os
from collections.abc import Mapping
from pathlib import Path

from daemon.targets import procfs

_HOLDERS = ("pause", "catatonit")  # hold a pod's namespaces, and are no program


def others_visible() -> bool:
    """Whether there is a process that is neither a loopcam, nor above or below one, nor the kernel's."""
    return any_other({int(name): _words(name) for name in filter(str.isdigit, os.listdir(procfs.PROC))})


def any_other(seen: Mapping[int, tuple[str, ...]]) -> bool:
    """The same of these processes, by number, with the words of their command lines."""
    ours = {pid for pid, words in seen.items() if _is_loopcam(words)} | {os.getpid()}
    above = set().union(*map(procfs.ancestors, ours))
    for pid, words in seen.items():
        holds = words and Path(words[0]).name in _HOLDERS
        if words and not holds and pid not in above and not ours & procfs.ancestors(pid):
            return True
    return False


def _is_loopcam(words: tuple[str, ...]) -> bool:
    """Whether it is our command: itself, or a Python that runs it."""
    return any(Path(word).name == "loopcam" for word in words[:3]) or words[1:3] == ("-m", "daemon")


def _words(name: str) -> tuple[str, ...]:
    """A process's command line; none of the kernel's threads, and of what ended meanwhile."""
    try:
        text = (procfs.PROC / name / "cmdline").read_text(errors="replace")
    except OSError:
        return ()
    return tuple(word for word in text.split("\0") if word)
