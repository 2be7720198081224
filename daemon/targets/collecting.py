"""Whether collectors would take something of a target, before anything overruns."""

import time

from daemon.capture.plan import plan
from daemon.capture.subject import subject
from daemon.config import settings
from daemon.targets.held import Held
from daemon.targets.possible import Possible
from model.errors import CollectorError
from model.events import Trigger, TriggerKind


async def check_collectors(config: settings.Target, held: Held) -> Possible:
    """Whether any would take something, and which would not: without a sampler they are all there is."""
    trigger = Trigger(target=config.name, kind=TriggerKind.MANUAL, reason="a trial", at_s=time.monotonic())
    whose, collectors = subject(config, trigger, held), plan(config).collectors
    failures: dict[str, CollectorError] = {}
    for name, collector in collectors.items():
        try:
            await collector.try_out(whose)
        except CollectorError as error:
            failures[name] = error
    if not failures:
        return Possible(True, "ok")
    (name, first), *_ = failures.items()
    if len(failures) < len(collectors):
        return Possible(True, "ok", f"{name} takes nothing: {first}", first.remedy)
    return Possible(False, first.outcome, str(first), first.remedy)
