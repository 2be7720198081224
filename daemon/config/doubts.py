"""What is no fault of a configuration, and yet will hardly do what is wanted."""

import logging
import os
from collections.abc import Iterator, Mapping

from daemon.config.settings import Config
from daemon.config.target import Target
from model.units import Seconds

_LOG = logging.getLogger(__name__)
_IN_KUBERNETES = "KUBERNETES_SERVICE_HOST"
_GRACE_S = 30.0  # terminationGracePeriodSeconds, where a pod does not say


def doubts(config: Config, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Each with what to do, for the one who configures."""
    for target in config.targets:
        yield from _killed_first(target)
    if config.shutdown_grace >= _GRACE_S and _IN_KUBERNETES in environ:
        yield (
            f"shutdown_grace: {config.shutdown_grace}: a pod that is deleted gets {Seconds(_GRACE_S)}, "
            "unless its terminationGracePeriodSeconds says more; make that longer, or this shorter"
        )


def tell(config: Config) -> None:
    """Log them."""
    for doubt in doubts(config):
        _LOG.warning(doubt)


def _killed_first(target: Target) -> Iterator[str]:
    """Captures that a liveness probe would cut off. Delivery need not beat it: only the target restarts."""
    killed_after_s = target.killed_after_s
    if killed_after_s is None:
        return
    rules = target.iterations[0].options.loop_rules()
    allowance_s = 0.0 if rules.mode == "start_end" else rules.idle_allowance_s
    slack_s = allowance_s + rules.lag_s
    thresholds = {"max_loop_time": target.threshold_s, "first_loop_time": target.first_loop_time}
    for option, threshold_s in thresholds.items():
        if threshold_s is None or threshold_s + slack_s + target.collection_time <= killed_after_s:
            continue
        terms = {
            option: threshold_s,
            "idle_allowance": allowance_s,
            "interval and deadline": rules.lag_s,
            "collection_time": target.collection_time,
        }
        told = " + ".join(f"{name} {Seconds(time_s)}" for name, time_s in terms.items() if time_s)
        yield (
            f"target {target.name}: {told} is more than {Seconds(killed_after_s)}, after which a liveness "
            f"probe has it killed (killed_after): the capture would be cut off; lower {option} or "
            "collection_time"
        )
