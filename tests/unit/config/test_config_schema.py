import json
from pathlib import Path

import jsonschema
import pytest

from daemon.config.document import read
from daemon.config.fields import fields
from daemon.config.load import parse
from daemon.config.schema import json_schema
from daemon.config.settings import Config, Control, Selector, Spool, Target
from model.errors import ConfigError

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.yaml"))
MINIMAL = "targets: [{name: a, process: {pid: 1}, max_loop_time: 2m}]\n"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_the_schema_in_the_documentation_is_current():
    text = (DOCS / "config.schema.json").read_text()
    assert text == json.dumps(json_schema(), indent=2) + "\n", "loopcam schema > docs/config.schema.json"


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_valid_by_the_schema(example):
    VALIDATOR.validate(read(example.read_bytes(), example.name))


GOOD = (
    "captures_at_once: ${N:-2}",
    "labels:",
    "control:",
    "spool: {max_bytes: 5000000}",
    "spool: {max_bytes: 1.5 GiB}",
    "sinks: [{file: {path: /x}, name: a}, {file: {path: /y}, name: b}]",
    "sinks: [http: {url: 'https://example.com/'}]",
)
BAD = (
    "unknown: 1",
    "captures_at_once: 0",
    "shutdown_grace: 25",
    "shutdown_grace: 25 seconds",
    "listen: here",
    "labels: {a: 1}",
    "labels: {'a b': c}",
    "sinks: []",
    "sinks: [file]",
    "sinks: [none]",
    "sinks: [{file: {path: /x}, s3: {bucket: abc}}]",
    "sinks: [{file: {path: /x, kep: 3}}]",
    "sinks: [{file: {path: /x}, name: A}]",
    "spool: {max_bytes: 5 gb}",
    "control: {allow_insecure: 'yes'}",
)


@pytest.mark.parametrize("options", GOOD)
def test_what_loads_is_valid_by_the_schema(options):
    text = MINIMAL + options
    parse(text, "x", {})
    VALIDATOR.validate(read(text.encode(), "x"))


@pytest.mark.parametrize("options", BAD)
def test_what_is_refused_is_invalid_by_the_schema(options):
    text = MINIMAL + options
    with pytest.raises(ConfigError):
        parse(text, "x", {})
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(read(text.encode(), "x"))


@pytest.mark.parametrize("kind", [Config, Control, Selector, Spool, Target])
def test_every_option_says_what_it_does(kind):
    assert [field.name for field in fields(kind) if not field.description] == []


def test_the_full_example_has_every_option_of_daemon_and_target():
    raw = read((DOCS / "examples" / "full.yaml").read_bytes(), "full.yaml")
    assert raw.keys() == {field.name for field in fields(Config)}
    assert raw["targets"][0].keys() == {field.name for field in fields(Target)}
    assert raw["control"].keys() == {field.name for field in fields(Control)}
    assert raw["spool"].keys() == {field.name for field in fields(Spool)}
