"""Pools of threads: what counts is what their workers do."""

import concurrent.futures
import multiprocessing.pool
import zlib

import urllib3

from benchmarks.strangers.contract import Place, crunch, lasting

_BLOCK = b"a row of a table, " * 2_000_000


def ask(place: Place) -> int:
    """One request by a pooled client."""
    pool = urllib3.PoolManager()
    return pool.request("GET", place.silent, retries=False, timeout=2 * place.seconds).status


def describe_all(place: Place) -> None:
    """Four requests at once, whose results are collected in order."""
    with concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="describe") as pool:
        list(pool.map(ask, [place] * 4))


def plan_beside(place: Place) -> None:
    """One long computation in a pool."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pool.submit(crunch, place.seconds).result()


def gather_mixed(place: Place) -> None:
    """Four that wait for the network, and one that computes."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(ask, place) for _ in range(4)]
        jobs.append(pool.submit(crunch, place.seconds))
        concurrent.futures.wait(jobs)


def pack_parts(place: Place) -> None:
    """Workers of the older kind of pool, inside of a C library that lets the GIL go."""
    with multiprocessing.pool.ThreadPool(2) as pool:
        for _ in lasting(place.seconds):
            pool.map(zlib.compress, [_BLOCK] * 2, chunksize=1)
