from pathlib import Path

import pytest

from collectors.pyspy import PySpy
from collectors.pyspy_program import VARIABLE
from model.errors import CollectorError


def test_the_one_that_the_environment_names_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "py-spy"
    named.touch(mode=0o755)
    monkeypatch.setenv(VARIABLE, str(named))
    assert PySpy().dump(1).argv[0] == str(named)


def test_one_that_is_not_there_is_told_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(CollectorError, match=f"{VARIABLE}: .*none is no program") as caught:
        PySpy().version()
    assert VARIABLE in caught.value.remedy


def test_an_empty_variable_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert PySpy().dump(1).argv[0].endswith("py-spy")


@pytest.mark.threat("environment")
@pytest.mark.parametrize("named", ["py-spy", "./py-spy", "FOLDER", "FOLDER/closed"])
def test_what_is_no_program_by_its_whole_path_is_refused(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "py-spy").touch(mode=0o755)
    (tmp_path / "closed").touch(mode=0o644)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, named.replace("FOLDER", str(tmp_path)))
    with pytest.raises(CollectorError, match=r"is no program") as caught:
        PySpy().version()
    assert "whole path" in caught.value.remedy
