"""What else brings a capture, beside the overrun. This table is all there is to registering one."""

from daemon.triggers.adaptive import Adaptive
from daemon.triggers.contract import TriggerOptions
from daemon.triggers.cpu import Cpu
from daemon.triggers.early import Early
from daemon.triggers.exit import Exit
from daemon.triggers.line import Line
from daemon.triggers.memory import Memory
from daemon.triggers.silence import Silence

TRIGGERS: dict[str, type[TriggerOptions]] = {
    "adaptive": Adaptive,
    "cpu": Cpu,
    "early": Early,
    "exit": Exit,
    "line": Line,
    "memory": Memory,
    "silence": Silence,
}
