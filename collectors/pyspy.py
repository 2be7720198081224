"""py-spy's language: its arguments, what it prints, and what its ends mean."""

import math
import mmap
import re
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from collectors.contract import Command, Cost, Exit, Judgement, Looker
from collectors.pyspy_program import program, version
from model.capture import Outcome

# Measured with py-spy 0.4.3, non-blocking: 0.5 ms a sample at 4 threads x 20 frames, 34 ms at 51 x 61.
SAMPLE_COST_S = 0.0002
FRAME_COST_S = 0.00001
# A dump with its start, on the same machine; a recording begins and ends with as much.
DUMP_COST_S = 0.011
DUMP_FRAME_COST_S = 0.000018
SLOWNESS = (0.5, 4.0)  # within which a single dump is believed
# How long a blocking sample stops the target: 0.27 ms at 4 threads x 20, 3.7 ms at 51 with one 500 deep.
PAUSE_THREAD_S = 0.00006
PAUSE_FRAME_S = 0.000001
PAUSE_NATIVE = 2.5  # times as long with C frames
DUMP_DEADLINE_S = 15.0  # 200 threads of 500 frames take four of CPU time, and cores may be taken
BLOCKING_DUMP_DEADLINE_S = 2.0  # a target that is held is frozen
RECORD_GRACE_S = 2

_SAMPLES = re.compile(r"Samples: (\d+) Errors: (\d+)")
# As JSON: "process 17:\"python x.py SECRET\"", where the command line may hold quotes of its own.
_COMMAND_LINE = re.compile(rb'("name":\s?"process \d+:)(?:[^"\\]|\\.)+(?=")')
_EXECUTABLE_UNREADABLE = "Failed to get process executable name"
_CAPABILITY = (
    "run loopcam as the target's own user and group, or give it CAP_SYS_PTRACE; where "
    "kernel.yama.ptrace_scope is 1 or more, CAP_SYS_PTRACE is needed in any case; the files of the target's "
    "Python must be readable too"
)
_NOT_PYTHON = "choose the Python process itself (not a shell or wrapper around it) in `process`"


class _Frame(msgspec.Struct):
    name: str


class _Thread(msgspec.Struct):
    frames: list[_Frame]


class PySpy(Looker, frozen=True):
    """Samples every thread of a CPython process from outside, without pausing it unless asked to."""

    segment_suffix: ClassVar[str] = ".trace.json"

    rate_hz: Annotated[
        int | None,
        msgspec.Meta(
            ge=1, le=200, description="Samples a second; left out, it follows from the target's size"
        ),
    ] = None
    native: Annotated[
        bool, msgspec.Meta(description="Also C and C++ frames; py-spy can do that in blocking mode only")
    ] = False
    gil: Annotated[bool, msgspec.Meta(description="Only threads that hold the GIL")] = False
    subprocesses: Annotated[bool, msgspec.Meta(description="Also the target's child processes")] = False
    blocking: Annotated[
        bool,
        msgspec.Meta(description="Pause the target for each sample: exact stacks, at a price for the target"),
    ] = False

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Faults across options, as (field, value, rule)."""
        if self.native and not self.blocking:
            yield "native", "true", "needs `blocking: true`: py-spy cannot unwind C code of a running process"

    def version(self) -> str:
        """The installed py-spy's version; raises CollectorError when there is none."""
        return version()

    def pauses_target(self) -> bool:
        """Whether it was asked to stop the target for each sample."""
        return self.blocking

    def sees_idle(self) -> bool:
        """Not where only who holds the GIL is to be seen."""
        return not self.gil

    def asked_rate_hz(self) -> int | None:
        """`rate_hz`."""
        return self.rate_hz

    def only_here(self) -> tuple[str, ...]:
        """What austin cannot do."""
        return tuple(name for name in ("native", "gil", "subprocesses", "blocking") if getattr(self, name))

    def trial(self, pid: int) -> Command:
        """A dump."""
        return self.dump(pid)

    def dump(self, pid: int) -> Command:
        """One look at all threads, as JSON on standard output."""
        argv = (program(), "dump", "--pid", str(pid), "--json", *self._mode())
        return Command(argv=argv, deadline_s=BLOCKING_DUMP_DEADLINE_S if self.blocking else DUMP_DEADLINE_S)

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """A recording in Chrome's trace format, the only one of py-spy's with real time stamps."""
        # Its own bound; the recorder ends it by SIGINT. It counts samples, which come at random intervals.
        by_chance = 5 * math.sqrt(rate_hz * seconds) + 20
        duration_s = math.ceil(seconds + by_chance / rate_hz) + RECORD_GRACE_S
        options = ("--idle", "--threads", *self._mode(), *(("--gil",) if self.gil else ()))
        argv = (program(), "record", "--pid", str(pid), "--format", "chrometrace", "--rate", str(rate_hz))
        argv += ("--duration", str(duration_s), "--output", str(file), *options)
        return Command(argv=argv, deadline_s=duration_s + RECORD_GRACE_S)

    def ready(self, said: bytes) -> bool:
        """Whether py-spy says that it has found its way around the target and samples."""
        return b"Sampling process" in said

    def judge(self, ended: Exit) -> Judgement:
        """Tell py-spy's ends apart by what it prints; its exit code is 1 for every failure."""
        text = ended.output
        if ended.code == 0:
            return _judge_success(text)
        if ended.code < 0:  # SIGINT only has this effect before py-spy is ready for it
            early = ended.code == -signal.SIGINT
            outcome = Outcome.ENDED_BEFORE_ATTACH if early else Outcome.FAILED
            return Judgement(outcome=outcome, detail=f"py-spy was ended by signal {-ended.code}")
        for words, judgement in _FAILURES:
            if all(word in text for word in words):
                return judgement
        return Judgement(outcome=Outcome.FAILED, detail=_first_line(text) or f"py-spy: exit {ended.code}")

    def scrub(self, file: Path) -> None:
        """Leave of the process frames that `subprocesses` brings their pid: they hold the command line."""
        with file.open("rb") as source:
            if not file.stat().st_size:
                return
            with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data:
                if not _COMMAND_LINE.search(data):
                    return
        file.write_bytes(_COMMAND_LINE.sub(rb"\1", file.read_bytes()))

    def cost(self, dump: bytes, cpu_s: float | None = None) -> Cost:
        """Threads and frames of a dump, and how slow it was; raises ValueError when it is not one."""
        threads = msgspec.json.decode(dump, type=list[_Thread])
        frames = sum(len(thread.frames) for thread in threads)
        slowness = 1.0 if cpu_s is None else cpu_s / (DUMP_COST_S + DUMP_FRAME_COST_S * frames)
        least, most = SLOWNESS
        return Cost(threads=len(threads), frames=frames, slowness=min(most, max(least, slowness)))

    def sample_s(self, cost: Cost) -> float:
        """It grows with the number of frames."""
        return cost.slowness * (SAMPLE_COST_S + FRAME_COST_S * cost.frames)

    def segment_s(self, cost: Cost) -> float:
        """It reads all code once at the beginning, and writes all at the end."""
        return 2 * cost.slowness * (DUMP_COST_S + DUMP_FRAME_COST_S * cost.frames)

    def pause_s(self, cost: Cost) -> float:
        """It grows with threads, which it stops one by one, and with frames."""
        pause_s = cost.slowness * (PAUSE_THREAD_S * cost.threads + PAUSE_FRAME_S * cost.frames)
        return self.blocking * pause_s * (PAUSE_NATIVE if self.native else 1)

    def gentle(self) -> "PySpy":
        """Without `blocking`, and without `native`, which needs it."""
        return msgspec.structs.replace(self, blocking=False, native=False)

    def _mode(self) -> tuple[str, ...]:
        native = ("--native",) if self.native else ()
        subprocesses = ("--subprocesses",) if self.subprocesses else ()
        return (*(() if self.blocking else ("--nonblocking",)), *native, *subprocesses)


