import string

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.config.document import read
from daemon.config.fields import fields
from daemon.config.load import configured, parse
from daemon.config.references import expand
from daemon.config.settings import Config, Control, Selector, Spool, Target
from model.errors import ConfigError, Fault
from model.secrets import Secret
from sinks.http import Http
from sinks.s3 import S3

CANARY = "CaNaRy"
KINDS = (Config, Control, Selector, Spool, Target, Http, S3)
OPTIONS = sorted({field.name for kind in KINDS for field in fields(kind)})
PLUGINS = ["heartbeat", "pyspy", "file", "s3", "http", "name"]
TELLING = ["2m", "2GiB", "a", "127.0.0.1:1", "${X}", "${X:-y}", "${", "file:/", "https://e.com/{a}", "{"]

numbers = st.integers(-(10**18), 10**18) | st.floats()
scalars = st.none() | st.booleans() | numbers | st.text(max_size=12) | st.sampled_from(TELLING)
keys = st.sampled_from(OPTIONS + PLUGINS) | st.text(max_size=5)
data = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=5),
    max_leaves=25,
)
documents = st.fixed_dictionaries({}, optional={field.name: data for field in fields(Config)})
written = documents.map(yaml.safe_dump)


def outcome(raw: object, environ: dict[str, str]) -> Config | ConfigError:
    """What becomes of data; any other exception is the test's failure."""
    faults: list[Fault] = []
    try:
        return configured(expand(raw, "", environ, faults), faults)
    except ConfigError as error:
        return error


def is_told(error: ConfigError) -> bool:
    return bool(error.faults) and all("\n" not in str(fault) for fault in error.faults)


@given(documents | data)
@settings(deadline=None)
def test_arbitrary_data_gives_a_configuration_or_its_faults(raw):
    made = outcome(raw, {})
    assert isinstance(made, Config) or is_told(made)


@given(st.text(alphabet=string.printable, max_size=200) | written | st.binary(max_size=200))
@settings(deadline=None)
def test_arbitrary_text_gives_a_configuration_or_its_faults(text):
    try:
        made: Config | ConfigError = parse(text, "x", {})
    except ConfigError as error:
        made = error
    assert isinstance(made, Config) or is_told(made)


def is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(one) for key, one in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    return value is None or isinstance(value, str | int | float | bool)


@given(data.map(yaml.safe_dump))
@settings(deadline=None)
def test_a_document_is_plain_data_or_a_fault(text):
    try:
        made = read(text.encode(), "x")
    except ConfigError as error:
        made = None if is_told(error) else error
    assert is_plain(made)


# A secret in its place, in the wrong shape, or where nothing of the kind belongs, beside other faults.
secrets = st.sampled_from(
    [CANARY, [CANARY], {"k": CANARY}, {CANARY.lower(): 1}, f"{CANARY}${{X}}", "${CANARY}"]
)
names = ("token", "headers", "secret_access_key", "access_key_id", "tokn", "pasword")
options = dict.fromkeys(names, secrets)
sinks = st.fixed_dictionaries({"http": st.fixed_dictionaries({"url": secrets}, optional=options)})
sinks |= st.fixed_dictionaries({"s3": st.fixed_dictionaries({}, optional=options)})
leaky = st.fixed_dictionaries(
    {},
    optional={
        "sinks": st.lists(sinks, max_size=3),
        "control": st.fixed_dictionaries({"token_sha256": secrets}),
        "captures_at_once": st.just("${CANARY}"),
        "targets": st.just([{"name": "a", "process": {"pid": 1}, "max_loop_time": "2m"}]),
    },
)


@given(leaky)
@settings(deadline=None)
def test_secrets_are_never_in_faults_nor_in_the_configurations_text(raw):
    made = outcome(raw, {"CANARY": CANARY})
    assert CANARY not in str(made)
    assert CANARY not in repr(made)


def test_a_good_configuration_with_secrets_does_not_show_them():
    http = {"url": f"https://e.com/?{CANARY}", "token": "${CANARY}", "headers": {"X-Key": CANARY}}
    s3 = {"bucket": "abc", "access_key_id": CANARY, "secret_access_key": CANARY}
    target = {"name": "a", "process": {"pid": 1}, "max_loop_time": "2m"}
    made = outcome({"targets": [target], "sinks": [{"http": http}, {"s3": s3}]}, {"CANARY": CANARY})
    assert isinstance(made, Config)
    assert CANARY not in str(made)
    assert CANARY not in repr(made)
    assert made.sinks[0].options.token == Secret(CANARY)
