"""Writes numbered lines to a log as fast as it can, and rotates at random: path, seed, rotations, ways."""

import gzip
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

path, (seed, rotations) = Path(sys.argv[1]), map(int, sys.argv[2:4])
chance, count, log = random.Random(seed), 0, path.open("ab", buffering=0)


def line() -> bytes:
    global count
    count += 1
    return b"line %08d %s\n" % (count - 1, b"x" * ((count - 1) * 37 % 90))


def kept(number: int, suffix: str = "") -> Path:
    return path.with_name(f"{path.name}.{number}{suffix}")


def shift() -> None:
    for number in range(rotations, 0, -1):
        for suffix in ("", ".gz"):
            if kept(number, suffix).exists():
                kept(number, suffix).rename(kept(number + 1, suffix))
    path.rename(kept(1))


def rename() -> None:
    global log
    shift()
    log.close()
    log = path.open("ab", buffering=0)


def burst() -> None:
    for _ in range(3):
        rename()
        log.write(line())


def late() -> None:
    global log
    shift()
    path.touch()
    for _ in range(20):
        log.write(line())
    log.close()
    log = path.open("ab", buffering=0)


def pack() -> None:
    rename()
    kept(1, ".gz").write_bytes(gzip.compress(kept(1).read_bytes(), 1))
    kept(1).unlink()


def half() -> None:
    text = line()
    log.write(text[:9])
    time.sleep(chance.random() * 0.05)
    log.write(text[9:])


WAYS: dict[str, Callable[[], None]] = {
    "rename": rename,
    "burst": burst,
    "late": late,
    "pack": pack,
    "half": half,
}
left = rotations
while left > 0:
    for _ in range(chance.choice([1, 3, 50, 400])):
        log.write(line())
    time.sleep(chance.random() * 0.02)
    way = chance.choice(sys.argv[4].split(","))
    WAYS[way]()
    left -= {"burst": 3, "half": 0}.get(way, 1)
print(count)
