import itertools

import pytest

from daemon.sources.log.readers.file.family import Family, Named


def named(name: str, mtime_ns: int = 0) -> Named:
    return Named(name, 0, 1, mtime_ns)


@pytest.mark.parametrize(
    "name",
    [
        "app.log",
        "app.log.1",
        "app.log.12.gz",
        "app.log-20260101",
        "app.log-20260101-1767225600.gz",
        "app.log.2026-01-01T00:00:00Z",
        "app-20260101.log",
        "app.1.log",
        "app.log.old",
    ],
)
def test_generations_are_known_by_their_names(name: str) -> None:
    assert Family("app.log", linked=False).holds(name)


@pytest.mark.parametrize(
    "name", ["other.log", "app.log.lock", "app.log.1.tmp", "app.logs", "app2.log", "xapp.log", "app.log.gz.1"]
)
def test_other_files_are_none(name: str) -> None:
    assert not Family("app.log", linked=False).holds(name)


def test_a_link_moves_between_files_that_differ_in_their_numbers() -> None:
    family = Family("1.log", linked=True)
    names = ["0.log.20260101-120000.gz", "0.log.20260102-120000", "0.log", "1.log.20260103-120000"]
    assert all(map(family.holds, names))
    for order in itertools.permutations(names):
        assert [one.name for one in family.oldest_first(list(map(named, order)))] == names


def test_numbers_count_down_whatever_a_compressor_did_to_the_times() -> None:
    found = [named("app.log.1", 5), named("app.log.2.gz", 9), named("app.log.10.gz", 3)]
    ordered = [one.name for one in Family("app.log", linked=False).oldest_first(found)]
    assert ordered == ["app.log.10.gz", "app.log.2.gz", "app.log.1"]


def test_numbers_that_count_up_are_told_by_the_times_of_plain_files() -> None:
    found = [named("app.log.1", 5), named("app.log.2", 7), named("app.log.3", 9)]
    ordered = [one.name for one in Family("app.log", linked=False).oldest_first(found)]
    assert ordered == ["app.log.1", "app.log.2", "app.log.3"]


def test_dates_go_by_their_order() -> None:
    found = [named("app.log-20260102", 1), named("app.log-20260101.gz", 9)]
    ordered = [one.name for one in Family("app.log", linked=False).oldest_first(found)]
    assert ordered == ["app.log-20260101.gz", "app.log-20260102"]
