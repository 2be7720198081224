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
SHORT_OF_DESCRIPTORS = """
import aiohttp, resource
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
try:
    aiohttp.ClientSession
    raise AssertionError("it was loaded already")
except OSError:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
assert aiohttp.ClientSession is sys.modules["aiohttp.client"].ClientSession
"""
THREADS = """
import aiohttp
from concurrent.futures import ThreadPoolExecutor
sys.setswitchinterval(1e-5)
with ThreadPoolExecutor(8) as threads:
    asked = [threads.submit(lambda: aiohttp.ClientSession) for _ in range(8)]
assert {each.result() for each in asked} == {aiohttp.ClientSession}
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


def test_what_could_not_be_loaded_is_loaded_when_it_can_be() -> None:
    python(LEAN + SHORT_OF_DESCRIPTORS)


def test_threads_that_ask_together_all_get_it() -> None:
    python(LEAN + THREADS)
