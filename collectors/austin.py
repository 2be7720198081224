"""austin's language, 3.7 and 4.x: its arguments, what it prints, and what its ends mean."""

import functools
import math
import re
import shutil
import signal
import subprocess
import sysconfig
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from collectors.contract import Command, Cost, Exit, Judgement, Sampler
from model.capture import Outcome
from model.errors import CollectorError

PROBE_DEADLINE_S = 10.0
ATTACH_S = 2  # that austin itself looks for the interpreter; where there is none, 3.7 always takes so long
READY_WITHIN_S = 6.0  # 3.7 searches for ever in a Python older than it knows
TRIAL_DEADLINE_S = 8.0
RECORD_GRACE_S = 2
OLDEST, NEWEST = (3, 7), (4,)  # the versions that were tried
OLDEST_PYTHON = (3, 8)  # of a target; 3.7 attaches to older ones, and then sees nothing
BEHIND = 0.1  # of the samples, that took longer than their interval
# Measured: milliseconds a sample at 5 threads x 20 frames, and 202 x 57.
SAMPLE_COST_S = 0.0001
FRAME_COST_S = 0.000003  # 0.3, 32
FRAME_COST_4_S = 0.0000005  # 0.1, 3.7

_VERSION = re.compile(r"austin (\d+)\.(\d+)\.(\d+)")
_PYTHON = re.compile(r"Python version: (\d+)\.(\d+)")
_SAMPLES = re.compile(r"Error rate\D*(\d+)/(\d+)")
_LONG_SAMPLES = re.compile(r"Long sampling rate\D*(\d+)/(\d+)")
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_RECORDS = "Sampling for"  # what it says when it was given a duration, as a recording is
_FINISHED = 254  # ended by SIGINT; by its own duration, 4.x
_OLDER_GLIBC = "pip install 'austin-dist<4' (3.7 runs from glibc 2.17 on), or use a system with a newer glibc"
_CAPABILITY = "run loopcam as the target's own user and group, or give it CAP_SYS_PTRACE"
_USE_PYSPY = "`sampler: pyspy`, which knows more Pythons"


class Austin(Sampler, frozen=True):
    """Samples every thread of a CPython process from outside, without pausing it, at little cost."""

    segment_suffix: ClassVar[str] = ".mojo"

    rate_hz: Annotated[
        int | None,
        msgspec.Meta(
            ge=1, le=1000, description="Samples a second; left out, it follows from the target's size"
        ),
    ] = None

    def version(self) -> str:
        """What the installed austin says that it is.

        Raises CollectorError when there is none, when it does not start here, or when it is one that we do
        not know.
        """
        return ".".join(map(str, _probed().version))

    def pauses_target(self) -> bool:
        """Never."""
        return False

    def asked_rate_hz(self) -> int | None:
        """`rate_hz`."""
        return self.rate_hz

    def trial(self, pid: int) -> Command:
        """Its own look at all threads, which it prints for people to read."""
        argv = (_probed().path, "--timeout", f"{ATTACH_S}s", "--where", str(pid))
        return Command(argv=argv, deadline_s=TRIAL_DEADLINE_S, ready_within_s=READY_WITHIN_S)

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """A recording in the MOJO format, of which 4.x has no other."""
        program = _probed()
        duration_s = math.ceil(seconds) + RECORD_GRACE_S  # its own bound; the recorder ends it by SIGINT
        binary = () if program.version >= NEWEST else ("--binary",)
        argv = (program.path, *binary, "--timeout", f"{ATTACH_S}s", "--interval", f"{1_000_000 // rate_hz}us")
        argv += ("--exposure", str(duration_s), "--output", str(file), "--pid", str(pid))
        deadline_s = READY_WITHIN_S + duration_s + RECORD_GRACE_S
        return Command(argv=argv, deadline_s=deadline_s, ready_within_s=READY_WITHIN_S)

    def ready(self, said: bytes) -> bool:
        """Whether it names the target's Python: it has attached, and samples at once."""
        return bool(_PYTHON.search(_plain(said.decode(errors="replace"))))

    def zero_s(self, spawned_s: float, ready_s: float) -> float:
        """Its times count from its first look, right after it said that it was ready."""
        return ready_s

    def judge(self, ended: Exit) -> Judgement:
        """Tell austin's ends apart by its exit code; 3.7 and 4.x have codes of their own for the same."""
        said = _plain(ended.output)
        if ended.code < 0:
            return _judge_signal(-ended.code)
        python = _PYTHON.search(said)
        if python and (int(python[1]), int(python[2])) < OLDEST_PYTHON:
            return Judgement(
                outcome=Outcome.UNSUPPORTED,
                detail=f"austin cannot read Python {python[1]}.{python[2]}",
                remedy=_USE_PYSPY,
            )
        if ended.code in (0, _FINISHED):
            return _judge_end(ended.code, said)
        return _FAILURES.get(ended.code) or Judgement(
            outcome=Outcome.FAILED, detail=f"austin: exit {ended.code}: {_first_line(said)}"
        )

    def scrub(self, file: Path) -> None:
        """Nothing: it writes names of functions and files only."""

    def sample_s(self, cost: Cost) -> float:
        """It grows with the number of frames, with 4.x by far less."""
        frame_s = FRAME_COST_4_S if _probed().version >= NEWEST else FRAME_COST_S
        return cost.slowness * (SAMPLE_COST_S + frame_s * cost.frames)

    def segment_s(self, cost: Cost) -> float:
        """It streams: there is little to do at the beginning, and nothing at the end."""
        return 0.02


