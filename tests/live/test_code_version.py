"""What tells deployed code apart: the executable, the main script, the image; never the arguments."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from daemon.baseline.code import code_version
from daemon.targets.process import HeldProcess
from tests.targets import Targets

WAITING = "import sys\nprint('ready', flush=True)\nsys.stdin.read()\n"


@pytest.fixture
def targets() -> Iterator[Targets]:
    found = Targets()
    yield found
    found.end()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "service.py"
    file.write_text(WAITING)
    return file


def version(targets: Targets, *arguments: str, labels: Mapping[str, str] | None = None) -> str:
    held = HeldProcess(targets.run(sys.executable, *arguments).pid)
    try:
        return code_version(held.identity, labels or {})
    finally:
        held.close()


def test_the_same_code_is_the_same_whatever_its_arguments(targets: Targets, script: Path) -> None:
    assert version(targets, str(script), "--password", "a") == version(
        targets, str(script), "--password", "b"
    )
    assert version(targets, "-W", "ignore", "-u", str(script)) == version(targets, str(script))


def test_a_changed_script_is_another_version(targets: Targets, script: Path) -> None:
    before = version(targets, str(script))
    script.write_text(WAITING + "# changed\n")
    assert version(targets, str(script)) != before


def test_a_module_is_found_as_well(targets: Targets, script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(script.parent)
    before = version(targets, "-m", "service")
    assert before == version(targets, str(script))
    script.write_text(WAITING + "# changed\n")
    assert version(targets, "-m", "service") != before


def test_another_image_is_another_version(targets: Targets, script: Path) -> None:
    found = {version(targets, str(script), labels={"image": image}) for image in ("a:1", "a:2", "a:2")}
    assert len(found) == 2
    assert version(targets, str(script), labels={"pod": "x"}) == version(targets, str(script))


def test_code_without_a_file_still_has_a_version(targets: Targets) -> None:
    assert len(version(targets, "-c", WAITING)) == 16


def test_a_process_that_is_gone_costs_no_error(targets: Targets, script: Path) -> None:
    program = targets.run(sys.executable, str(script))
    held = HeldProcess(program.pid)
    program.kill()
    assert len(code_version(held.identity, {})) == 16
    held.close()
