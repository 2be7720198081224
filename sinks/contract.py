"""What a sink is. A new one is one file with one class, and one line in `sinks/__init__.py`."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from model.report import Report
from model.units import Seconds


class Sink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stores reports somewhere. Its fields are its options in the configuration.

    A sink lives in a store process of its own, which is killed when one report takes longer than
    `deadline`. Import heavy libraries inside the methods: the daemon loads the class for its options only.
    """

    deadline: Annotated[
        Seconds, Meta(description="An attempt that takes longer is ended, and tried again later.")
    ] = Seconds(60)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Faults that no single field shows, as (field, value without secrets, rule). None, by default."""
        return ()

    def labels(self) -> frozenset[str]:
        """The names of the labels that the options refer to, so that a misspelt one is found early.

        Asked only when `check` has found nothing.
        """
        return frozenset()

    def prepare(self) -> None:
        """Import and build what `store` needs; called while the capture is still running."""

    def store(self, report: Report) -> str:
        """Store every file of the report, the manifest last, and return where it is (no secrets in it).

        Idempotent per (report id, revision): storing again leaves one whole report. Raises SinkError, with
        `retry=True` where trying again later may succeed; any other exception counts as a retry.
        """
        raise NotImplementedError
