"""The configuration's JSON Schema (2020-12), made from the same classes that the walker reads."""

from pathlib import Path
from typing import Any, Literal, get_origin

import msgspec

from daemon.config.fields import Field, Shape, fields, shape
from daemon.config.names import Name
from daemon.config.parts import Family
from daemon.config.settings import Config
from daemon.config.walker import NAME_KEY
from model import units
from model.secrets import Secret

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_REFERENCE: Schema = {"$ref": "#/$defs/reference"}
_PLAIN: dict[object, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Path: {"type": "string", "minLength": 1},
    Secret: {"type": "string", "minLength": 1},
    # their bounds are for the walker
    units.Seconds: {"type": ["string", "integer"], "pattern": units.Seconds.PATTERN, "maximum": 0},
    units.ByteSize: {"type": ["string", "integer"], "pattern": units.ByteSize.PATTERN, "minimum": 0},
    units.Percent: {"type": "string", "pattern": units.Percent.PATTERN},
}
_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "pattern": "pattern",
    "min_length": "minLength",
    "max_length": "maxLength",
}


def json_schema() -> Schema:
    """The schema of a configuration file, with the plugins that are installed."""
    reference = {
        "description": "A value from the environment: ${NAME} or ${NAME:-default}.",
        "type": "string",
        "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}",
    }
    return {
        "$schema": DIALECT,
        "title": "loopcam's configuration",
        **_struct(Config),
        "$defs": {"reference": reference},
    }


def _struct(kind: type[msgspec.Struct]) -> Schema:
    options = fields(kind)
    required = [one.name for one in options if one.required]
    made: Schema = {"type": "object", "properties": {one.name: _option(one) for one in options}}
    return made | ({"required": required} if required else {}) | {"additionalProperties": False}


def _option(field: Field) -> Schema:
    made = _of(field.shape)
    if isinstance(field.default, str | int | float | Path):
        made = made | {"default": plain(field.default)}
    return {"description": field.description} | made


def _is_group(one: Shape) -> bool:
    return one.is_struct or one.is_map


def _of(one: Shape) -> Schema:
    made = _container(one) if one.is_list or _is_group(one) else _leaf(one)
    left_out = one.optional or one.is_list or _is_group(one)  # a group may be empty
    return _any(made, {"type": "null"}) if left_out else made


def _any(*schemas: Schema) -> Schema:
    choices = [one["anyOf"] if set(one) == {"anyOf"} else [one] for one in schemas]
    return {"anyOf": [choice for several in choices for choice in several]}


def _container(one: Shape) -> Schema:
    if one.is_struct:
        return _any(_short(one), _struct(one.kind)) if one.short else _struct(one.kind)
    if one.is_map:
        names, values = map(shape, one.arguments)
        return {"type": "object", "propertyNames": _strict(names), "additionalProperties": _of(values)}
    items = _entry(one.family) if one.family else _of(shape(one.arguments[0]))
    bounds = {"minItems": one.bound("min_length"), "maxItems": one.bound("max_length")}
    made = {"type": "array", "items": items} | {key: at for key, at in bounds.items() if at is not None}
    return _any(items, made) if one.note("or_one") else made


def _short(one: Shape) -> Schema:
    """The one option that may stand for its group; its word `off` is false in Helm's YAML."""
    (option,) = (field for field in fields(one.kind) if field.name == one.short)
    made = _strict(option.shape)
    return {"enum": [*made["enum"], False]} if "off" in made.get("enum", ()) else made


def _leaf(one: Shape) -> Schema:
    made = _strict(one)
    return made if made == _PLAIN[str] else _any(made, _REFERENCE)


def _strict(one: Shape) -> Schema:
    if get_origin(one.kind) is Literal:
        return {"enum": list(one.arguments)}
    if one.kind in (units.Seconds, units.ByteSize, units.Percent):
        return _PLAIN[one.kind]
    bounds = {name: one.bound(key) for key, name in _BOUNDS.items()}
    return _PLAIN[one.kind] | {name: bound for name, bound in bounds.items() if bound is not None}


def _entry(family: Family[msgspec.Struct]) -> Schema:
    """One entry of a list of plugins: a bare name where every option has a default, or its mapping."""
    classes = {name: family.find(name) for name in family.names()}
    bare = [name for name, kind in classes.items() if not any(one.required for one in fields(kind))]
    named = [{"enum": bare}] if bare else []
    return _any(*named, *(_plugin(name, kind) for name, kind in classes.items()))


def _plugin(name: str, kind: type[msgspec.Struct]) -> Schema:
    own_name = {"description": "Tells two of a kind apart.", **_leaf(shape(Name))}
    summary = (kind.__doc__ or "").partition("\n")[0]
    options = {"description": summary, **_any(_struct(kind), {"type": "null"})}
    return {
        "type": "object",
        "properties": {name: options, NAME_KEY: own_name},
        "required": [name],
        "additionalProperties": False,
    }


def plain(value: object) -> object:
    """A default as a configuration spells it."""
    if isinstance(value, units.Seconds | units.ByteSize | units.Percent | Path):
        return str(value)
    return value
