"""A spool that an earlier or a later version left is read, or what cannot be is set aside."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import daemon, target
from tests.unit.spool.entries import name, put

pytestmark = pytest.mark.fault("S16")
Change = Callable[[dict[str, Any]], None]


def altered(file: Path, change: Change) -> None:
    content = json.loads(file.read_bytes())
    change(content)
    file.write_text(json.dumps(content))


def later(content: dict[str, Any]) -> None:
    content["something_new"] = {"of": "a later version"}


def earlier(content: dict[str, Any]) -> None:
    for added_since in ("history", "signature", "code_version"):
        content.pop(added_since, None)


@pytest.mark.parametrize("change", [later, earlier])
def test_what_another_version_left_is_drawn_and_delivered(tmp_path: Path, stuck: int, change: Change) -> None:
    entry = put(tmp_path / "spool", 1, drawn=False)
    altered(entry / "report" / "capture.json", change)
    altered(entry / "state" / "sink-file.json", change)
    with daemon(tmp_path, target("one", stuck)) as cam:
        assert cam.report().rendering.rendered
        assert not cam.said("damaged entry set aside")


def test_what_it_left_in_words_that_we_do_not_know_is_set_aside_and_the_others_delivered(
    tmp_path: Path, stuck: int
) -> None:
    strange = put(tmp_path / "spool", 1, drawn=False)
    altered(strange / "report" / "capture.json", lambda content: content.update(outcome="of a later version"))
    put(tmp_path / "spool", 2, drawn=False)
    with daemon(tmp_path, target("one", stuck)) as cam:
        assert [one.name for one in cam.stored(1)] == [name(2)]
        assert [one.name for one in (tmp_path / "spool" / "damaged").iterdir()] == [name(1)]
        [said] = cam.said("damaged entry set aside")
        assert "outcome" in said["error"]