_TORN = Judgement(outcome=Outcome.FAILED, detail="the stacks changed while py-spy read them", passing=True)
# What py-spy 0.4 says of a pointer that leads nowhere, or in a circle: in a dump, and before it samples
_READS = (
    "Failed to get stack traces",
    "Failed to call get_stack_trace",
    "Failed to copy Py",
    "recursion depth reached",
)
_FAILURES: tuple[tuple[tuple[str, ...], Judgement], ...] = (
    (
        (_EXECUTABLE_UNREADABLE, "(os error 2)"),
        Judgement(outcome=Outcome.TARGET_EXITED, detail="the process is gone"),
    ),
    (("(os error 3)",), Judgement(outcome=Outcome.TARGET_EXITED, detail="the process is gone")),
    (
        (_EXECUTABLE_UNREADABLE, "os error 13"),
        Judgement(outcome=Outcome.NOT_PERMITTED, detail="may not read the process", remedy=_CAPABILITY),
    ),
    (
        ("Permission Denied",),
        Judgement(outcome=Outcome.NOT_PERMITTED, detail="may not read the process", remedy=_CAPABILITY),
    ),
    (
        ("Failed to find python version",),
        Judgement(outcome=Outcome.UNSUPPORTED, detail="not a Python process", remedy=_NOT_PYTHON),
    ),
    (
        ("Failed to suspend process", "EPERM"),
        Judgement(
            outcome=Outcome.NOT_PERMITTED,
            detail="another tracer holds the process, or seccomp forbids ptrace",
            remedy="end the debugger or tracer, or leave `blocking` off; in a unit of systemd: "
            "SystemCallFilter=ptrace",
        ),
    ),
    (
        ("Failed to suspend process",),
        Judgement(
            outcome=Outcome.TARGET_STOPPED, detail="the process is stopped", remedy="leave `blocking` off"
        ),
    ),
    (("No stack counts found",), Judgement(outcome=Outcome.NOTHING, detail="no stacks seen")),
    # It read while the target, which runs on, changed what was read: about one look in twenty of a program
    # that calls, returns and starts threads all the time.
    (
        ("Failed to find a python interpreter",),
        Judgement(outcome=Outcome.FAILED, detail="py-spy did not find its interpreter", passing=True),
    ),
    *(((words,), _TORN) for words in _READS),
)


_SUCCESSES = {Outcome.TARGET_EXITED: "the process is gone", Outcome.NOTHING: "no stacks sampled"}


def _judge_success(text: str) -> Judgement:
    counts = _SAMPLES.search(text)
    taken, missed = (int(counts[1]), int(counts[2])) if counts else (None, 0)
    exited = "Stopped sampling because process exited" in text
    outcome = Outcome.TARGET_EXITED if exited else Outcome.NOTHING if taken == 0 else Outcome.COMPLETE
    return Judgement(
        outcome=outcome,
        detail=_SUCCESSES.get(outcome, ""),
        taken=taken,
        missed=missed,
        behind="behind in sampling" in text,
    )


def _first_line(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.startswith("py-spy> Sampling")), "")[:300]
