"""Several files at a time, until one of them fails."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from model.artifacts import Artifact

THREADS = 4


def each(put: Callable[[Artifact], object], artifacts: Iterable[Artifact]) -> None:
    """Put every file; raises what the first failure raises, and then begins no other.

    So where nobody answers, an attempt takes one timeout, however many files there are.
    """
    failed = Event()

    def one(artifact: Artifact) -> None:
        if failed.is_set():
            return
        try:
            put(artifact)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(one, artifacts):
            pass
