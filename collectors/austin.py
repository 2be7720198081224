"""austin's language, 3.7 and 4.x: its arguments, what it prints, and what its ends mean."""

import math
import re
import signal
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from collectors.austin_program import MOJO_ONLY, first_line, plain, probed
from collectors.contract import Command, Cost, Exit, Judgement, Sampler
from model.capture import Outcome

ATTACH_S = 2  # that austin itself looks for the interpreter; where there is none, 3.7 always takes so long
READY_WITHIN_S = 6.0  # 3.7 searches for ever in a Python older than it knows
TRIAL_DEADLINE_S = 8.0
RECORD_GRACE_S = 2
OLDEST_PYTHON = (3, 8)  # of a target; 3.7 attaches to older ones, and then sees nothing
CERTAIN = 5  # samples that all failed: of a busy target up to one in ten does, as it was changing
BEHIND = 0.1  # of the samples, that took longer than their interval
# Measured: milliseconds a sample at 5 threads x 20 frames, and 202 x 57.
SAMPLE_COST_S = 0.0001
FRAME_COST_S = 0.000003  # 0.3, 32
FRAME_COST_4_S = 0.0000005  # 0.1, 3.7

_PYTHON = re.compile(r"Python version: (\d+)\.(\d+)")
_SAMPLES = re.compile(r"Error rate\D*(\d+)/(\d+)")
_LONG_SAMPLES = re.compile(r"Long sampling rate\D*(\d+)/(\d+)")
_RECORDS = "Sampling for"  # what it says when it was given a duration, as a recording is
_FINISHED = 254  # ended by SIGINT; by its own duration, 4.x
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
        return ".".join(map(str, probed().version))

    def pauses_target(self) -> bool:
        """Never."""
        return False

    def asked_rate_hz(self) -> int | None:
        """`rate_hz`."""
        return self.rate_hz

    def trial(self, pid: int) -> Command:
        """Its own look at all threads, which it prints for people to read."""
        argv = (probed().path, "--timeout", f"{ATTACH_S}s", "--where", str(pid))
        return Command(argv=argv, deadline_s=TRIAL_DEADLINE_S, ready_within_s=READY_WITHIN_S)

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """A recording in the MOJO format, of which 4.x has no other."""
        program = probed()
        duration_s = math.ceil(seconds) + RECORD_GRACE_S  # its own bound; the recorder ends it by SIGINT
        binary = () if program.version >= MOJO_ONLY else ("--binary",)
        argv = (program.path, *binary, "--timeout", f"{ATTACH_S}s", "--interval", f"{1_000_000 // rate_hz}us")
        argv += ("--exposure", str(duration_s), "--output", str(file), "--pid", str(pid))
        deadline_s = READY_WITHIN_S + duration_s + RECORD_GRACE_S
        return Command(argv=argv, deadline_s=deadline_s, ready_within_s=READY_WITHIN_S)

    def ready(self, said: bytes) -> bool:
        """Whether it names the target's Python: it has attached, and samples at once."""
        return bool(_PYTHON.search(plain(said.decode(errors="replace"))))

    def zero_s(self, spawned_s: float, ready_s: float) -> float:
        """Its times count from its first look, right after it said that it was ready."""
        return ready_s

    def judge(self, ended: Exit) -> Judgement:
        """Tell austin's ends apart by its exit code; 3.7 and 4.x have codes of their own for the same."""
        said = plain(ended.output)
        python = _PYTHON.search(said)
        if python and (int(python[1]), int(python[2])) < OLDEST_PYTHON:
            return Judgement(
                outcome=Outcome.UNSUPPORTED,
                detail=f"austin cannot read Python {python[1]}.{python[2]}",
                remedy=_USE_PYSPY,
            )
        if ended.code < 0:
            return _judge_signal(-ended.code)
        if ended.code in (0, _FINISHED):
            return _judge_end(ended.code, said)
        return _FAILURES.get(ended.code) or Judgement(
            outcome=Outcome.FAILED, detail=f"austin: exit {ended.code}: {first_line(said)}"
        )

    def scrub(self, file: Path) -> None:
        """Nothing: it writes names of functions and files only."""

    def sample_s(self, cost: Cost) -> float:
        """It grows with the number of frames, with 4.x by far less."""
        frame_s = FRAME_COST_4_S if probed().version >= MOJO_ONLY else FRAME_COST_S
        return cost.slowness * (SAMPLE_COST_S + frame_s * cost.frames)

    def segment_s(self, cost: Cost) -> float:
        """It streams: there is little to do at the beginning, and nothing at the end."""
        return 0.02


def _judge_end(code: int, said: str) -> Judgement:
    """What an end without a failure means: as planned, or with the target."""
    counts = _SAMPLES.search(said)
    if not counts:
        if code == 0:
            return _GONE if _RECORDS in said else Judgement(outcome=Outcome.COMPLETE)  # a look
        return Judgement(outcome=Outcome.ENDED_BEFORE_ATTACH, detail="austin was interrupted too early")
    missed, seen = int(counts[1]), int(counts[2])
    if missed == seen and 0 < seen < CERTAIN:
        detail = "the stacks changed while austin read them"
        return Judgement(outcome=Outcome.FAILED, detail=detail, taken=0, missed=missed, passing=True)
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
