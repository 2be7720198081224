import subprocess
import sys

LEAN = """
import sys
from daemon import lean
lean.aiohttp_without_client()
import daemon.app
assert "aiohttp.web" in sys.modules
assert not {"aiohttp.client", "aiohttp.connector", "importlib.metadata", "daemon.demo"} & sys.modules.keys()
"""
WHOLE = """
import importlib.metadata
import aiohttp
from aiohttp import ClientSession, web
assert ClientSession is sys.modules["aiohttp.client"].ClientSession
assert aiohttp.__version__ == importlib.metadata.version("aiohttp")
assert web is sys.modules["aiohttp.web"]
assert type(aiohttp) is type(sys)
lean.aiohttp_without_client()
assert sys.modules["aiohttp"] is aiohttp
"""
VERSION = """
import importlib.metadata
from aiohttp.http import SERVER_SOFTWARE
assert SERVER_SOFTWARE.endswith("aiohttp/" + importlib.metadata.version("aiohttp"))
"""
MISSING = """
import aiohttp
assert not hasattr(aiohttp, "NoSuchName")
"""


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_daemon_is_loaded_without_the_client() -> None:
    python(LEAN)


def test_who_wants_the_client_has_all_of_it() -> None:
    python(LEAN + WHOLE)


def test_the_client_says_which_version_it_is() -> None:
    python(LEAN + VERSION)


def test_what_is_not_there_is_missing_as_ever() -> None:
    python(LEAN + MISSING)
