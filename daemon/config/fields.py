"""The options of a struct as walker, schema and tables need them: one reading of its annotations."""

from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from daemon.config.parts import Family


class Shape(msgspec.Struct, frozen=True):
    """A type without its annotations: `kind` is a class, tuple[...], dict[...] or Literal[...]."""

    kind: Any  # typing has no name for what an annotation may be
    optional: bool
    metas: tuple[Meta, ...]
    family: Family[msgspec.Struct] | None

    def bound(self, name: str) -> Any:
        """A bound such as `ge` or `pattern`, or None."""
        return next((found for meta in self.metas if (found := getattr(meta, name)) is not None), None)

    def note(self, name: str) -> Any:
        """What stands in `Meta(extra={...})`, or None."""
        return next((meta.extra[name] for meta in self.metas if meta.extra and name in meta.extra), None)

    @property
    def is_struct(self) -> bool:
        """Whether it is a group of options."""
        return isinstance(self.kind, type) and issubclass(self.kind, msgspec.Struct)

    @property
    def short(self) -> str | None:
        """The option of a group whose value alone may stand for the group."""
        return getattr(self.kind, "short", None) if self.is_struct else None

    @property
    def is_list(self) -> bool:
        """Whether it is a list of anything."""
        return get_origin(self.kind) is tuple

    @property
    def is_map(self) -> bool:
        """Whether it is a mapping with free keys."""
        return get_origin(self.kind) is dict

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What stands in the brackets of the type."""
        return get_args(self.kind)


class Field(msgspec.Struct, frozen=True):
    """One option."""

    name: str
    shape: Shape
    info: msgspec.structs.FieldInfo

    @property
    def required(self) -> bool:
        """Whether it cannot be left out."""
        return self.info.required

    @property
    def default(self) -> Any:
        """What it is when it is left out; made only when asked for, since that may load a plugin."""
        if self.info.default_factory is not msgspec.NODEFAULT:
            return self.info.default_factory()
        return None if self.info.default is msgspec.NODEFAULT else self.info.default

    @property
    def description(self) -> str:
        """What it does."""
        return str(self.shape.bound("description") or "")


def shape(annotation: Any) -> Shape:
    """Take an annotation apart; of a union only `X | None` is known."""
    metas: list[Meta] = []
    family: Family[msgspec.Struct] | None = None
    optional = False
    while get_origin(annotation) in (Annotated, Union, UnionType):
        if get_origin(annotation) is Annotated:
            annotation, *extras = get_args(annotation)
            metas += [one for one in extras if isinstance(one, Meta)]
            family = next((one for one in extras if isinstance(one, Family)), family)
        else:
            optional = True
            (annotation,) = (one for one in get_args(annotation) if one is not NoneType)
    return Shape(annotation, optional, tuple(metas), family)


@cache  # else half of the time that a configuration of many targets takes to be read
def fields(kind: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The options of a struct, in their order."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(Field(one.name, shape(hints[one.name]), one) for one in msgspec.structs.fields(kind))
