"""The cameras of all targets, by name, and those whose process or wish for them is gone."""

import time
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from daemon.targets.target import Target

KEPT_S = 10.0  # a ring whose process is gone: by then its end was judged


class Retirable(Protocol):
    """What records one target into a ring."""

    target: Target
    retired_s: float | None

    @property
    def busy(self) -> bool:
        """Whether somebody still needs the ring."""

    def retire(self) -> None:
        """Record no more; the ring stays until it is closed."""

    async def ended(self) -> None:
        """Wait until nothing is recorded."""

    def close(self) -> None:
        """Remove the ring and let go of the target."""


Kind = TypeVar("Kind", bound=Retirable)


class Cast(Generic[Kind]):
    """One camera a target; one that is retired is kept until nobody needs its ring."""

    def __init__(self) -> None:
        self._now: dict[str, Kind] = {}
        self._gone: list[Kind] = []

    def __iter__(self) -> Iterator[Kind]:
        return iter(list(self._now.values()))

    def get(self, name: str) -> Kind | None:
        """The camera of a target now."""
        return self._now.get(name)

    def put(self, camera: Kind) -> Kind:
        """Have a camera in the place of the one before."""
        self.retire(camera.target.name)
        self._now[camera.target.name] = camera
        return camera

    def retire(self, name: str) -> Kind | None:
        """Let a target have none; gives the one it had."""
        camera = self._now.pop(name, None)
        if camera is not None:
            camera.retire()
            self._gone.append(camera)
        return camera

    def find(self, name: str, fits: Callable[[Kind], bool]) -> Kind | None:
        """The first of a target that fits, or did until just now."""
        now, gone = self._now.get(name), [each for each in self._gone if each.target.name == name]
        known = gone if now is None else [now, *gone]
        return next(filter(fits, known), None)

    def close_gone(self) -> None:
        """Remove the rings that nobody needs any more."""
        now_s, kept = time.monotonic(), []
        for camera in self._gone:
            if camera.busy or now_s - (camera.retired_s or now_s) < KEPT_S:
                kept.append(camera)
            else:
                camera.close()
        self._gone = kept

    def stop(self) -> None:
        """Record no more; rings stay for the captures that still run."""
        for camera in self._now.values():
            camera.retire()

    async def close(self) -> None:
        """Remove all rings."""
        self.stop()
        for camera in (*self._now.values(), *self._gone):
            await camera.ended()
            camera.close()
        self._now.clear()
        self._gone.clear()
