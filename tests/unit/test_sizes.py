"""The house's own rules: what fits on a page, and tests that wait for conditions and not for seconds."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_layers import PACKAGES, ROOT

MODULE_LINES, TEST_LINES, FUNCTION_LINES = 250, 400, 50
GENERATED = ROOT / "report" / "pprof_pb2.py"
ROOMS = (*PACKAGES, "deploy", "benchmarks")
MODULES = sorted(path for name in ROOMS for path in (ROOT / name).rglob("*.py") if path != GENERATED)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
UNIT = [path for path in TESTS if path.is_relative_to(ROOT / "tests" / "unit")]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=shown)
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    most = TEST_LINES if path in TESTS else MODULE_LINES
    assert len(path.read_text().splitlines()) <= most


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=shown)
def test_a_function_fits_on_a_page(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", UNIT, ids=shown)
def test_no_unit_test_waits_for_seconds(path: Path) -> None:
    """Virtual time may pass, and a loop may look again and again for its condition."""
    if "tests.virtual_time" not in path.read_text():
        assert [ast.unparse(call) for call in sleeps(tree(path))] == []


def sleeps(node: ast.AST) -> Iterator[ast.AST]:
    """Calls of `sleep` that are not inside a while loop."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.While):
            continue
        called = ast.unparse(child) if isinstance(child, ast.Call) else ""
        if called.partition("(")[0].endswith("sleep") and called != "asyncio.sleep(0)":
            yield child
        yield from sleeps(child)
