"""From a plugin's name to its class, imported only when it is asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from model.errors import LoopcamError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

Base = TypeVar("Base")


class UnknownPluginError(KeyError):
    """No plugin of that name is installed; `near` holds the names that look like it."""

    def __init__(self, name: str, near: tuple[str, ...]) -> None:
        super().__init__(name, near)
        self.near = near


def names(table: Mapping[str, str], group: str) -> tuple[str, ...]:
    """The names of `table` (ours, `module:Class`) and of the entry point group, sorted."""
    return tuple(sorted({*table, *(point.name for point in _outside(group))}))


def find(base: type[Base], table: Mapping[str, str], group: str, name: str) -> type[Base]:
    """The class of that name; ours win over those of other distributions.

    Raises UnknownPluginError, or LoopcamError when a plugin from outside cannot be used.
    """
    if name in table:
        return _checked(base, name, _attribute(table[name]))
    for point in _outside(group).select(name=name):
        return _checked(base, name, _from_outside(name, point.value))
    from difflib import get_close_matches  # only an error needs it

    raise UnknownPluginError(name, tuple(get_close_matches(name.lower(), names(table, group))))


def _outside(group: str) -> "EntryPoints":
    from importlib.metadata import entry_points  # 2 MB that a daemon with our own plugins does without

    return entry_points(group=group)


def _attribute(reference: str) -> object:
    module, _, attribute = reference.partition(":")
    found: object = getattr(import_module(module.strip()), attribute.strip())
    return found


def _from_outside(name: str, reference: str) -> object:
    try:
        return _attribute(reference)
    except Exception as error:
        raise LoopcamError(
            f"plugin {name} ({reference}) cannot be imported: {type(error).__name__}: {error}",
            remedy="repair or remove the distribution that declares it",
        ) from error


def _checked(base: type[Base], name: str, found: object) -> type[Base]:
    if isinstance(found, type) and issubclass(found, base):
        return found
    raise LoopcamError(
        f"plugin {name} is no {base.__name__}: {found!r}",
        remedy=f"make it a class derived from {base.__module__}.{base.__name__}",
    )
