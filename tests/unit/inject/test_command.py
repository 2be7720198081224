"""The command: values from everywhere, exit codes, and nothing written when something is wrong."""

import io
import json
from pathlib import Path

import pytest
import yaml

from daemon.__main__ import main
from daemon.inject.values import Amounts, EnvVar, image, values
from model.errors import ConfigError

MANIFEST = b"""\
kind: Pod
metadata: {name: app}
spec:
  containers:
  - name: app
"""
CONFIG = {"targets": [{"name": "a", "process": {"match": "a"}, "max_loop_time": "2m"}]}


class _Streams:
    def __init__(self, given: bytes) -> None:
        self.buffer = io.BytesIO(given)

    def flush(self) -> None:
        """For the interpreter's end."""


def _run(monkeypatch: pytest.MonkeyPatch, given: bytes, *argv: str) -> tuple[int, str]:
    out = _Streams(b"")
    monkeypatch.setattr("sys.stdin", _Streams(given))
    monkeypatch.setattr("sys.stdout", out)
    return main(["inject", *argv]), out.buffer.getvalue().decode()


def test_the_options_lie_over_the_settings_and_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given, config = tmp_path / "values.yaml", tmp_path / "loopcam.yaml"
    given.write_text(json.dumps({"privilege": "sameUser", "guaranteed": True, "image": {"tag": "1"}}))
    config.write_text(json.dumps(CONFIG))
    argv = ["--target=app", f"--values={given}", f"--config={config}", "--set", "image.pullPolicy=Always"]
    code, out = _run(
        monkeypatch, MANIFEST, *argv, "--privilege=ptrace", "--mode=native", "--image=r:5/x/loopcam:2"
    )
    assert code == 0
    made = next(iter(yaml.safe_load_all(out)))["spec"]["initContainers"][0]
    assert (made["image"], made["imagePullPolicy"]) == ("r:5/x/loopcam:2", "Always")
    assert made["resources"]["requests"] == made["resources"]["limits"]


@pytest.mark.parametrize(
    ("given", "argv", "code", "words"),
    [
        (MANIFEST, ["--set", "privilege=none"], 78, ("config", "missing")),
        (MANIFEST, ["--set", "privilegee=none"], 78, ("privilegee",)),
        (MANIFEST, ["--set", "nothing"], 78, ("--set", "KEY=VALUE")),
        (MANIFEST, ["--values", "/nowhere"], 78, ("/nowhere", "No such file")),
        (MANIFEST, ["--target", "apt"], 65, ("apt", "Pod/app: app")),
        (MANIFEST + b"\xff", [], 65, ("UTF-8",)),
        (b"kind: Pod\nspec: [\n", [], 65, ("line 1", "cannot be read")),
        (MANIFEST, ["--privilege", "root"], 64, ("--privilege",)),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: bytes,
    argv: list[str],
    code: int,
    words: tuple[str, ...],
) -> None:
    assert _run(monkeypatch, given, *argv) == (code, "")
    said = capsys.readouterr().err
    for word in words:
        assert word in said


def test_settings_are_yaml_and_keys_may_have_dots() -> None:
    made = values(None, [r"config.labels.a\.b=x", "runAsUser=7", "env=[{name: A, value: '1'}]"], {})
    assert made.config == {"labels": {"a.b": "x"}}
    assert made.run_as_user == 7
    assert made.env == (EnvVar(name="A", value="1"),)


def test_null_takes_a_value_away() -> None:
    assert values(None, ["resources.limits.memory=null"], {}).resources.limits == Amounts()


def test_the_key_of_the_chart_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("loopcam: {privilege: none}\n")
    with pytest.raises(ConfigError, match="without that key"):
        values(file, [], {})


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("loopcam", ("loopcam", "", "")),
        ("r:5/loopcam", ("r:5/loopcam", "", "")),
        ("r:5/loopcam:1", ("r:5/loopcam", "1", "")),
        ("loopcam@sha256:ab", ("loopcam", "", "sha256:ab")),
    ],
)
def test_an_images_name(name: str, parts: tuple[str, str, str]) -> None:
    assert tuple(image(name).values()) == parts


def test_a_mark_of_the_byte_order_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "loopcam.yaml"
    config.write_text(json.dumps(CONFIG))
    code, out = _run(monkeypatch, b"\xef\xbb\xbf" + MANIFEST, "--privilege=ptrace", f"--config={config}")
    assert (code, out[:10]) == (0, "kind: Pod\n")
    assert _run(monkeypatch, MANIFEST.decode().encode("utf-16"), "--remove")[0] == 65
