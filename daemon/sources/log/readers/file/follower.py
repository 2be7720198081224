"""Follows one log file through all that happens to it. Apart from the daemon it is usable as it is."""

import time
from contextlib import AbstractContextManager

from daemon.sources.log.contract import Take
from daemon.sources.log.readers.file import lineup
from daemon.sources.log.readers.file.folder import Folder, open_log
from daemon.sources.log.readers.file.opened import CutError, Opened
from daemon.sources.log.readers.file.queue import LINGER_S, Queue
from daemon.sources.log.readers.file.siblings import Siblings, UnsettledError
from daemon.sources.log.readers.file.told import Told
from daemon.sources.log.readers.file.unlisted import Unlisted
from daemon.sources.log.readers.file.whereabouts import FilePlace, Whereabouts
from model.errors import SourceError

OLD_S = 2.0  # what was written so long before it came into sight counts as old
MOST_CUTS = 8  # in one turn
MOST_UNSETTLED_S = 10.0  # so long a rotation is waited for
_CUT = "what was not read by then may be lost"


class Follower:
    """A log's lines, each once, in order."""

    def __init__(self, folder: Folder, told: Told, place: Whereabouts | None = None) -> None:
        """`place` is where another one, of the same path, had come to."""
        self._folder = folder
        self._told = told
        self._place = place if place is not None and place.path == folder.path else None
        self._queue = Queue(told)
        self._began_s: float | None = None  # wall time of the first look
        self._unlisted = Unlisted(told)
        self._lost_s: float | None = None  # since when the path means no file
        self._unseen_s = 0.0  # wall time of the last look that found none
        self._unsettled_s: float | None = None  # since when its generations are being changed
        self._refused: set[int] = set()  # inodes of generations that we may not read

    @property
    def file(self) -> Opened | None:
        """The file that is followed now."""
        return self._queue.files[-1] if self._queue.files else None

    def whereabouts(self) -> Whereabouts | None:
        """What another one needs to go on; None before the first look."""
        if self._place is not None or self._began_s is None:
            return self._place
        files = tuple(file.place() for file in self._queue.files)
        return Whereabouts(path=self._folder.path, files=files, known=self._queue.known)

    async def turn(self, take: Take) -> None:
        """Look at the path once, and hand on all that there is."""
        try:
            for _ in range(MOST_CUTS):
                try:
                    await self._look(take)
                    self._see_copied()
                    self._unsettled_s = None
                    await self._queue.read(take)
                    return
                except CutError as cut:
                    await self._cut(cut.file, take)
        except UnsettledError:
            self._unsettled_s = self._unsettled_s or time.monotonic()
        except OSError as error:  # a stale handle, a bad disk: open all again
            self._place = self.whereabouts()
            self._queue.end_line(take)  # it comes again, whole
            self._queue.close()
            self._told.trouble(SourceError(f"{self._folder.path}: {error.strerror}"))

    def close(self) -> None:
        """Let go of all files; it can go on where it was."""
        self._place = self.whereabouts()
        self._queue.close()

    async def _look(self, take: Take) -> None:
        """See which file the path means now."""
        if self.file is not None and not self.file.offset and self.file.behind_bytes():
            with self._siblings() as siblings:  # it may have been cut before any of it was seen
                self._put_behind(self._queue.files.pop(), siblings)
        if self.file is not None and self._means(self.file):
            self._lost_s = None
            self._told.trouble(None)
            return
        try:
            file = Opened(open_log(self._folder))
        except SourceError as error:
            self._missed(error, take)
            return
        self._lost_s = None
        try:
            await self._line_up(file)
        except UnsettledError:
            file.close()
            raise
        self._told.trouble(None)

    def _siblings(self) -> AbstractContextManager[Siblings]:
        """The generations; raises UnsettledError while they are being changed, but not for ever."""
        since_s = self._unsettled_s
        settled = since_s is None or time.monotonic() - since_s < MOST_UNSETTLED_S
        return Siblings.of(self._folder, settled=settled)

    def _means(self, file: Opened) -> bool:
        try:
            return file.same(self._folder.stat())
        except (OSError, SourceError):  # said by opening it
            return False

    def _missed(self, error: SourceError, take: Take) -> None:
        """The path means no file: the one before is followed while somebody may write to it."""
        now_s = time.monotonic()
        self._lost_s = now_s if self._lost_s is None else self._lost_s
        self._unseen_s = time.time()
        if self._place is None and self._began_s is None:
            self._begin(None)
        if self.file is None or now_s - self._lost_s >= LINGER_S:
            self._told.trouble(error)
        if self.file is not None and self.file.deleted() and now_s - self.file.grown_s >= LINGER_S:
            self._queue.finish(self.file, take)

    async def _line_up(self, file: Opened) -> None:
        """Another file is to be followed: put it into the queue behind all that comes before it."""
        files = self._queue.files
        for known in files:
            if known.inode == file.inode and known.device == file.device:  # renamed, and back again
                files.remove(known)
                files.append(known)
                file.close()
                return
        if self._place is not None:
            await self._resume(self._place, file)
            self._place = None
        elif self._began_s is None:
            self._begin(file)
        elif not self._queue.used and file.changed_s() < self._unseen_s - OLD_S:
            file.seek(file.behind_bytes())  # written before a process or a right brought it into sight
            files.append(file)
        else:
            self._see_cut(file)
            with self._siblings() as siblings:
                self._see_deleted(siblings)
                self._put_behind(file, siblings)

    def _see_cut(self, next_file: Opened) -> None:
        """Before another file follows: the one until now may have been cut first. Raises CutError."""
        try:
            if self.file is not None:
                self.file.verify()
                self._see_copied()
        except (CutError, OSError):
            next_file.close()
            raise

    def _see_deleted(self, siblings: Siblings) -> None:
        """Before another file follows: where the one until now was deleted, others may have been too."""
        if self.file is not None and self.file.deleted() and lineup.rank(self.file, siblings) < 0:
            self._told.gap("the log was deleted: what came and went since may be lost", expected=True)

    def _see_copied(self) -> None:
        """So little was read that another text may begin the same: a copy tells. Raises CutError."""
        file = self.file
        if file is None or not 0 < file.offset < lineup.TELLING_BYTES or not file.behind_bytes():
            return
        with self._siblings() as siblings:
            if lineup.copied(file, siblings, self._queue.known, self._queue.files):
                raise CutError(file)

    def _begin(self, file: Opened | None) -> None:
        """Nothing is remembered: only what is written from now on counts."""
        self._began_s = time.time()
        with Siblings.of(self._folder, settled=False) as siblings:
            self._queue.remember(siblings.known(siblings.named))
        if file is not None:
            file.seek(file.behind_bytes())
            self._queue.files.append(file)
            self._unlisted.inode = file.inode
        self._queue.caught_up = True

    async def _resume(self, place: Whereabouts, file: Opened) -> None:
        """Go on where another one was."""
        with self._siblings() as siblings:
            self._began_s = time.time()
            self._queue.known, self._queue.caught_up = place.known, False
            self._unlisted.inode = place.files[-1].inode if place.files else None
            files = self._queue.files
            found = [await self._find(one, siblings, file) for one in place.files]
            for one, there in zip(place.files, found, strict=True):
                if there is None and one.offset:
                    self._told.gap(f"a generation is gone that was read up to byte {one.offset}")
            if file in files:
                files.remove(file)
            if found and all(found) and found[-1] is file and file.offset:
                files.append(file)
            else:
                self._put_behind(file, siblings)

    async def _find(self, place: FilePlace, siblings: Siblings, file: Opened) -> Opened | None:
        """Where a place is now: in the path's file, in a generation of it, or nowhere."""
        if not place.offset:  # nothing to know it by: where it is still there, nobody has read it
            return None
        files = self._queue.files
        here = (file.device, file.inode) == (place.device, place.inode) and file.fits(place)
        found = None if here else await lineup.find(place, siblings, files)
        if found is None and file not in files and (here or file.fits(place)):
            file.seek(place.offset)
            found = file
        if found is not None:
            files.append(found)
        return found

    def _put_behind(self, file: Opened, siblings: Siblings) -> None:
        """Another file is the last; generations between it and those before that nobody read come first."""
        queue = self._queue
        self._unlisted.see(siblings, file)
        new = lineup.unread(siblings, queue.known, [*queue.files, file])
        queue.files += [*map(siblings.open, new), file]
        new_ones = (one for one in queue.files if not one.offset or one is file)
        ranks = {id(one): lineup.rank(one, siblings) for one in new_ones}
        queue.files.sort(key=lambda one: ranks.get(id(one), -1))
        queue.remember(siblings.known([one for one in siblings.named if not queue.holds(one.inode)]))
        for one in siblings.refused:
            if one.inode not in self._refused and not queue.holds(one.inode):
                self._refused.add(one.inode)
                self._told.gap(f"a generation, {one.name}, may not be read")

    async def _cut(self, file: Opened, take: Take) -> None:
        """A file was truncated, or written anew; a copy may hold what was not read of it."""
        queue = self._queue
        if file is not self.file:
            self._told.gap(f"a rotated file was cut: {_CUT}")
            queue.drop(file)
            return
        with self._siblings() as siblings:
            copy = await lineup.find(file.reached(), siblings, queue.files)
            queue.files.remove(file)
            if copy is None:
                queue.end_line(take)
                self._told.gap(f"the log was cut: {_CUT}")
            else:
                what = "the log was copied, then cut: what was written in between may be lost"
                self._told.gap(what, expected=True)
                queue.go_on_in(file, copy)
            file.again()
            self._put_behind(file, siblings)
