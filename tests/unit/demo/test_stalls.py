import ast
import itertools
import sys
from pathlib import Path

import pytest

import daemon.demo
from daemon.commands import demo, demo_words
from daemon.demo.stalls import DEFAULT, STALLS
from daemon.demo.stalls.contract import Setting, Stall, lasting
from model.errors import UsageError
from model.verdict import Cause

HOME = Path(daemon.demo.__file__).parent
BESIDE = (
    HOME / "children.py",
    HOME / "places.py",
    HOME / "simulator",
)  # parts of the command, and another program
FILES = sorted(file for file in HOME.rglob("*.py") if not any(file.is_relative_to(part) for part in BESIDE))
NOT_OF_PYTHON = {Cause.CHANNEL_WAIT, Cause.UNKNOWN}
# What a stall may import besides the standard library, as long as it says when that is not installed.
ASKED_FOR = {"boto3", "botocore", "urllib3", "cryptography"}


def test_every_cause_has_a_stall() -> None:
    assert {stall.cause for stall in STALLS.values()} == {*Cause} - NOT_OF_PYTHON
    assert DEFAULT in STALLS


@pytest.mark.parametrize(("name", "stall"), STALLS.items())
def test_a_stall_is_named_after_its_cause(name: str, stall: Stall) -> None:
    cause, _, variant = name.partition("-")
    assert cause == stall.cause
    assert variant == variant.lower()
    assert stall.does


def test_no_two_stalls_are_the_same() -> None:
    assert len({stall.run for stall in STALLS.values()}) == len(STALLS)
    assert len({stall.does for stall in STALLS.values()}) == len(STALLS)


@pytest.mark.parametrize(("name", "stall"), STALLS.items())
def test_no_name_on_the_stack_gives_the_cause_away(name: str, stall: Stall) -> None:
    called = f"{stall.run.__module__.rpartition('.')[2]} {stall.run.__name__}"
    assert stall.cause not in called


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_program_needs_nothing_but_the_standard_library(file: Path) -> None:
    tree = ast.parse(file.read_text())
    imported = {name.split(".")[0] for name in itertools.chain.from_iterable(map(_imported, ast.walk(tree)))}
    foreign = imported - sys.stdlib_module_names - {"daemon"}
    assert foreign <= ASKED_FOR
    assert not {name.split(".")[0] for node in tree.body for name in _imported(node)} & ASKED_FOR


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.module is not None
        assert not node.module.startswith("daemon.") or node.module.startswith("daemon.demo")
        return [node.module]
    return []


@pytest.mark.parametrize(
    "name", ["sleep", "network_wait", "network_wait-connect", "deadlock", "dns", "log_pipe"]
)
def test_a_stall_ends_by_itself(name: str, tmp_path: Path) -> None:
    if missing := STALLS[name].missing():
        pytest.skip(missing)
    STALLS[name].run(Setting(0.3, 0, tmp_path, 0))


def test_it_lasts_until_the_time_is_over() -> None:
    assert list(lasting(0)) == []


def test_all_are_listed_with_what_is_right() -> None:
    lines = demo_words.listed().splitlines()[1:]
    assert [line.split()[:2] for line in lines] == [[name, stall.cause] for name, stall in STALLS.items()]


def test_the_page_about_the_demonstration_lists_them_all() -> None:
    page = (HOME.parent.parent / "docs/demo.md").read_text()
    assert demo_words.filled(page) == page, "run `make docs`"
    assert demo_words.table() in page


def test_what_cannot_be_made_here_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = STALLS["sleep"]
    monkeypatch.setitem(STALLS, "sleep", Stall(kept.cause, kept.does, kept.run, missing=lambda: "no night"))
    assert "one long sleep (not here: no night)" in demo_words.listed()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stall", "boredom"], "--stall boredom: no such stall"),
        (["--seconds", "0.5"], "--seconds 0.5 is out of bounds"),
        (["--threads", "1000"], "--threads 1000 is out of bounds"),
        (["--depth", "-1"], "--depth -1 is out of bounds"),
    ],
)
def test_what_cannot_be_played_is_refused(arguments: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        demo.run(_parsed([*arguments, "--out", str(tmp_path / "nothing")]))
    assert not (tmp_path / "nothing").exists()


def _parsed(arguments: list[str]) -> "demo.argparse.Namespace":
    parser = demo.argparse.ArgumentParser()
    demo.add(parser)
    return parser.parse_args(arguments)
