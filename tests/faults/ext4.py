"""A folder on ext4, which gives the inode of a deleted file to the next one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.prerequisites import require

IMAGE_BYTES = 512 * 2**20


@contextmanager
def on_ext4(folder: Path) -> Iterator[Path]:
    """The folder itself, or a disk that is mounted in it."""
    require("ext4")
    place = folder / "ext4"
    place.mkdir()
    if _kind(place).startswith("ext2/ext3"):
        yield place
        return
    image = folder / "ext4.img"
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _kind(path: Path) -> str:
    stat = ["stat", "-f", "-c", "%T", str(path)]
    return subprocess.run(stat, capture_output=True, text=True, check=True).stdout
