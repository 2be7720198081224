"""A stall's quick signature: of the first look at all stacks, before anything is judged.

Threads that merely wait for others or for work say nothing: which thread runs the loop is not known, and
a main thread that waits for it looks the same in every stall. All others count, with their whole stacks, so
that two stalls that end in the same library are still two.
"""

import hashlib
import re

import msgspec

from model.signature import DIGITS, normalised

# Where a thread waits for others or for work, as `FILE:FUNCTION` of its innermost frames
_WAITS = re.compile(
    r"(?:threading\.py:(?:wait|join|_wait_for_tstate_lock)|queue\.py:get|thread\.py:_worker"
    r"|socketserver\.py:serve_forever|asyncio/\w+\.py:\w+|futures/_base\.py:(?:result|exception|wait)"
    r"|multiprocessing/(?:connection\.py:(?:wait|_poll|poll)|pool\.py:\w+))$"
)
_PASSED = re.compile(r"(?:selectors\.py:select|threading\.py:(?:wait|_wait_for_tstate_lock))$")


class _Frame(msgspec.Struct, gc=False):
    name: str
    filename: str

    @property
    def function(self) -> str:
        return self.name

    @property
    def file(self) -> str:
        return self.filename


class _Thread(msgspec.Struct):
    frames: list[_Frame]


def quick(dump: bytes) -> str:
    """The signature of a dump as py-spy prints it; empty where all threads merely wait, or it is none."""
    try:
        threads = msgspec.json.decode(dump, type=list[_Thread])
    except msgspec.DecodeError:
        return ""
    stacks = {stack for thread in threads if (stack := _stack(thread.frames)) and not _waits(stack)}
    if not stacks:
        return ""
    text = "\n\n".join("\n".join(stack) for stack in sorted(stacks))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:DIGITS]


def _stack(frames: list[_Frame]) -> tuple[str, ...]:
    """The functions of a stack, root first, each once: recursion may be deeper the next time."""
    return tuple(dict.fromkeys(normalised((frame,))[0] for frame in reversed(frames)))


def _waits(stack: tuple[str, ...]) -> bool:
    leaf = next((each for each in reversed(stack) if not _PASSED.search(each)), stack[-1])
    return _WAITS.search(leaf) is not None or (leaf != stack[-1] and "threading.py" in stack[-1])
