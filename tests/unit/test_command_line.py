import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.__main__ import COMMANDS, main
from daemon.evidence import version
from model.report import MANIFEST_FILE
from tests.reports import finished_report

GOOD = "targets: [{name: scaler, process: {pid: 1}, max_loop_time: 2s}]"

Said = Callable[[], tuple[str, str]]


@pytest.fixture(autouse=True)
def _mask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What was said on standard output and on standard error."""

    def read() -> tuple[str, str]:
        both = capsys.readouterr()
        return both.out, both.err

    return read


@pytest.fixture
def nobody() -> Iterator[str]:
    """A URL where no daemon answers."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def written(folder: Path, text: str) -> str:
    path = folder / "loopcam.yaml"
    path.write_text(text)
    return str(path)


def test_it_tells_its_version(said: Said) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert said()[0] == f"loopcam {version()}\n"


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["reports", "verify"]], ids=" ".join)
def test_every_command_has_help(command: list[str], said: Said) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    help_text = said()[0]
    assert help_text.startswith(" ".join(["usage: loopcam", *command]))
    assert len(help_text.split("\n\n")[1]) > 10, "it says nothing of what it does"


def test_help_names_every_command(said: Said) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = said()[0]
    assert {line.split()[0] for line in text.splitlines() if line.startswith("    ")} >= set(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["run"], "no configuration"),
        (["run", "--bogus"], "unrecognized arguments: --bogus"),
        (["run", "--pid", "1"], "--max-loop-time"),
        (["run", "--pid", "one", "--max-loop-time", "2s", "--out", "/x"], "--pid: one"),
        (["run", "--diagnostic-max-loop-time", "2", "--pid", "1"], "--diagnostic-max-loop-time: 2"),
        (["run", "--config", "x.yaml", "--pid", "1"], "--config together with --pid"),
        (["capture", "--pid", "x", "--out", "/x"], "invalid int value"),
        (["capture", "--pid", "1"], "--out"),
        (["capture", "--pid", "1", "--out", "/x", "--for", "30"], "a duration such as"),
        (["heartbeat", "sneeze"], "invalid choice: 'sneeze'"),
        (["check"], "FILE"),
        (["exec"], "no command"),
        (["exec", "--", "true"], "--max-loop-time"),
        (["exec", "--max-loop-time", "2s", "--sla", "p99=2", "--", "true"], "--sla p99=2"),
        (["exec", "--max-loop-time", "2s", "--log-file", "-", "--", "true"], "standard input is CMD's"),
        (["reports", "list", "/nowhere"], "no such folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_told_and_ends_with_64(arguments: list[str], words: str, said: Said) -> None:
    assert main(arguments) == 64
    out, error = said()
    assert out == ""
    assert error.startswith("loopcam: ")
    assert words in error


@pytest.mark.parametrize(("arguments", "listed"), [([], "doctor"), (["reports"], "verify")])
def test_without_a_command_there_is_help(arguments: list[str], listed: str, said: Said) -> None:
    assert main(arguments) == 64
    out, error = said()
    assert out == ""
    assert error.startswith("usage: loopcam")
    assert listed in error


@pytest.mark.parametrize(
    ("arguments", "folder"), [(["heartbeat", "start"], False), (["reports", "list"], True)]
)
def test_a_folder_helps_only_where_it_is_taken(
    arguments: list[str], folder: bool, nobody: str, said: Said
) -> None:
    assert main([*arguments, "--url", nobody]) == 1
    error = said()[1]
    assert "start `loopcam run`" in error
    assert ("folder of reports" in error) is folder


def test_an_unknown_preset_brings_its_list_once_and_no_other_fault(tmp_path: Path, said: Said) -> None:
    made = ["--match", "x", "--preset", "nope", "--log-file", "/x.log", "--out", str(tmp_path)]
    assert main(["run", *made]) == 64
    error = said()[1]
    assert error.count("patroni") == 1
    assert "--max-loop-time" not in error


def test_a_good_configuration_is_called_so(tmp_path: Path, said: Said) -> None:
    assert main(["check", written(tmp_path, GOOD)]) == 0
    assert "good. Targets: scaler. Sinks: file." in said()[0]


def test_a_configuration_that_is_doubtful_is_good_with_a_warning(tmp_path: Path, said: Said) -> None:
    doubtful = "targets: [{name: a, process: {pid: 1}, max_loop_time: 2m, killed_after: 2m}]"
    assert main(["check", written(tmp_path, doubtful)]) == 0
    output, error = said()
    assert "good" in output
    assert error.startswith("WARNING: target a: max_loop_time 2m + collection_time 30s is more than 2m")


@pytest.mark.parametrize("command", [["check"], ["run", "--config"]], ids=" ".join)
def test_all_faults_of_a_configuration_are_told_and_end_with_78(
    command: list[str], tmp_path: Path, said: Said
) -> None:
    bad = "targets: [{name: Scaler, process: {pid: 0}, max_loop_tim: 2s}]\nlisten: nowhere"
    assert main([*command, written(tmp_path, bad)]) == 78
    error = said()[1]
    for path in ("targets[0].name", "targets[0].process.pid", "max_loop_tim", "listen"):
        assert path in error


@pytest.mark.parametrize("command", [["check"], ["run", "--config"]], ids=" ".join)
def test_a_configuration_that_is_not_there_ends_with_78(
    command: list[str], tmp_path: Path, said: Said
) -> None:
    assert main([*command, str(tmp_path / "none.yaml")]) == 78
    assert "cannot be read" in said()[1]


def test_the_schema_is_json(said: Said) -> None:
    assert main(["schema"]) == 0
    assert json.loads(said()[0])["properties"]["targets"]


@pytest.mark.parametrize(
    "arguments",
    [["heartbeat", "start"], ["collect"], ["reports", "list"], ["reports", "retry"]],
    ids=" ".join,
)
def test_without_a_daemon_the_remedy_is_told(arguments: list[str], nobody: str, said: Said) -> None:
    assert main([*arguments, "--url", nobody]) == 1
    error = said()[1]
    assert f"no daemon answers at {nobody}" in error
    assert "loopcam run" in error


def test_a_url_that_is_none_is_told(said: Said) -> None:
    assert main(["collect", "--url", "ftp://x"]) == 1
    assert "not a URL" in said()[1]


def test_a_process_that_is_not_there_is_told(tmp_path: Path, said: Said) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert main(["capture", "--pid", str(ended.pid), "--out", str(tmp_path)]) == 1
    assert f"process {ended.pid}:" in said()[1]
    assert list(tmp_path.iterdir()) == []


def test_reports_are_listed_shown_and_verified(tmp_path: Path, said: Said) -> None:
    report = finished_report(tmp_path)
    assert main(["reports", "list", str(tmp_path)]) == 0
    assert str(report.directory) in said()[0]
    assert main(["reports", "show", str(report.directory)]) == 0
    assert "iteration 17 runs longer than 2 s" in said()[0]
    assert main(["reports", "verify", str(tmp_path)]) == 0
    assert said()[0] == "1 reports checked, 0 damaged\n"


def test_damage_is_told_and_ends_with_1(tmp_path: Path, said: Said) -> None:
    report = finished_report(tmp_path)
    file, _ = next(iter(report.files()))
    file.write_bytes(file.read_bytes() + b"x")
    assert main(["reports", "verify", str(tmp_path)]) == 1
    assert file.name in said()[0]


def test_a_manifest_that_cannot_be_read_does_not_hide_the_other_reports(tmp_path: Path, said: Said) -> None:
    report = finished_report(tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / MANIFEST_FILE).write_bytes(b'{"id":"\xff"}')
    assert main(["reports", "list", str(tmp_path)]) == 0
    out = said()[0]
    assert str(report.directory) in out
    assert "damaged manifest" in out


def test_where_there_is_no_report_that_is_told(tmp_path: Path, said: Said) -> None:
    assert main(["reports", "verify", str(tmp_path)]) == 1
    assert "no report below" in said()[1]
