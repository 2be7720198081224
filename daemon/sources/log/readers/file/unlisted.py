"""A folder that cannot be listed hides the generations between two files of a log: that is said."""

from daemon.sources.log.readers.file.opened import Opened
from daemon.sources.log.readers.file.siblings import Siblings
from daemon.sources.log.readers.file.told import Told


class Unlisted:
    """Tells of a possible gap whenever another file follows; the first time in a row as a warning."""

    def __init__(self, told: Told) -> None:
        self.inode: int | None = None  # of the file that was followed last
        self._told = told
        self._said = False

    def see(self, siblings: Siblings, file: Opened) -> None:
        """Another file, or the same, is followed now; these generations could be seen."""
        if file.inode == self.inode:
            return
        self.inode = file.inode
        if siblings.unlisted:
            what = f"generations in between are not seen: the folder cannot be listed: {siblings.unlisted}"
            self._told.gap(what, expected=self._said)
        self._said = bool(siblings.unlisted)
