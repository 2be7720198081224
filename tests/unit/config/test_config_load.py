import errno
import logging
import os

import pytest

from daemon.config.load import load, parse
from model.errors import ConfigError

MINIMAL = "targets: [{name: a, process: {pid: 1}, max_loop_time: 2m}]\n"


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "loopcam.yaml"
    made.write_text(MINIMAL)
    made.chmod(0o644)
    return made


def told(path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.exit_code == 78
    return str(caught.value)


def test_a_file_is_loaded(file):
    assert load(file).targets[0].name == "a"


def test_a_file_behind_a_configmaps_links_is_loaded(file, tmp_path):
    (tmp_path / "..data").symlink_to(tmp_path)
    (tmp_path / "config.yaml").symlink_to("..data/loopcam.yaml")
    assert load(tmp_path / "config.yaml").targets[0].name == "a"


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path):
    assert told(tmp_path / "none").endswith("none: cannot be read: No such file or directory")
    assert "cannot be read: Is a directory" in told(tmp_path)


def test_a_file_that_is_closed_says_for_whom_to_open_it(file, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(type(file), "open", refused)
    assert f"to user {os.geteuid()} or group {os.getegid()}" in told(file)


@pytest.mark.parametrize(
    ("text", "rule"),
    [("", "empty"), ("# nothing\n", "empty"), ("- a\n", "not a mapping"), ("a\n", "not a mapping")],
)
def test_a_file_that_is_no_mapping_is_told(file, text, rule):
    file.write_text(text)
    assert told(file) == f"{file}: {rule}: must be a mapping of options such as `targets:`"


def test_a_file_above_the_limit_is_not_read(file):
    os.truncate(file, 10**12)  # sparse: reading it would take all memory
    assert told(file).endswith("1000000000000 bytes: at most 256 KiB")


def test_a_file_that_anybody_may_write_is_refused(file):
    file.chmod(0o666)
    assert "0o666: anybody may write it" in told(file)


def test_a_file_that_its_group_may_write_is_warned_about(file, caplog):
    file.chmod(0o664)
    with caplog.at_level(logging.WARNING):
        load(file)
    assert "may be written by its group" in caplog.text


def test_a_pipe_is_read_as_far_as_the_limit(tmp_path):
    reading, writing = os.pipe()
    try:
        os.write(writing, MINIMAL.encode())
        os.close(writing)
        assert load(type(tmp_path)(f"/dev/fd/{reading}")).targets[0].name == "a"
    finally:
        os.close(reading)


def test_all_faults_are_told_one_a_line():
    with pytest.raises(ConfigError) as caught:
        parse("labls: {}\ntargets: [{name: A, process: {}, max_loop_time: 2}]\n", "x")
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "labls",
        "targets[0].name",
        "targets[0].max_loop_time",
        "targets[0].process",
    ]
