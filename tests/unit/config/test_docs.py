"""Configurations in the documentation load. Which blocks are configurations is a rule, not a list:

- a ```yaml block is a whole configuration, but for another program's (FOREIGN)
- a ```yaml fragment holds options of the daemon, of a target or both, and is completed to a whole one
"""

import hashlib
import re
from pathlib import Path

import pytest

from daemon.config.document import read
from daemon.config.fields import fields
from daemon.config.load import parse
from daemon.config.settings import Config, Target
from daemon.config.tables import fill

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.yaml"))
BLOCK = re.compile(r"^```yaml( fragment)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMES = re.compile(r"\$\{(\w+)")
SECRET_FILES = re.compile(r"file:(/[\w/.-]+)")
LINK = re.compile(r"\]\(([^)\s:#]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# Kubernetes, Prometheus' rules, a chart's dependencies and values (which tests/deploy/charts renders)
FOREIGN = ("apiVersion:", "groups:", "dependencies:", "loopcam:", "config:")
NEEDED = {"name": "a", "process": "{pid: 1}", "max_loop_time": "2m"}
OF_TARGETS = {field.name for field in fields(Target)}


def blocks(page: Path) -> list[tuple[bool, str]]:
    return [(bool(kind), text) for kind, text in BLOCK.findall(page.read_text())]


def load(text: str, folder: Path) -> Config:
    """Load it with every environment variable set and every secret's file in place."""
    environ = {name: hashlib.sha256(name.encode()).hexdigest() for name in NAMES.findall(text)}

    def placed(match: re.Match[str]) -> str:
        file = folder / match[1].strip("/").replace("/", "-")
        file.write_text("secret\n")
        return f"file:{file}"

    return parse(SECRET_FILES.sub(placed, text), "documentation", environ)


def whole(fragment: str) -> str:
    """The fragment, with a target around those of its lines that are options of a target."""
    raw = read(fragment.encode(), "fragment")
    assert isinstance(raw, dict)
    if "targets" in raw:
        return fragment
    sections = re.split(r"^(?=[a-z_]+:)", fragment, flags=re.MULTILINE)
    below = [part for part in sections if part.partition(":")[0] in OF_TARGETS]
    lines = "".join(below).splitlines()
    needed = [f"{option}: {value}" for option, value in NEEDED.items() if option not in raw]
    target = "\n".join(["targets:", "  -", *(f"    {line}" for line in [*needed, *lines])])
    return "".join(part for part in sections if part not in below) + target + "\n"


WITH_BLOCKS = [page for page in PAGES if blocks(page)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_loads(example, tmp_path):
    assert load(example.read_text(), tmp_path).targets


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda path: path.name)
def test_every_configuration_in_a_page_loads(page, tmp_path):
    for is_fragment, text in blocks(page):
        if not text.startswith(FOREIGN):
            assert load(whole(text) if is_fragment else text, tmp_path).targets


def test_the_page_on_configuration_has_configurations():
    found = blocks(ROOT / "docs" / "configuration.md")
    assert {is_fragment for is_fragment, _ in found} == {True, False}


def test_a_fragment_is_completed():
    text = "labels:\n  a: b\ncooldown: 1h\niterations:\n  - heartbeat\n"
    config = parse(whole(text), "x", {})
    assert config.labels == {"a": "b"}
    assert config.targets[0].cooldown == 3600


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_tables_of_options_are_current(page):
    text = page.read_text()
    assert text == fill(text), "python -m daemon.config.tables"


def anchors(page: Path) -> set[str]:
    """What can be linked to, as GitHub names it."""
    return {
        re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in HEADING.findall(page.read_text())
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(page):
    for path, anchor in LINK.findall(page.read_text()):
        file = page.parent / path if path else page
        assert file.exists(), path
        assert not anchor or anchor in anchors(file), f"{path}#{anchor}"
