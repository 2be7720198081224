"""Bills of materials: valid, whole, with a licence for each part, which is one that we accept."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release import EXTRAS, LOCKS, bill, licences, locks, scripts

IMAGE = (
    "a" * 64 + "  aiohttp-3.14.5-cp313-cp313-manylinux_2_28_x86_64.whl",
    "b" * 64 + "  loopcam-0.1.0-py3-none-any.whl",
    "c" * 64 + "  install.py",
    "tini 0.19.0-3+b4 amd64",
)


def read(text: str) -> dict[str, Any]:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.threat("supply")
def test_the_wheels_bill_has_all_that_is_locked_for_it() -> None:
    parts = {
        one["name"]: one for one in read(bill.of_wheel())["components"] if one["name"] not in scripts.LICENCES
    }
    needed = set(locks.read(LOCKS / "loopcam.txt"))
    assert set(parts) == needed.union(*(locks.read(LOCKS / f"{one}.txt") for one in EXTRAS))
    assert {name for name, one in parts.items() if one["scope"] == "required"} == needed


def test_scripts_that_the_wheel_carries_are_in_it_as_they_are() -> None:
    parts = {one["purl"]: one for one in read(bill.of_wheel())["components"]}
    for script in scripts.carried():
        (told,) = parts[f"pkg:npm/{script.name}@{script.version}"]["externalReferences"]
        assert {one["content"] for one in told["hashes"]} == set(script.hashes)
    assert {one.name for one in scripts.carried()} == set(scripts.LICENCES)


def test_a_script_that_nobody_named_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "ASSETS", tmp_path)
    (tmp_path / "left-pad-1.3.0.min.js").touch()
    with pytest.raises(LookupError, match="left-pad: add its licence"):
        list(scripts.carried())


def test_it_says_what_needs_what() -> None:
    needs = {one["ref"]: one.get("dependsOn", []) for one in read(bill.of_wheel())["dependencies"]}
    reached, waiting = set(), ["loopcam"]
    while waiting:
        reached.add(one := waiting.pop())
        waiting += set(needs[one]) - reached
    alone = {one.partition("@")[0].rpartition("/")[2] for one in set(needs) - reached}
    assert alone == set()


def test_each_part_has_a_licence_that_we_accept() -> None:
    for one in read(bill.of_wheel())["components"]:
        (said,) = one["licenses"]
        expression = said["expression"] if "expression" in said else said["license"]["id"]
        assert licences.acceptable(one["name"], expression), f"{one['name']}: {expression}"


@pytest.mark.parametrize("expression", ["GPL-3.0-or-later", "MIT AND GPL-2.0-only", None, ""])
def test_a_licence_that_nobody_accepted_is_seen(expression: str | None) -> None:
    assert not licences.acceptable("new", expression)


def test_an_image_is_read_from_what_it_says_of_itself() -> None:
    found = read(bill.of_image(IMAGE))
    assert found["metadata"]["component"]["type"] == "container"
    parts = {one["name"]: one for one in found["components"]}
    assert set(parts) == {"aiohttp", "tini", *scripts.LICENCES}
    aiohttp, tini = parts["aiohttp"], parts["tini"]
    assert aiohttp["purl"] == "pkg:pypi/aiohttp@3.14.5"
    assert aiohttp["externalReferences"][0]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert tini["purl"] == "pkg:deb/debian/tini@0.19.0-3%2Bb4?arch=amd64"


def test_the_same_parts_give_the_same_bytes() -> None:
    assert bill.of_image(IMAGE) == bill.of_image(reversed(IMAGE))
