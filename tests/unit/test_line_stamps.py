from datetime import UTC, datetime

import pytest

from model.stamps import Stamps


def at(*when: int, micro: int = 0) -> float:
    return datetime(*when, tzinfo=UTC).timestamp() + micro / 1e6  # type: ignore[arg-type,misc]


AUTUMN_S = at(2023, 9, 30)
PLAIN = at(2023, 9, 6, 13, 43, 22)


@pytest.mark.parametrize(
    ("line", "time_s"),
    [
        (b"I0906 13:43:22.973759       1 static_autoscaler.go:274] Starting main loop", PLAIN + 0.973759),
        (b"[pod/ca-0/ca] I0906 13:43:22.5 1 x.go:1] hello", PLAIN + 0.5),
        (b"2023-09-06T13:43:22Z hello", PLAIN),
        (b"2023-09-06T13:43:22.25+02:00 hello", PLAIN + 0.25 - 7200),
        (b"2023-09-06T13:43:22-0130 hello", PLAIN + 5400),
        (b"2023-09-06 13:43:22,028 INFO: no action. I am (a), the leader with the lock", PLAIN + 0.028),
        (b"2023-09-06 13:43:22,028\tINFO autoscaler.py:470 -- The autoscaler took 0.144 s", PLAIN + 0.028),
        (b"[2023-09-06 13:43:22,028: DEBUG/MainProcess] beat: Waking up in 5.00 minutes.", PLAIN + 0.028),
        (b"[2023-09-06T13:43:22.028+0000] {scheduler_job_runner.py:1} DEBUG - Ran", PLAIN + 0.028),
        (b"2023/09/06 13:43:22 Go's own log", PLAIN),
        (b"2023-09-06T13:43:22.123456789Z stdout F I0101 00:00:00.0 1 x.go:1] hello", PLAIN + 0.123456789),
        (b'level=info ts=2023-09-06T13:43:22.5Z msg="hello"', PLAIN + 0.5),
        (b'{"level":"debug","ts":1694007802.5,"msg":"Reconciling"}', PLAIN + 0.5),
        (b'{"msg":"Reconciling","ts":1694007802500}', PLAIN + 0.5),
        (b'{"ts":1694007802500000000}', PLAIN + 0.5),
        (b'{"message":"x","timestamp":"2023-09-06T13:43:22.5Z"}', PLAIN + 0.5),
        (b'{"message":"x","time":"1694007802.5"}', PLAIN + 0.5),
        (
            b'{"log":"hello at 2020-01-01 00:00:00\\n","stream":"stdout","time":"2023-09-06T13:43:22.5Z"}',
            PLAIN + 0.5,
        ),
        (b"Sep  6 13:43:22 host cron[1]: hello", PLAIN),
        (b"<13>Sep  6 13:43:22 host cron[1]: hello", PLAIN),
        (b"1694007802 hello", PLAIN),
        (b"[1694007802.500] hello", PLAIN + 0.5),
        (b"1694007802500: hello", PLAIN + 0.5),
    ],
)
def test_a_line_tells_its_time(line: bytes, time_s: float) -> None:
    assert Stamps(AUTUMN_S).read(line) == pytest.approx(time_s, abs=1e-6)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b'  File "x.py", line 3, in f',
        b"1234 of 5678",
        b"12345678901 more digits than a time has",
        b"2023-99-06 13:43:22 no month",
        b"2023-09-00 13:43:22 no day",
        b"I0230 13:43:22.973759       1 x.go:1] no such date",
        b"2023-02-29T13:43:22Z no such date in this year",
        b"2023-09-06 25:43:22 no hour",
        b"2023-09-06 13:43:61 no second",
        b'{"time": {"a": 1}}',
        b'{"broken',
        b"[1, 2]",
        b"Foo  6 13:43:22 no month",
        b"x" * 1000 + b"2023-09-06T13:43:22Z quoted far behind",
    ],
)
def test_a_line_without_a_time_has_none(line: bytes) -> None:
    assert Stamps(AUTUMN_S).read(line) is None


@pytest.mark.parametrize(
    "form", ["I{0:%m%d %H:%M:%S}.000000 1 x.go:1] hello", "{0:%b %e %H:%M:%S} host x: hello"]
)
def test_without_a_year_new_year_is_passed(form: str) -> None:
    stamps = Stamps(at(2024, 3, 5))
    days = [
        datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=UTC),
    ]
    assert [stamps.read(form.format(day).encode()) for day in days] == [day.timestamp() for day in days]


def test_lines_out_of_order_around_new_year_are_near_each_other() -> None:
    stamps = Stamps(at(2024, 1, 2))
    assert stamps.read(b"I0101 00:00:00.5 1 x.go:1] a") == at(2024, 1, 1) + 0.5
    assert stamps.read(b"I1231 23:59:59.5 1 x.go:1] b") == at(2024, 1, 1) - 0.5


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"2023-09-06T13:43:22.028+02:00 x", "2023-09-06 11:43:22.028Z"),
        (b"2023-09-06 13:43:22,028 x", "2023-09-06 13:43:22.028"),
        (b"I0906 13:43:22.028000 1 x.go:1] x", "09-06 13:43:22.028"),
        (b"1694007802 x", "2023-09-06 13:43:22.000Z"),
    ],
)
def test_a_time_is_shown_with_what_is_known_of_it(line: bytes, shown: str) -> None:
    stamps = Stamps(AUTUMN_S)
    time_s = stamps.read(line)
    assert time_s is not None
    assert stamps.show(time_s) == shown
