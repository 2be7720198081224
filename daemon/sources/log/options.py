"""The options of the source `log`."""

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.sources.contract import LoopRules, Mode
from daemon.sources.log.presets import PRESETS, PresetName
from daemon.sources.log.where import Where
from daemon.sources.log.wording import OF_MODE, Wording, mode_of
from model.units import ByteSize, Seconds

LogFormat = Literal["auto", "plain", "cri", "docker"]
Pattern = Annotated[str, Meta(min_length=1, max_length=1000)]
_PATTERNS = ("start", "end", "beat", "idle")
OneOrMore = Meta(max_length=16, extra={"or_one": True})


class Log(Where, frozen=True, kw_only=True):
    """The target's log tells when its iterations start and end."""

    preset: Annotated[
        PresetName | None,
        Meta(description="What a well-known loop logs; what is written beside it wins."),
    ] = None
    mode: Annotated[
        Mode | None,
        Meta(description="What the log tells. Left out: as the preset has it, else by the patterns given."),
    ] = None
    start: Annotated[
        tuple[Pattern, ...], OneOrMore, Meta(description="Lines that start an iteration (RE2).")
    ] = ()
    end: Annotated[
        tuple[Pattern, ...],
        OneOrMore,
        Meta(description="Lines that end one. In mode `start` the next start ends it, too."),
    ] = ()
    beat: Annotated[
        tuple[Pattern, ...], OneOrMore, Meta(description="Lines that every turn of the loop writes.")
    ] = ()
    idle: Annotated[
        tuple[Pattern, ...],
        OneOrMore,
        Meta(description="Lines after which nothing is due until the next start, as on a standby replica."),
    ] = ()
    idle_allowance: Annotated[
        Seconds | None,
        Meta(
            ge=0,
            description="The longest healthy pause between two iterations, which only `start_end` can tell "
            "from an overrun. Needed in the other modes, but with a preset that has one.",
        ),
    ] = None
    concurrent: Annotated[
        bool | None,
        Meta(
            description="Iterations run side by side, told apart by the group `iteration`. Left out: as the "
            "preset has it, else false."
        ),
    ] = None
    format: Annotated[
        LogFormat,
        Meta(
            description="What stands around each line: nothing, the frame of a Kubernetes runtime, that of "
            "Docker's `json-file`; `auto` goes by the first line."
        ),
    ] = "auto"
    max_line_bytes: Annotated[
        ByteSize,
        Meta(ge=256, le=2**20, description="Of longer lines only so much is looked at."),
    ] = ByteSize(64 * 2**10)
    max_per_s: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="Events a second of this log; more are collapsed: what they add up to is kept, and "
            "`loopcam_stale_events_total` counts them.",
        ),
    ] = 1000

    def __post_init__(self) -> None:
        """Built in Python, too, one text is a list of one, and never its characters."""
        for name in _PATTERNS:
            if not isinstance(given := getattr(self, name), tuple):
                made = (given,) if isinstance(given, str) else tuple(given)
                msgspec.structs.force_setattr(self, name, made)

    @property
    def wording(self) -> Wording:
        """The preset's patterns and rules, with what is written beside it in their place."""
        given = {name: value for name in _PATTERNS if (value := getattr(self, name))}
        base = PRESETS[self.preset] if self.preset else Wording(mode=mode_of(frozenset(given)))
        written = {
            "mode": self.mode,
            "idle_allowance_s": self.idle_allowance,
            "concurrent": self.concurrent,
        }
        return msgspec.structs.replace(
            base, **given, **{name: value for name, value in written.items() if value is not None}
        )

    def loop_rules(self) -> LoopRules:
        """As configured, or as the preset has it."""
        return self.wording.loop_rules()

    def check(self) -> Iterable[tuple[str, str, str]]:
        """One place; patterns that are read, and that go with the mode; an allowance where silence counts."""
        from daemon.sources.log import checks  # here, and not above: it loads RE2

        yield from self.broken_places()
        written = {kind.value: getattr(self, kind.value) for kind in OF_MODE["start_end"] + OF_MODE["beat"]}
        yield from checks.broken(self.wording, written, preset=self.preset is not None)
        if self.wording.mode == "start_end" and self.idle_allowance is not None:
            rule = "has no meaning in mode start_end: leave it out"
            yield "idle_allowance", str(self.idle_allowance), rule
