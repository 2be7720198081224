"""What a log source does with what it hears: delivers the new, adds up the old, remembers where it was."""

import asyncio
import logging
import time
from collections.abc import Callable

from daemon.limits.file import boot_id
from daemon.sources.contract import Condition, Post
from daemon.sources.log.backlog import Backlog
from daemon.sources.log.contract import Mark, Piece
from daemon.sources.log.feed import LogFeed
from daemon.sources.log.options import Log
from daemon.sources.log.places import EVERY_S, Held, Place, Places
from daemon.sources.log.readers.file.whereabouts import Whereabouts
from model.errors import SourceError
from model.events import Event

_LOG = logging.getLogger(__name__)


class Hearing:
    """The middle of a running log source."""

    def __init__(self, options: Log, post: Post, feed: LogFeed) -> None:
        self._post = post
        self._feed = feed
        self._about = {"target": post.target, "source": post.name}
        post.telemetry.add_log(post.target, post.name)
        self._max_per_s = options.max_per_s
        self._log = str((options.path, options.journal, options.kubernetes))
        self._places = Places(post.folder, post.target, post.name)
        self.place, damaged = self._places.read(self._log)
        if damaged:
            post.telemetry.damaged_places.labels(post.target, post.name).inc()
        self._new = self.place == Place(log=self._log)
        self._backlog = Backlog(options.loop_rules(), self.place.opened)
        self._whose = self.place.process  # whose iterations those are
        self._behind = True  # what was heard last was old
        self._second_s, self._count = 0.0, 0
        self.whereabouts: Callable[[], Whereabouts | None] = lambda: None
        self._text = self.place.bookmark
        self._timer: asyncio.TimerHandle | None = None
        self._crowded = False
        self._fresh = False  # the last piece was
        self._closed = False
        self._error: SourceError | None = None
        self._tallied = (0, 0)

    # what readers are given

    @property
    def text(self) -> str:
        """A bookmark: the place that a service's reader remembered."""
        return self._text

    def write(self, text: str) -> None:
        """Remember another bookmark."""
        self._text = text

    def take(self, piece: Piece) -> int:
        """Take a piece: the Take of the readers."""
        marks = self._feed.take(piece.data, ends=piece.ends, fresh=piece.fresh)
        self._fresh = piece.fresh
        self._report()  # before any event: of what went on while it was down, nobody can tell
        if not piece.fresh:
            self._fall_behind()
        elif self._behind and not self._crowded:
            self._catch_up()
        for mark in marks:
            self._heard(mark, fresh=piece.fresh)
        self._tally()
        self._remember_first()
        self._remember_soon()
        return self._feed.pending_bytes

    def trouble(self, error: SourceError | None) -> None:
        """It cannot be read, or can again."""
        self._error = error
        self._report()
        self._remember_first()

    def gap(self, what: str, *, expected: bool = False) -> None:
        """Something may have been missed."""
        self._post.telemetry.log_gaps.labels(*self._about.values()).inc()
        say = _LOG.info if expected else _LOG.warning
        say("a part of the log may have been missed", extra={**self._about, "why": what})

    def failed(self, error: SourceError) -> None:
        """The reader failed: another one will go on where it was."""
        self._remember()
        self.trouble(error)

    def close(self) -> None:
        """Remember where it was, for good."""
        self._closed = True
        self._remember(sync=True)

    def _heard(self, mark: Mark, *, fresh: bool) -> None:
        if mark.watched:
            if fresh:  # what was written while we were away is no reason to act
                self._post.line(mark.watched)
            return
        if fresh and not self._crowd():
            self._backlog.live(mark)
            self._deliver(mark)
            return
        self._post.telemetry.stale_events.labels(*self._about.values()).inc()
        if (instead := self._backlog.stale(mark)) is not None:
            self._deliver(instead)

    def _deliver(self, mark: Mark) -> None:
        event = Event(
            source=self._post.name,
            target=self._post.target,
            kind=mark.kind,
            at_s=time.monotonic(),
            iteration=mark.iteration,
            duration_s=mark.duration_s,
        )
        self._post.deliver(event)

    def _fall_behind(self) -> None:
        if not self._behind:
            self._behind, self._whose = True, self._process()

    def _catch_up(self) -> None:
        """Lines are new again: tell what is open, now, if it is the same process that opened it."""
        now = self._process()
        for mark in self._backlog.caught_up(same_process=now is not None and now == self._whose):
            self._deliver(mark)
        self._behind, self._whose = False, now

    def _crowd(self) -> bool:
        """Whether there are too many events this second: then they only add up, as old ones do."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._second_s >= 1.0 and not self._crowded:
            self._second_s, self._count = loop.time(), 0
        self._count += 1
        if self._count <= self._max_per_s:
            return False
        if not self._crowded:
            self._crowded = True
            remedy = "do the patterns match too many lines? else raise max_per_s"
            _LOG.warning("more events a second than max_per_s", extra={**self._about, "remedy": remedy})
            self._fall_behind()
            loop.call_later(1.0, self._crowd_over)
        return True

    def _crowd_over(self) -> None:
        self._crowded = False
        if self._fresh and not self._closed:
            self._catch_up()

    def _process(self) -> Held | None:
        process = self._post.process()
        if process is None:
            return None
        return Held(boot_id(), process.identity.pid, process.identity.start_ticks)

    def _tally(self) -> None:
        """Count what the feed has counted since."""
        now = (self._feed.truncated_lines, self._feed.disabled_patterns)
        if now == self._tallied:
            return
        telemetry = self._post.telemetry
        counters = (telemetry.log_lines_truncated, telemetry.log_patterns_disabled)
        for counter, count, before in zip(counters, now, self._tallied, strict=True):
            counter.labels(*self._about.values()).inc(count - before)
        self._tallied = now

    def _report(self) -> None:
        """Tell whether it hears."""
        if self._error is not None:
            self._post.report(Condition(False, str(self._error), self._error.remedy))
        else:
            self._post.report(self._feed.condition())

    def _remember_first(self) -> None:
        """At once: after a kill in its first second it would else begin later, or not know whose it is."""
        if not self._new or not (self._text or self.whereabouts()):
            return
        now = self._process()
        if now is not None or self.place == Place(log=self._log):
            self._whose = self._whose if self._backlog.opened else now
            self._remember()
            self._new = now is None

    def _remember_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._remember)

    def _remember(self, *, sync: bool = False) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        whose = self._whose if self._behind else self._process()
        place = Place(
            log=self._log,
            file=self.whereabouts(),
            bookmark=self._text,
            opened=self._backlog.opened,
            process=whose,
        )
        self.place = place
        self._places.write(place, sync=sync)
