"""What can be configured of a target's dashcam."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from model.units import ByteSize, Seconds

LEAST_CONTINUOUS_HZ = 10


class Dashcam(msgspec.Struct, frozen=True, kw_only=True):
    """How stacks are sampled before anything has overrun; its mode alone may stand for all of it."""

    short: ClassVar[str] = "mode"

    mode: Annotated[
        Literal["off", "adaptive", "continuous"],
        Meta(
            description="When stacks are sampled before an overrun. `adaptive`: once an iteration is older "
            "than a quarter of its threshold, or slower than others were. `continuous`: always."
        ),
    ] = "adaptive"
    keep: Annotated[Seconds, Meta(ge=5, le=3600, description="How much time before an overrun is kept.")] = (
        Seconds(120)
    )
    max_bytes: Annotated[
        ByteSize, Meta(ge=1024 * 1024, description="How many bytes of it are kept in the spool.")
    ] = ByteSize(16 * 1024 * 1024)
    rate_hz: Annotated[
        int,
        Meta(
            ge=1,
            le=20,
            description="Samples a second in mode `continuous`; in mode `adaptive` half as many at first, "
            "and twice as many at the threshold.",
        ),
    ] = 10

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Faults across options, as (field, value, rule)."""
        if self.mode == "continuous" and self.rate_hz < LEAST_CONTINUOUS_HZ:
            yield "rate_hz", str(self.rate_hz), f"at least {LEAST_CONTINUOUS_HZ} in mode continuous"
