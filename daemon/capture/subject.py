"""Of whom a capture takes evidence, as collectors see it."""

import msgspec

from collectors.host.ring import Ring
from daemon.config import settings
from daemon.sources.log.where import STANDARD_INPUT, Where
from daemon.targets.held import Held
from daemon.targets.process import HeldProcess
from fetch.access import Endpoint
from model.capture import ProcessIdentity
from model.events import Trigger


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A target at the moment of its capture."""

    name: str
    trigger: Trigger
    held: Held
    endpoint: Endpoint | None = None
    logs: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()

    @property
    def process(self) -> ProcessIdentity | None:
        """Its process; None where only its HTTP is within reach."""
        return self.held.identity

    @property
    def where(self) -> str:
        """Its process or address, in words."""
        identity = self.held.identity
        at = f"{self.endpoint.host}:{self.endpoint.port}" if self.endpoint else self.name
        return f"process {identity.pid}" if identity else at

    @property
    def signals(self) -> Ring | None:
        """The host signals of its last minutes, where they were read before the trigger."""
        return self.held.signals if isinstance(self.held, HeldProcess) else None

    def alive(self) -> bool:
        """Whether it is still there."""
        return self.held.alive()


def subject(config: settings.Target, trigger: Trigger, held: Held) -> Subject:
    """The subject of a capture of a target, with what its configuration says of it."""
    sources = [part.options for part in config.iterations]
    paths = (options.path for options in sources if isinstance(options, Where))
    presets = (getattr(options, "preset", None) for options in sources)
    return Subject(
        name=config.name,
        trigger=trigger,
        held=held,
        endpoint=config.endpoint,
        logs=tuple(path for path in paths if path and path != STANDARD_INPUT),
        presets=tuple(preset for preset in presets if isinstance(preset, str)),
    )
