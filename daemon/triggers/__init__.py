"""What else brings a capture, beside the overrun. This table is all there is to registering one."""

from daemon.triggers.adaptive import Adaptive
from daemon.triggers.contract import TriggerOptions
from daemon.triggers.early import Early

TRIGGERS: dict[str, type[TriggerOptions]] = {
    "adaptive": Adaptive,
    "early": Early,
}
