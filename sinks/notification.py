"""What a notification is. A new one is one file with one class, and one line in `sinks/__init__.py`."""

from collections.abc import Iterable
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta

from model.capture import Capture
from model.errors import SinkError
from model.news import Moment, News
from model.report import location
from model.units import Seconds
from sinks import template


class Notification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tells somebody of reports. Its fields are its options in the configuration.

    It lives in a process of its own, which is killed when one message takes longer than `deadline`.
    Import heavy libraries inside the methods: the daemon loads the class for its options only.
    """

    when: Annotated[
        tuple[Literal["accepted", "stored"], ...],
        Meta(
            min_length=1,
            description="At which moments: once a report is durable in the spool, and once a sink has it.",
        ),
    ] = ("accepted", "stored")
    sink: Annotated[
        str | None,
        Meta(description="The sink whose storing counts and is linked. Left out: the first that has it."),
    ] = None
    link: Annotated[
        str | None,
        Meta(
            description="The link to a report, instead of where it is stored: `{path}`, `{id}`, `{target}`, "
            "`{year}`, `{month}`, `{day}`, `{host}` and each label are filled in, URL-encoded."
        ),
    ] = None
    drills: Annotated[bool, Meta(description="Tell of drills, too; the message says that it is one.")] = False
    deadline: Annotated[
        Seconds, Meta(description="An attempt that takes longer is ended, and tried again later.")
    ] = Seconds(15)
    give_up_after: Annotated[
        Seconds, Meta(description="A message that did not get through for so long is dead.")
    ] = Seconds(3600)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Faults that no single field shows, as (field, value without secrets, rule)."""
        for option, seconds in (("deadline", self.deadline), ("give_up_after", self.give_up_after)):
            if seconds <= 0:
                yield option, str(seconds), "above 0"
        if self.link is None:
            return
        try:
            template.fields(self.link)
        except ValueError as error:
            yield "link", self.link, str(error)
        if not self.link.startswith(("https://", "http://")):
            yield "link", self.link, "begins with http:// or https://"

    def labels(self) -> frozenset[str]:
        """The names of the labels that the options refer to. Asked only when `check` has found nothing."""
        return template.fields(self.link or "") - template.OWN_FIELDS - {"path"}

    def prepare(self) -> None:
        """Import and build what `announce` needs."""

    def announce(self, news: News) -> str:
        """Tell it, and return where to (no secrets in it).

        The other side may hear it twice and knows by `news.id`. Raises SinkError, with `retry=True` where
        trying again later may succeed; any other exception counts as a retry.
        """
        raise NotImplementedError

    def linked(self, capture: Capture, locations: dict[str, str]) -> str:
        """The link to a report: by `link`, else where the chosen sink, or the first, has it; or nothing."""
        if self.link is not None:
            known = {name: template.as_segment(value) for name, value in template.values_of(capture).items()}
            known["path"] = quote(location(capture.target, capture.id))
            try:
                return template.fill(self.link, known, str)
            except SinkError:  # a report of before this label was there: the news is worth more than the link
                return ""
        if self.sink is not None:
            return locations.get(self.sink, "")
        return next(iter(locations.values()), "")

    def wants(self, moment: Moment, *, drill: bool) -> bool:
        """Whether it tells of this moment of such a report."""
        return moment in self.when and (self.drills or not drill)
