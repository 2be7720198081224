"""The options of the source `log`."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from daemon.sources.contract import LoopRules, Mode
from daemon.sources.log.where import Where
from model.units import Seconds

Pattern = Annotated[str, Meta(min_length=1, max_length=1000)]


class Log(Where, frozen=True, kw_only=True):
    """The target's log tells when its iterations start and end."""

    mode: Annotated[Mode | None, Meta(description="What the log tells; follows from the patterns given.")] = (
        None
    )
    start: Annotated[Pattern | None, Meta(description="Matches the line that starts an iteration.")] = None
    end: Annotated[Pattern | None, Meta(description="Matches the line that ends one.")] = None
    beat: Annotated[Pattern | None, Meta(description="Matches a line that every turn writes once.")] = None
    idle: Annotated[
        Pattern | None, Meta(description="Matches a line after which nothing is due until the next start.")
    ] = None
    idle_allowance: Annotated[
        Seconds | None, Meta(ge=0, description="The longest healthy pause between two iterations.")
    ] = None

    def loop_rules(self) -> LoopRules:
        """As configured."""
        return LoopRules(mode=self.mode or "start_end", idle_allowance_s=self.idle_allowance or 0.0)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """One place."""
        yield from self.broken_places()