class _Program(msgspec.Struct, frozen=True):
    path: str
    version: tuple[int, int, int]


class _Unusable(msgspec.Struct, frozen=True):
    why: str
    remedy: str


def _probed() -> _Program:
    """The austin that was installed with us, else the one on the path; it is asked for its version once."""
    own = Path(sysconfig.get_path("scripts"), "austin")
    path = str(own) if own.exists() else shutil.which("austin")
    if not path:
        raise CollectorError(
            Outcome.NOTHING, "austin is not installed", remedy="pip install 'loopcam[austin]'"
        )
    found = _probe(path, Path(path).stat().st_mtime_ns)
    if isinstance(found, _Unusable):
        raise CollectorError(Outcome.UNSUPPORTED, found.why, remedy=found.remedy)
    return found


@functools.lru_cache(maxsize=8)
def _probe(path: str, changed_ns: int) -> _Program | _Unusable:
    """What a program says of itself; `changed_ns` tells it from what was there before an upgrade."""
    other = f"put an austin from 3.7 to 4 in the place of {path}"
    try:
        ended = subprocess.run(
            [path, "--version"],
            capture_output=True,
            timeout=PROBE_DEADLINE_S,
            stdin=subprocess.DEVNULL,
            env={},
        )
    except subprocess.TimeoutExpired:
        return _Unusable(f"austin does not tell its version within {PROBE_DEADLINE_S:g} s", other)
    except OSError as error:
        return _Unusable(f"austin does not start: {error.strerror}", other)
    said = (ended.stdout[:1000] + ended.stderr[:1000]).decode(errors="replace")
    if wanted := re.search(r"`?GLIBC_([\d.]+)'? not found", said):
        return _Unusable(f"austin does not start: it needs glibc {wanted[1]} or newer", _OLDER_GLIBC)
    told = _VERSION.match(said)
    if ended.returncode or not told:
        return _Unusable(f"austin does not start: exit {ended.returncode}: {_first_line(said)}", other)
    version = int(told[1]), int(told[2]), int(told[3])
    if version < OLDEST or version[:1] > NEWEST:
        return _Unusable(f"austin {told[1]}.{told[2]} is not known here", other)
    return _Program(path, version)


def _judge_end(code: int, said: str) -> Judgement:
    """What an end without a failure means: as planned, or with the target."""
    counts = _SAMPLES.search(said)
    if not counts:
        if code == 0:
            return _GONE if _RECORDS in said else Judgement(outcome=Outcome.COMPLETE)  # a look
        return Judgement(outcome=Outcome.ENDED_BEFORE_ATTACH, detail="austin was interrupted too early")
    missed, seen = int(counts[1]), int(counts[2])
    if missed and missed == seen:
        detail = "austin cannot read the stacks of this Python"
        return Judgement(
            outcome=Outcome.UNSUPPORTED, detail=detail, remedy=_USE_PYSPY, taken=0, missed=missed
        )
    gone = code == 0  # 3.7 also when its own duration was over
    outcome = Outcome.TARGET_EXITED if gone else Outcome.COMPLETE if seen else Outcome.NOTHING
    late = _LONG_SAMPLES.search(said)
    return Judgement(
        outcome=outcome,
        detail=_GONE.detail if gone else "" if seen else "no stacks sampled",
        taken=seen - missed,
        missed=missed,
        behind=bool(late and int(late[1]) > BEHIND * int(late[2])),
    )


def _judge_signal(number: int) -> Judgement:
    """What an end by a signal means."""
    if number == signal.SIGXFSZ:
        return Judgement(outcome=Outcome.PARTIAL, detail="austin's file grew to the most that one may have")
    early = number == signal.SIGINT  # it only has this effect before austin is ready for it
    outcome = Outcome.ENDED_BEFORE_ATTACH if early else Outcome.FAILED
    return Judgement(outcome=outcome, detail=f"austin was ended by signal {number}")


_GONE = Judgement(outcome=Outcome.TARGET_EXITED, detail="the process is gone")
_NO_RIGHT = Judgement(
    outcome=Outcome.NOT_PERMITTED, detail="austin may not read the process", remedy=_CAPABILITY
)
_NO_PYTHON = Judgement(
    outcome=Outcome.UNSUPPORTED,
    detail="austin finds no Python that it knows in the process",
    remedy=f"choose the Python process itself in `process`; {_USE_PYSPY}",
)
_NO_PYTHON_OR_RIGHT = Judgement(
    outcome=Outcome.UNSUPPORTED,
    detail="austin finds no Python that it knows in the process, or may not read it",
    remedy=f"{_NO_PYTHON.remedy}; {_CAPABILITY}",
)
_NO_FILE = Judgement(outcome=Outcome.FAILED, detail="austin cannot write its file")
_FAILURES = {
    1: _GONE,  # 4.x
    2: _NO_RIGHT,
    5: _NO_FILE,
    10: _NO_PYTHON,
    32: _NO_PYTHON_OR_RIGHT,  # from here to 38: 3.7
    35: _NO_PYTHON,
    36: _GONE,
    37: _NO_RIGHT,
    38: _GONE,
    64: Judgement(outcome=Outcome.FAILED, detail="austin does not know an option that we gave it"),
    241: Judgement(outcome=Outcome.FAILED, detail="austin was ended by SIGTERM"),
    255: _NO_FILE,  # 3.7
}


def _plain(text: str) -> str:
    return _COLOURS.sub("", text)


def _first_line(text: str) -> str:
    """What it says first, below its name in big letters."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if re.search(r"[A-Za-z]{3}", line) and "[gcc" not in line), "")[:300]
