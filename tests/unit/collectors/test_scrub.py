"""Planted secrets are taken out, each in every form; what is around them stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.scrub import SCRUBBED, fault, scrubber

CANARY = "c4naryXq7Zp0Lw9"
LONG = "c4naryXq7Zp0Lw9" * 3
KEY_ID = "AKIA" + "C4NARYXQ7ZP0LW9X"
SECRET_40 = "c4nary/q7Zp0Lw9+" + "k" * 24
KEY_LINES = ["MIIEc4nary" + "A" * 54, "c4nary" + "b" * 58, "c4naryend=="]
CLEAN = scrubber()

FORMS = (
    "{name}={value} tail",
    "{name}='{value}' tail",
    '{name}="{value}" tail',
    "{name}: {value}, tail",
    "{name} := {value} tail",
    '{{"{name}":"{value}","tail":1}}',
    '{{"{name}": ["{value}"], "tail": 1}}',
    "{{'{name}': '{value}', 'tail': 1}}",
    '{{"msg":"{{\\"{name}\\":\\"{value}\\",\\"tail\\":1}}"}}',
    "head\n  {name}: {value}\ntail",
    "head\n- {name}: |\n    {value}\ntail",
    "I1127 10:00:00.000000 1 main.go:1] config {name}={value}; tail",
    "map[{name}:[{value}] tail:[x]]",
    "GET /x?a=b&{name}={value}&tail=1",
    "run --{name} {value} --tail",
    '["run", "--{name}", "{value}", "tail"]',
    "&{{{name}:{value} tail:x}}",
    '{{"env":[{{"name":"{name}","value":"{value}"}},{{"name":"tail","value":"1"}}]}}',
    '{{\\"name\\": \\"{name}\\", \\"value\\": \\"{value}\\"}} tail',
    "Env:[]EnvVar{{EnvVar{{Name:{name},Value:{value},ValueFrom:nil,}},}} tail",
    "[{{Name:{name} Value:{value} ValueFrom:<nil>}}] tail",
    "env:\n- name: {name}\n  value: {value}\n- name: tail",
)
NAMES = (
    *("password", "DB_PASSWORD", "token", "access_token", "apiKey", "api_key", "X-Api-Key", "client_secret"),
    *("aws_secret_access_key", "AWS_SESSION_TOKEN", "SecretAccessKey", "passwd", "private-key", "secret"),
)
ALONE = (
    f"Authorization: Bearer {CANARY} tail",
    f"authorization=Basic {CANARY}== tail",
    f'{{"Authorization":["Bearer {CANARY}"],"tail":1}}',
    f"Authorization: {CANARY} tail",
    f"sent bearer {LONG} tail",
    f"Cookie: a={CANARY}; b={CANARY}, tail",
    f"eyJhbGciOi{CANARY}.eyJz{CANARY}.{CANARY} tail",
    f"https://user:{CANARY}@host/tail",
    f"https://{CANARY}@host/tail",
    f"postgres://user:a@{CANARY}@host:5432/tail",
    f"https://h/o?X-Amz-Signature={CANARY}&tail=1",
    f"https://h/o?X-Amz-Security-Token={CANARY}%2F&tail=1",
    f"https://h/o?X-Goog-Signature={CANARY}\\u0026tail=1",
    f"https://h/o?se=2026&sig={CANARY}%3D&tail=1",
    f'{{"url":"https://h/o?a=1\\u0026sig={CANARY}\\u0026tail=1"}}',
    f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20261127, Signature=c4{'0a' * 31}, tail",
    f"{KEY_ID} tail",
    f"{KEY_ID.replace('AKIA', 'ASIA')}:{SECRET_40} tail",
    f"client-key-data: {LONG}\ntail",
    f"login pass={CANARY} tail",
    f"login pw={CANARY}; tail",
    f"SAS sig={CANARY}%3D tail",
    f"ghp_{LONG} tail",
    f"github_pat_{LONG}_{LONG} tail",
    f"glpat-{LONG} tail",
    f"xoxb-123456789012-{CANARY} tail",
    f"https://hooks.slack.com/services/T0/B0/{CANARY} tail",
    f"AIza{LONG[:35]} tail",
    f"ya29.{LONG} tail",
    f"GOCSPX-{LONG} tail",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FORMS)
def test_a_named_secret_is_taken_out_of_each_form(form: str, name: str) -> None:
    line = form.format(name=name, value=CANARY)
    found = CLEAN(line.encode()).decode()
    assert found == line.replace(CANARY, "[scrubbed]")


@pytest.mark.threat("secrets")
@pytest.mark.parametrize("line", ALONE)
def test_a_secret_is_known_by_what_it_looks_like(line: str) -> None:
    found = CLEAN(line.encode())
    assert SCRUBBED in found
    assert b"tail" in found
    assert b"c4nary" not in found.lower()
    assert b"0a0a" not in found


@pytest.mark.parametrize("word", ["RSA ", "EC ", "OPENSSH ", ""])
@pytest.mark.parametrize("end", ["\n", "\\n", "\r\n"])
def test_a_private_key_is_taken_out_of_its_lines(word: str, end: str) -> None:
    edges = f"-----BEGIN {word}PRIVATE KEY-----", f"-----END {word}PRIVATE KEY-----"
    text = end.join((edges[0], *KEY_LINES, edges[1]))
    assert CLEAN(f"head {text} tail".encode()) == f"head {edges[0]}[scrubbed]{edges[1]} tail".encode()


@pytest.mark.parametrize("kept", [slice(1, None), slice(None, -2)])
def test_half_a_private_key_is_taken_out_too(kept: slice) -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", *KEY_LINES[:2], "-----END PRIVATE KEY-----"][kept]
    framed = [f"2026-11-27T10:00:00Z stderr F {line}" for line in lines]
    found = CLEAN("\n".join(("head of it", *framed, "tail of it")).encode())
    assert b"c4nary" not in found
    assert found.startswith(b"head of it\n2026-11-27T10:00:00Z stderr F ")
    assert found.endswith(b"\ntail of it")


@pytest.mark.parametrize(
    "line",
    [
        'I1127 10:00:00.000000       1 static_autoscaler.go:187] Starting main loop pod="ns/name"',
        "basic authentication failed for user system:serviceaccount:kube-system:x",
        "10.0.0.1:8080 GET https://host/path?limit=500&continue=abc 200",
        '{"env":[{"name":"SCAN_INTERVAL","value":"10s"}],"pass":3} pass=17',
        "keys: a=1 b=2 key=ns/name monkey: banana",
        "git@github.com:org/repo.git",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert CLEAN(line.encode()) == line.encode()


@pytest.mark.parametrize(("filler", "most"), [(b"x" * 99 + b"\n", 700), (b"x" * 70_001, 3)])
def test_a_long_text_is_clean_throughout(filler: bytes, most: int) -> None:
    secrets = f"\n- password: |\n    {CANARY}\ntoken={CANARY}\n".encode()
    text = b"".join(filler * (count % most) + secrets for count in range(0, 2100, 130))
    assert CLEAN(text) == text.replace(CANARY.encode(), SCRUBBED)


def test_what_is_no_utf8_survives() -> None:
    assert CLEAN(b"\xff\xfe\0 password=\xe9\xff tail\xc3") == b"\xff\xfe\0 password=[scrubbed] tail\xc3"


def test_more_is_taken_out_as_configured() -> None:
    found = scrubber((r"tenant-\d+", "Zoë"))("of tenant-17 and Zoë, password=x".encode())
    assert found == b"of [scrubbed] and [scrubbed], password=[scrubbed]"


@pytest.mark.parametrize("text", ["(", "(?=x)", "x*"])
def test_a_pattern_that_cannot_be_meant_is_a_fault(text: str) -> None:
    assert fault(text)
    assert fault("x+") is None


@given(st.binary(max_size=300) | st.text(alphabet="token=:'\"[]\\ \n{}/@-&", max_size=200).map(str.encode))
def test_it_never_fails_and_keeps_the_lines(text: bytes) -> None:
    assert CLEAN(text).count(b"\n") == text.count(b"\n")


@pytest.mark.threat("redos")
@pytest.mark.parametrize(
    "piece",
    [
        b"a",
        b"token",
        b"password=x ",
        b"://",
        b'token="',
        b"eyJabcdef.",
        b"secret:[",
        b"-----BEGIN PRIVATE KEY-----",
    ],
)
def test_it_takes_linear_time(piece: bytes) -> None:
    def cpu_s(size_bytes: int) -> float:
        text = piece * (size_bytes // len(piece))
        began_s = time.thread_time()
        CLEAN(text)
        return time.thread_time() - began_s

    cpu_s(1000)
    assert cpu_s(400_000) < 40 * cpu_s(50_000) + 0.5  # 8 where it is linear, 64 where it is quadratic
