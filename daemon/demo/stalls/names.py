"""Stalls on the way to a connection: looking up its name, and agreeing on keys."""

import contextlib
import ctypes
import http.client
import importlib.util
import socket
import ssl
import struct
from collections.abc import Iterator

from daemon.demo.stalls.contract import Setting, lasting
from daemon.demo.stalls.remotes import silent

# Where struct __res_state of the GNU C library has its fields; they are part of its binary interface.
_RETRANS, _RETRY, _COUNT, _SERVER = 0, 4, 16, 20


def without_glibc() -> str:
    """What `find_provider` needs."""
    return "" if hasattr(ctypes.CDLL(None), "__res_state") else "needs the GNU C library"


@contextlib.contextmanager
def _resolver(port: int, seconds: float) -> Iterator[None]:
    """Let this thread ask at that port, once, and be patient; no file has to be changed for that."""
    libc = ctypes.CDLL(None)
    libc.__res_state.restype = ctypes.c_void_p
    getattr(libc, "__res_init", lambda: None)()
    state = libc.__res_state()
    before = ctypes.string_at(state, _SERVER + 16)
    try:
        _put(state + _RETRANS, struct.pack("=i", max(1, round(seconds))))
        _put(state + _RETRY, struct.pack("=i", 1))
        _put(state + _COUNT, struct.pack("=i", 1))
        address = struct.pack("=H", socket.AF_INET) + struct.pack(
            "!H4s8x", port, socket.inet_aton("127.0.0.1")
        )
        _put(state + _SERVER, address)
        yield
    finally:
        ctypes.memmove(state, before, len(before))


def _put(place: int, data: bytes) -> None:
    ctypes.memmove(place, data, len(data))


def find_provider(setting: Setting) -> None:
    """A name that is looked up at a name server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        with _resolver(server.getsockname()[1], setting.seconds), contextlib.suppress(socket.gaierror):
            http.client.HTTPConnection("autoscaling.eu-central-1.example.", timeout=60).connect()


def greet_provider(setting: Setting) -> None:
    """A server that takes the connection, and says nothing in the handshake."""
    context = ssl.create_default_context()
    with silent(setting.seconds) as port, contextlib.suppress(OSError):
        http.client.HTTPSConnection("127.0.0.1", port, context=context).request("GET", "/")


def trust_again(setting: Setting) -> None:
    """A new context for each request: all certificates of the machine are read again and again."""
    for _ in lasting(setting.seconds):
        ssl.create_default_context()


def without_cryptography() -> str:
    """What `renew_identity` needs."""
    return "" if importlib.util.find_spec("cryptography") else "cryptography is not installed"


def prepare_identity(setting: Setting) -> None:
    """Import it before the loop starts."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    rsa.generate_private_key(65537, 2048)


def renew_identity(setting: Setting) -> None:
    """A new key for each certificate."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    for _ in lasting(setting.seconds):
        rsa.generate_private_key(65537, 3072)
