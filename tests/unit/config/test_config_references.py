import pytest

from daemon.config.load import parse
from daemon.config.references import expand, resolve
from model.errors import ConfigError, Fault, LoopcamError
from model.secrets import Secret

ENVIRON = {"NAME": "value", "EMPTY": "", "BRACES": "${NAME}", "CANARY_VARIABLE": "CANARY"}
MINIMAL = "targets: [{name: a, process: {pid: 1}, max_loop_time: 2m}]\n"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${NAME}", "value"),
        ("a${NAME}b${NAME}", "avaluebvalue"),
        ("${NONE:-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("${EMPTY}", ""),
        ("${NONE:-}", ""),
        ("$${NAME}", "${NAME}"),
        ("${BRACES}", "${NAME}"),
        ("$NAME {NAME} $", "$NAME {NAME} $"),
    ],
)
def test_references_are_put_in_once(written, expected):
    faults: list[Fault] = []
    assert expand({"a": [written]}, "", ENVIRON, faults) == {"a": [expected]}
    assert not faults


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "${NONE}",
            "a[0]: ${NONE}: the environment variable NONE is not set (set it, or give a default",
        ),
        ("CANARY${NONE}", "a[0]: ${NONE}: the environment variable NONE is not set (set it"),
        ("CANARY${", "a[0]: ${: begins a reference: ${NAME} or ${NAME:-default} (write $${ for the text ${)"),
        ("${CANARY-X}", "a[0]: ${: begins a reference"),
    ],
)
def test_a_reference_that_fails_is_named_without_the_text_around_it(written, expected):
    faults: list[Fault] = []
    expand({"a": [written]}, "", ENVIRON, faults)
    (only,) = map(str, faults)
    assert only.startswith(expected)
    assert "CANARY" not in only


def test_a_failed_reference_is_told_once():
    with pytest.raises(ConfigError) as caught:
        parse(MINIMAL + "captures_at_once: ${N}\nsinks: [file: '${N}', '${N}']\n", "x", {})
    assert [fault.path for fault in caught.value.faults] == ["captures_at_once", "sinks[0].file", "sinks[1]"]


def test_numbers_and_durations_may_come_from_the_environment():
    text = "targets: [{name: a, process: {pid: '${PID}'}, max_loop_time: '${TIME}'}]"
    (target,) = parse(text, "x", {"PID": "7", "TIME": "2m"}).targets
    assert (target.process.pid, target.max_loop_time) == (7, 120.0)


def test_a_value_from_the_environment_adds_no_structure():
    loaded = parse(MINIMAL + "labels: {a: '${X}'}\n", "x", {"X": "b, c: d"})
    assert loaded.labels == {"a": "b, c: d"}


@pytest.mark.threat("secrets")
def test_a_value_from_the_environment_is_never_shown():
    with pytest.raises(ConfigError) as caught:
        parse(MINIMAL + "captures_at_once: ${CANARY_VARIABLE}\n", "x", ENVIRON)
    assert str(caught.value) == "captures_at_once: ${CANARY_VARIABLE}: a whole number"


def test_a_secret_is_itself_or_the_content_of_its_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("hunter2\n")
    assert resolve(Secret("plain")) == Secret("plain")
    assert resolve(Secret(f"file:{file}")) == Secret("hunter2")


def test_only_one_newline_at_the_end_is_left_away(tmp_path):
    file = tmp_path / "token"
    file.write_text(" a\n\n")
    assert resolve(Secret(f"file:{file}")) == Secret(" a\n")
    file.write_bytes(b"a\r\n")
    assert resolve(Secret(f"file:{file}")) == Secret("a")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"\xffCANARY", "is no UTF-8 text"),
        (b"x" * 70_000, "is above"),
    ],
)
def test_a_secrets_file_that_cannot_be_used_is_told(tmp_path, content, reason):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LoopcamError, match=reason) as caught:
        resolve(Secret(f"file:{file}"))
    assert str(file) in str(caught.value)
    assert "CANARY" not in repr(caught.value)


def test_a_secrets_file_must_be_readable_when_the_configuration_is_loaded(tmp_path):
    file = tmp_path / "token"
    text = MINIMAL + f"sinks: [http: {{url: 'https://example.com/', token: 'file:{file}'}}]\n"
    with pytest.raises(ConfigError, match=r"sinks\[0\].http.token: \*\*\*: .* No such file"):
        parse(text, "x", {})
    file.write_text("CANARY\n")
    loaded = parse(text, "x", {})
    assert loaded.sinks[0].options.token == Secret(f"file:{file}")
