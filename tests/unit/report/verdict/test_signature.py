"""Signatures: equal for equal stalls, different for different ones."""

import pytest

from model.samples import Frame
from model.signature import DEPTH, DIGITS, normalised, signature
from model.verdict import Cause

HERE = (
    Frame("run_once", "/srv/scaler/loop.py", 70),
    Frame("urlopen", "/opt/venv/lib/python3.11/site-packages/urllib3/connectionpool.py", 789),
    Frame("SocketIO.readinto", "/usr/lib/python3.11/socket.py", 706),
)


@pytest.mark.parametrize(
    "there",
    [
        tuple(frame._replace(line=frame.line + 4) for frame in HERE),
        (HERE[0]._replace(file="/home/someone/src/scaler/loop.py"), *HERE[1:]),
        (
            HERE[0],
            HERE[1]._replace(file="/root/.pyenv/lib/python3.13/site-packages/urllib3/connectionpool.py"),
            HERE[2],
        ),
        (*HERE[:2], HERE[2]._replace(file="/usr/local/lib/python3.12/socket.py")),
    ],
    ids=["another line", "another folder", "another environment", "another interpreter"],
)
def test_the_same_stall_elsewhere_has_the_same_signature(there: tuple[Frame, ...]) -> None:
    assert signature(Cause.NETWORK_WAIT, there) == signature(Cause.NETWORK_WAIT, HERE)


def test_numbers_and_hexadecimal_words_do_not_count() -> None:
    one = (Frame("handler_17", "/srv/app/job_0a1b2c3d4e5f.py", 1), Frame("pod-3.step", "/srv/app/a.py", 1))
    other = (Frame("handler_8", "/srv/app/job_99aabbccdd00.py", 9), Frame("pod-12.step", "/srv/app/a.py", 2))
    assert signature(Cause.OWN_CODE, one) == signature(Cause.OWN_CODE, other)


PAIRS = (
    ("job_550e8400-e29b-41d4-a716-446655440000", "job_00112233-4455-6677-8899-aabbccddeeff"),
    ("task_550e8400_e29b_41d4_a716_446655440000", "task_cafebabe_cafe_cafe_cafe_cafebabecafe"),
    ("node_3fa9c1", "node_20471"),
    ("rule_deadbeef", "rule_12345678"),
    ("Builder.<locals>.<lambda>", "Builder.<locals>.<lambda>"),
)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_generated_names_do_not_count(one: str, other: str) -> None:
    first, second = (Frame(name, f"/srv/app/{name}.py", 1) for name in (one, other))
    assert normalised([first]) == normalised([second])


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/dev/shm"])
def test_temporary_folders_do_not_count(folder: str) -> None:
    one = Frame("run", f"{folder}/_MEIkq8Zw2/main.py", 1)
    other = Frame("run", f"{folder}/_MEIabcdef/main.py", 1)
    assert normalised([one]) == normalised([other]) == ("main.py:run",)
    inner = [Frame("run", f"{folder}/app-xyz/tmp{name}/main.py", 1) for name in ("k2_3jwqx", "abcdefgh")]
    assert normalised(inner[:1]) == normalised(inner[1:])


def test_words_that_could_be_hexadecimal_stay() -> None:
    assert normalised((Frame("decade_facade", "/srv/app/cafe.py", 1),)) == ("app/cafe.py:decade_facade",)


def test_the_depth_of_a_recursion_does_not_count() -> None:
    step = Frame("encode", "/srv/app/a.py", 3)
    assert normalised([HERE[0], step, step, step]) == normalised([HERE[0], step])


def test_what_is_far_outside_does_not_count() -> None:
    inner = [Frame(f"step_{'abcdefgh'[index]}", "/srv/app/a.py", 1) for index in range(DEPTH)]
    assert signature(Cause.OWN_CODE, [HERE[0], *inner]) == signature(Cause.OWN_CODE, inner)


def test_another_cause_or_stack_has_another_signature() -> None:
    assert signature(Cause.DNS, HERE) != signature(Cause.NETWORK_WAIT, HERE)
    assert signature(Cause.NETWORK_WAIT, HERE[:2]) != signature(Cause.NETWORK_WAIT, HERE)
    assert len(signature(Cause.UNKNOWN, ())) == DIGITS


def test_names_that_are_no_text_have_one_too() -> None:
    assert len(signature(Cause.OWN_CODE, (Frame("\ud800", "\0\n", 0),))) == DIGITS
