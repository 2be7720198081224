"""References in values: `${NAME}` from the environment, and `file:PATH` in secrets."""

import re
from collections.abc import Mapping
from pathlib import Path

from daemon.config.faults import fault, join
from model.errors import Fault, LoopcamError
from model.secrets import Secret

FILE_PREFIX = "file:"
MAX_SECRET_BYTES = 64 * 1024

_REFERENCE = re.compile(r"\$\$\{|\$\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})?")


class Expanded(str):
    """A text after its references were put in; `written` is what stands in the file, safe to show."""

    written: str

    def __new__(cls, text: str, written: str) -> "Expanded":
        """A text that remembers how it was written."""
        made = super().__new__(cls, text)
        made.written = written
        return made


class Unresolved:
    """Stands for a text whose reference failed, which is told of already."""


def expand(raw: object, path: str, environ: Mapping[str, str], faults: list[Fault]) -> object:
    """The same data with `${NAME}` and `${NAME:-default}` put into its texts; `$${` stands for `${`."""
    if isinstance(raw, dict):
        return {key: expand(value, join(path, key), environ, faults) for key, value in raw.items()}
    if isinstance(raw, list):
        return [expand(value, f"{path}[{place}]", environ, faults) for place, value in enumerate(raw)]
    if not isinstance(raw, str) or "${" not in raw:
        return raw
    try:
        return Expanded(_REFERENCE.sub(lambda match: _value(match, environ), raw), raw)
    except LookupError as error:
        faults.append(fault(path, *error.args))  # not the text around it: it may be a secret
        return Unresolved()


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    if match[0] == "$${":
        return "${"
    name, default = match["name"], match["default"]
    if name is None:
        rule = "begins a reference: ${NAME} or ${NAME:-default}"
        raise LookupError("${", rule, "write $${ for the text ${")
    if default is not None:
        return environ.get(name) or default
    if name not in environ:
        rule = f"the environment variable {name} is not set"
        raise LookupError(match[0], rule, f"set it, or give a default: ${{{name}:-...}}")
    return environ[name]


def resolve(secret: Secret) -> Secret:
    """The secret itself: the content of its file (without one last newline) where it is `file:PATH`.

    Raises LoopcamError when the file cannot be used.
    """
    text = secret.reveal()
    if not text.startswith(FILE_PREFIX):
        return secret
    path = Path(text.removeprefix(FILE_PREFIX))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SECRET_BYTES + 1)
        found = data.decode().removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        raise _unusable(path, reason or "cannot be read") from None  # the bytes stay out of the traceback
    if not found or len(data) > MAX_SECRET_BYTES:
        raise _unusable(path, "is empty" if not found else f"is above {MAX_SECRET_BYTES} bytes")
    return Secret(found)


def _unusable(path: Path, reason: str) -> LoopcamError:
    return LoopcamError(
        f"the secret's file {path}: {reason}", remedy="mount it, and let the user of loopcam read it"
    )
