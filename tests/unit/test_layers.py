import importlib.metadata
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: list[str] = SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns_one_of_our_names(package: str) -> None:
    owners = importlib.metadata.packages_distributions().get(package, [])
    assert set(owners) <= {"loopcam"}


@pytest.mark.parametrize("package", PACKAGES)
def test_our_names_lead_to_our_files(package: str) -> None:
    assert Path(importlib.import_module(package).__file__ or "").parent == ROOT / package


def test_every_package_here_is_in_the_wheel() -> None:
    here = {init.parent.name for init in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks", "release"}
    assert here == set(PACKAGES)


def test_every_package_is_type_checked_and_has_its_layer() -> None:
    linted = SETTINGS["tool"]["importlinter"]
    assert SETTINGS["tool"]["mypy"]["packages"] == PACKAGES
    assert linted["root_packages"] == PACKAGES
    (layers,) = (one["layers"] for one in linted["contracts"] if one["type"] == "layers")
    assert sorted(name for layer in layers for name in layer.split(" | ")) == PACKAGES


def test_it_cannot_be_uploaded_to_a_public_index() -> None:
    assert "Private :: Do Not Upload" in SETTINGS["project"]["classifiers"]
