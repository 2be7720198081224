"""C below Python, databases, and the collector."""

import hashlib
import itertools
import random
import sqlite3
import time
import zlib
from gc import collect

from benchmarks.strangers.contract import Place, lasting

_BLOCK = b"a row of a table, " * 4_000_000
_heap: list[list[object]] = []


def compress(place: Place) -> None:
    """One big block, again and again."""
    for _ in lasting(place.seconds):
        zlib.compress(_BLOCK)


def derive_secret(place: Place) -> None:
    """A password's hash with very many rounds."""
    hashlib.pbkdf2_hmac("sha256", b"nobody", b"salt", round(1_500_000 * place.seconds))


def sort_rows(place: Place) -> None:
    """Sorting what is in no order."""
    rows = [random.random() for _ in range(1_500_000)]
    for _ in lasting(place.seconds):
        sorted(rows)


def count_pairs(place: Place) -> None:
    """A sum over all pairs, in C."""
    for _ in lasting(place.seconds):
        sum(1 for _ in itertools.combinations(range(3000), 2))


def draw_lots(place: Place) -> None:
    """A function of the standard library that loops in Python."""
    for _ in lasting(place.seconds):
        random.choices(range(100_000), k=300_000)


def fill_heap(place: Place) -> None:
    """Very many objects that refer to each other."""
    for number in range(400_000):
        _heap.append([number, _heap])


def tidy(place: Place) -> None:
    """A full collection, by a name of its own."""
    for _ in lasting(place.seconds):
        collect()


def churn(place: Place) -> None:
    """Cycles that are dropped: collections start by themselves."""
    for _ in lasting(place.seconds):
        dropped = []
        for _ in range(100_000):
            dropped.append([dropped])


def join_tables(place: Place) -> None:
    """A query without an index."""
    with sqlite3.connect(":memory:") as base:
        base.execute("create table node(id, zone)")
        base.executemany("insert into node values (?, ?)", [(n, n % 7) for n in range(6000)])
        for _ in lasting(place.seconds):
            base.execute("select count(*) from node a, node b where a.zone < b.id").fetchone()


def write_locked(place: Place) -> None:
    """A database that another connection holds."""
    file = place.folder / "state.db"
    ours = sqlite3.connect(file, timeout=place.seconds)
    ours.execute("create table if not exists node(id)")
    ours.commit()
    theirs = sqlite3.connect(file)
    theirs.execute("begin exclusive")
    try:
        ours.execute("insert into node values (1)")
    except sqlite3.OperationalError:
        time.sleep(0)
    finally:
        theirs.close()
        ours.close()
