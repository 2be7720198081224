"""What takes evidence: samplers, which record continuously, and collectors, which take discrete pieces."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

import msgspec

from fetch.access import Endpoint
from model.artifacts import Artifact
from model.capture import Outcome, ProcessIdentity, WindowEnd
from model.events import Trigger

if TYPE_CHECKING:
    from collectors.host.ring import Ring


class Target(Protocol):
    """Of whom evidence is taken."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def trigger(self) -> Trigger:
        """Why."""

    @property
    def process(self) -> ProcessIdentity | None:
        """Its process, held from first sight; None where only its HTTP is within reach."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Where its HTTP is; None where no `address` is configured."""

    @property
    def logs(self) -> tuple[str, ...]:
        """The paths of the files that its log sources follow, as they are configured."""

    @property
    def presets(self) -> tuple[str, ...]:
        """The presets of its sources: which well-known program it is."""

    @property
    def signals(self) -> "Ring | None":
        """The host signals of its last minutes, where they were read before the trigger."""

    def alive(self) -> bool:
        """Whether it is still there; as long as it is, its process number is its own."""


class Window(Protocol):
    """The time in which evidence is taken."""

    @property
    def collection_time_s(self) -> float:
        """How long it is meant to last."""

    def over(self) -> bool:
        """Whether it has ended."""

    async def ended(self) -> WindowEnd:
        """Wait for the end: collection time over, iteration ended, target exited, shutdown."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence that there is something to say of, such as where it was cut off."""

    artifacts: tuple[Artifact, ...]
    detail: str = ""


class Collector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Takes discrete evidence at the trigger, during the window or at its end.

    Its fields are its options in the configuration. Timing, counting, bounds and the handling of errors are
    the capture's: raise CollectorError to say how it ended, and let everything else pass.
    """

    needs_address: ClassVar[bool] = False  # it asks the target's HTTP
    needs_process: ClassVar[bool] = False  # it reads of the target's process
    # It goes with other evidence: how the capture went is said by the others, where there are any.
    companion: ClassVar[bool] = False
    # It costs the target next to nothing, and is taken in light captures too (`target.trigger.plan` tells).
    light: ClassVar[bool] = False
    # It needs no living target, and is taken when the target's process has ended.
    posthumous: ClassVar[bool] = False

    async def try_out(self, target: Target) -> None:
        """Find out at little cost, long before an overrun, whether it would work.

        Raises CollectorError with the remedy where it would not.
        """

    async def collect(
        self, target: Target, window: Window, into: Path, name: str
    ) -> Sequence[Artifact] | Taken:
        """Stream evidence to files in `into` (the report's evidence folder) and describe them.

        `name` is its own in the configuration: files whose names begin with it meet no other collector's.
        An empty sequence says that there was nothing to take, which is no failure.
        """
        raise NotImplementedError


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A sampler's child process: fixed arguments, no shell."""

    argv: tuple[str, ...]
    deadline_s: float  # killed when it runs longer
    ready_within_s: float = 10.0  # killed when it has not said by then that it samples


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How a sampler's child ended, with what it said (bounded)."""

    code: int
    output: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a sampler's end means."""

    outcome: Outcome
    detail: str = ""
    remedy: str = ""
    taken: int | None = None
    missed: int = 0
    behind: bool = False
    passing: bool = False  # trying again at once may go well


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to sample, judged from the first dump."""

    threads: int
    frames: int
    slowness: float = 1.0  # of that dump, beside the machine that estimates were measured on
    known: bool = True  # there was a dump


class Sampler(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Takes stacks of all threads of a process. Its fields are its options in the configuration.

    The recorder runs the commands; a sampler only knows its program's language.
    """

    segment_suffix: ClassVar[str]  # of the files that it records, such as `.trace.json`

    def version(self) -> str:
        """The version of the program; raises CollectorError with the remedy when it is not there.

        Its outcome is `nothing` when it is not installed, `unsupported` when it cannot run here. It may
        start the program, once, and remembers: the first call is made in a thread.
        """
        raise NotImplementedError

    def pauses_target(self) -> bool:
        """Whether it stops the target for each sample."""
        raise NotImplementedError

    def sees_idle(self) -> bool:
        """Whether threads that do nothing show in its samples, too."""
        return True

    def asked_rate_hz(self) -> int | None:
        """The rate that its options ask for."""
        raise NotImplementedError

    def only_here(self) -> tuple[str, ...]:
        """Options that are set and that no other sampler knows: they forbid to choose another."""
        return ()

    def trial(self, pid: int) -> Command:
        """A command that looks at the process once and ends: its end tells whether it can be sampled."""
        raise NotImplementedError

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """A command that records for `seconds`, or until SIGINT, and writes one self-contained file."""
        raise NotImplementedError

    def ready(self, said: bytes) -> bool:
        """Whether what it said so far, on standard output and error, means that sampling has begun."""
        raise NotImplementedError

    def zero_s(self, spawned_s: float, ready_s: float) -> float:
        """When its files' time begins, given when it was started and when it said that it was ready."""
        return spawned_s

    def judge(self, ended: Exit) -> Judgement:
        """What an exit code and the words on standard output and error mean."""
        raise NotImplementedError

    def scrub(self, file: Path) -> None:
        """Take out of a recording what must not leave the machine, such as command lines."""
        raise NotImplementedError

    def sample_s(self, cost: Cost) -> float:
        """The CPU time that one sample of so much is likely to take, in seconds."""
        raise NotImplementedError

    def segment_s(self, cost: Cost) -> float:
        """The CPU time that beginning and ending a recording is likely to take, in seconds."""
        return 0.02

    def pause_s(self, cost: Cost) -> float:
        """How long one sample of so much is likely to stop the target, in seconds."""
        return 0.0

    def gentle(self) -> "Sampler":
        """The same without stopping the target."""
        return self


class Looker(Sampler, frozen=True, kw_only=True):
    """A sampler that can also look at all threads at once: names, states, who holds the GIL."""

    def dump(self, pid: int) -> Command:
        """A command that prints one look at all threads to its standard output."""
        raise NotImplementedError

    def gentle(self) -> "Looker":
        """The same without stopping the target."""
        return self

    def cost(self, dump: bytes, cpu_s: float | None = None) -> Cost:
        """What there is to sample, from a dump's output and the CPU time that it took.

        Raises ValueError when it is no dump.
        """
        raise NotImplementedError
