"""Whose code a frame is, and how it is written."""

import pytest

from model.samples import Frame, Thread
from report.places import Origin, colour, escaped, frame_text, is_main, origin, place, short, thread_text


@pytest.mark.parametrize(
    ("file", "whose", "name"),
    [
        ("/srv/app/loop.py", Origin.OWN, "/srv/app/loop.py"),
        ("/usr/lib/python3.11/threading.py", Origin.STANDARD, "threading.py"),
        ("/opt/python/lib/python3.13t/json/encoder.py", Origin.STANDARD, "json/encoder.py"),
        ("/usr/lib64/python3.9/ssl.py", Origin.STANDARD, "ssl.py"),
        ("/usr/lib/python3/dist-packages/yaml/nodes.py", Origin.PACKAGE, "yaml/nodes.py"),
        ("/venv/lib/python3.11/site-packages/boto3/session.py", Origin.PACKAGE, "boto3/session.py"),
        ("<frozen importlib._bootstrap>", Origin.STANDARD, "<frozen importlib._bootstrap>"),
        ("<string>", Origin.OWN, "<string>"),
        ("", Origin.STANDARD, ""),
    ],
)
def test_the_file_tells_whose_code_it_is(file: str, whose: Origin, name: str) -> None:
    assert (origin(file), short(file)) == (whose, name)


def test_frames_and_threads_as_text() -> None:
    assert frame_text(Frame("f", "/a.py", 3)) == "f (/a.py:3)"
    assert frame_text(Frame("f", "", 0)) == "f"
    assert place("/a.py", 0) == "/a.py"
    assert thread_text(Thread(7, "main", 7)) == "main (7)"
    assert thread_text(Thread(8, "", 7)) == "thread (8)"


def test_the_main_thread_is_known_by_number_or_in_another_pid_namespace_by_name() -> None:
    assert is_main(Thread(7, "renamed", 7), 7)
    assert is_main(Thread(1, "MainThread", 7), 7)
    assert not is_main(Thread(8, "worker", 7), 7)
    assert not is_main(Thread(9, "MainThread", 9), 7)


def test_colours_are_stable_and_differ_by_origin() -> None:
    assert colour("f", "/srv/a.py") == colour("f", "/srv/a.py")
    assert colour("f", "/srv/a.py") != colour("f", "/usr/lib/python3.11/a.py")


def test_what_does_not_print_is_escaped() -> None:
    assert escaped("a\nb\x1b\u202e\U000e0001;", also=";") == r"a\nb\x1b\u202e\U000e0001\x3b"
    assert escaped("plain text ü") == "plain text ü"
