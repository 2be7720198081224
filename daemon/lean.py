"""aiohttp's server without its client, which the daemon needs only where it asks a target's HTTP.

The client reads every certificate authority of the machine as it is imported, which is a third of the time of
our start, and 4 MiB that stay. `aiohttp/__init__.py` imports it whatever one wants.
"""

import importlib
import importlib.util
import mimetypes
import re
import sys
import threading
from pathlib import Path
from types import ModuleType

_LOADING = threading.RLock()
_VERSION = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)


class _Lean(ModuleType):
    """A package whose `__init__` runs when somebody asks for a name that is no module of it."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # the import system's own questions
            raise AttributeError(name)
        full_name = f"{self.__name__}.{name}"
        if importlib.util.find_spec(full_name) is not None:
            return importlib.import_module(full_name)
        with _LOADING:  # who asks meanwhile, in another thread, waits
            if self.__class__ is _Lean:
                importlib.reload(
                    self
                )  # where that fails, as without a free descriptor, the next one tries again
                self.__class__ = ModuleType  # type: ignore[assignment]  # from now on it is as any other
        return getattr(self, name)


def aiohttp_without_client() -> None:
    """Call it before anything imports aiohttp; afterwards it does nothing."""
    spec = importlib.util.find_spec("aiohttp")
    if "aiohttp" in sys.modules or spec is None or spec.origin is None:
        return
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Lean
    version = _VERSION.search(Path(spec.origin).read_text())  # importlib.metadata costs half a MiB
    module.__dict__["__version__"] = version[1] if version else ""  # which its HTTP headers tell
    sys.modules["aiohttp"] = module
    mimetypes.knownfiles.clear()  # whose thousands of types it reads to guess by; we say what a file is
