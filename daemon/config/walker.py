"""Converts plain data into the structs of the configuration, leaf by leaf, and collects every fault."""

import re

import msgspec

from daemon.config import hints, leaves, shown
from daemon.config.faults import fault, join
from daemon.config.fields import Field, Shape, fields, shape
from daemon.config.names import Name
from daemon.config.parts import Family, Part
from daemon.config.references import Unresolved
from model.errors import Fault, LoopcamError
from plugins.registry import UnknownPluginError

NAME_KEY = "name"


class Failed:
    """Stands for a value that could not be made; why is among the faults."""


FAILED = Failed()


class Kept(tuple[object, ...]):
    """The items of a list that could be made, and where in it they stood."""

    places: tuple[int, ...]


def convert(raw: object, kind: object, path: str, faults: list[Fault]) -> object:
    """The value of type `kind` that `raw` describes, or FAILED; faults are added to `faults`.

    A list comes without its faulty items, so that rules across what is left can still be judged.
    """
    return _convert(raw, shape(kind), path, faults)


def _convert(raw: object, one: Shape, path: str, faults: list[Fault]) -> object:
    if isinstance(raw, Unresolved):
        return FAILED
    if raw is None and one.optional:
        return None
    if one.is_struct:
        return _struct({} if raw is None else _spelt_out(raw, one), one.kind, path, faults)
    if one.is_list:
        return _list([] if raw is None else raw, one, path, faults)
    if one.is_map:
        return _map({} if raw is None else raw, one, path, faults)
    try:
        return leaves.read(raw, one)
    except leaves.Wrong as wrong:
        faults.append(fault(path, shown.value(raw, one), wrong.rule, wrong.hint))
        return FAILED


def _spelt_out(raw: object, one: Shape) -> object:
    """What one value alone means, of a group that an option of its may stand for."""
    if one.short is None or not isinstance(raw, str | bool):
        return raw
    return {one.short: "off" if raw is False else raw}  # `off` is false to Helm, which reads YAML 1.1


def _struct(raw: object, kind: type[msgspec.Struct], path: str, faults: list[Fault]) -> object:
    if not isinstance(raw, dict):
        faults.append(fault(path, shown.kind(raw), "must be a mapping of options"))
        return FAILED
    known = {field.name: field for field in fields(kind)}
    for key in (str(key) for key in raw if key not in known):
        faults.append(fault(join(path, key), "unknown", "no such option", hints.nearest(key, known)))
    values = {name: _option(raw, field, join(path, name), faults) for name, field in known.items()}
    failed = [name for name, value in values.items() if value is FAILED]
    faults.extend(_demanded(kind, raw, values, path))
    if any(known[name].required for name in failed):
        return FAILED
    made = kind(
        **{name: value for name, value in values.items() if value is not _LEFT_OUT and value is not FAILED}
    )
    # A rule that speaks of a faulty option would judge its default: it waits until that is mended.
    unread = [*failed, *(name for name, value in values.items() if value == () and raw[name])]
    faults.extend(one for one in _across(made, path, values) if not any(name in f"{one}" for name in unread))
    return FAILED if failed else made


_LEFT_OUT = object()


def _option(raw: dict[object, object], field: Field, path: str, faults: list[Fault]) -> object:
    """The option's value, _LEFT_OUT or FAILED. A group with all its lines commented out is left out."""
    one = field.shape
    grouped = one.is_struct or one.is_list or one.is_map
    if field.name not in raw or (raw[field.name] is None and (grouped or field.required)):
        if not field.required:
            return _LEFT_OUT
        faults.append(fault(path, "missing", f"needed: {field.description}"))
        return FAILED
    return _convert(raw[field.name], one, path, faults)


def _demanded(
    kind: type[msgspec.Struct], raw: dict[object, object], values: dict[str, object], path: str
) -> list[Fault]:
    """What is missing because of what else is there; judged also where other options are faulty."""
    given = {name: None if _faulty(raw.get(name), value) else value for name, value in values.items()}
    given = {name: value for name, value in given.items() if value is not _LEFT_OUT}
    demands = getattr(kind, "demands", None)
    missing = demands(given) if demands is not None else ()
    return [fault(join(path, name), "missing", rule) for name, rule in missing]


def _faulty(raw: object, value: object) -> bool:
    """Whether an option, or an item of its list, could not be read."""
    short = isinstance(raw, list) and isinstance(value, tuple) and len(value) < len(raw)
    return value is FAILED or short


def _across(made: msgspec.Struct, path: str, values: dict[str, object]) -> list[Fault]:
    """What breaks a rule; places in lists are those in the file, where faulty items stand, too."""
    check = getattr(made, "check", None)
    broken = check() if check is not None else ()
    found = []
    for name, value, rule in broken:
        where, why = _placed(name, values), _placed(rule, values)
        found.append(fault(join(path, where) if where else path, value, why))
    return found


def _placed(text: str, values: dict[str, object]) -> str:
    def place(at: re.Match[str]) -> str:
        kept = values.get(at[1])
        return f"{at[1]}[{kept.places[int(at[2])]}]" if isinstance(kept, Kept) else at[0]

    return re.sub(r"\b(\w+)\[(\d+)\]", place, text)


def _list(raw: object, one: Shape, path: str, faults: list[Fault]) -> object:
    if one.note("or_one") and isinstance(raw, str):
        raw = [raw]
    if not isinstance(raw, list):
        faults.append(fault(path, shown.kind(raw), "must be a list"))
        return FAILED
    shortest, longest = one.bound("min_length"), one.bound("max_length")
    if shortest is not None and len(raw) < shortest:
        faults.append(fault(path, f"{len(raw)} items", f"at least {shortest}"))
    if longest is not None and len(raw) > longest:
        faults.append(fault(path, f"{len(raw)} items", f"at most {longest}"))
    if one.family is not None:
        return _parts(raw, one.family, path, faults)
    item = shape(one.arguments[0])
    values = [_convert(value, item, f"{path}[{place}]", faults) for place, value in enumerate(raw)]
    kept = Kept(value for value in values if value is not FAILED)
    kept.places = tuple(place for place, value in enumerate(values) if value is not FAILED)
    return kept


def _map(raw: object, one: Shape, path: str, faults: list[Fault]) -> object:
    if not isinstance(raw, dict):
        faults.append(fault(path, shown.kind(raw), "must be a mapping"))
        return FAILED
    key_shape, value_shape = map(shape, one.arguments)
    made: dict[object, object] = {}
    for key, value in raw.items():
        at = join(path, key)
        made[_convert(key, key_shape, at, faults)] = _convert(value, value_shape, at, faults)
    return FAILED if FAILED in (*made, *made.values()) else made


def _parts(
    raw: list[object], family: Family[msgspec.Struct], path: str, faults: list[Fault]
) -> tuple[object, ...]:
    parts: list[Part[msgspec.Struct]] = []
    for place, entry in enumerate(raw):
        at = f"{path}[{place}]"
        part = _part(entry, family, at, faults)
        if isinstance(part, Part):
            if part.name in [other.name for other in parts]:
                faults.append(fault(at, part.name, f"a second {family.noun} of this name", "add `name: ...`"))
            parts.append(part)
    return tuple(parts)


def _part(entry: object, family: Family[msgspec.Struct], path: str, faults: list[Fault]) -> object:
    """One entry: a plugin's bare name, or a mapping with its name as key and `name` beside it."""
    if isinstance(entry, Unresolved):
        return FAILED
    found = {str(key): value for key, value in entry.items()} if isinstance(entry, dict) else {}
    if isinstance(entry, str):
        found = {str(entry): None}
    written_name = found.pop(NAME_KEY, None)
    if len(found) != 1:
        faults.append(_not_one_key(entry, list(found), family, path))
        return FAILED
    if any("://" in key for key in found):  # its path may be a secret, as in those of chats
        rule, hint = f"must be the name of one {family.noun}", f"write `{family.names()[0]}: {{url: ...}}`"
        faults.append(fault(path, "a URL", rule, hint))
        return FAILED
    before, (kind, raw) = len(faults), found.popitem()
    name = _convert(kind if written_name is None else written_name, shape(Name), join(path, NAME_KEY), faults)
    plugin = _find(kind, family, path, faults)
    options = _convert(raw, shape(plugin), join(path, kind), faults) if plugin else FAILED
    if len(faults) > before or not isinstance(options, msgspec.Struct):
        return FAILED
    return Part(kind=kind, name=str(name), options=options)


def _not_one_key(entry: object, keys: list[str], family: Family[msgspec.Struct], path: str) -> Fault:
    plugin = next((key for key in keys if key in family.names()), None)
    hint = f"indent what belongs to {plugin} below it" if plugin else f"known: {', '.join(family.names())}"
    value = ", ".join(keys) or shown.kind(entry)
    return fault(path, value, f"must be the name of one {family.noun}, or a mapping with it as key", hint)


def _find(
    name: str, family: Family[msgspec.Struct], path: str, faults: list[Fault]
) -> type[msgspec.Struct] | None:
    try:
        return family.find(name)
    except UnknownPluginError:
        rule = f"no such {family.noun}"
        hint = family.meant.get(name.lower()) or hints.nearest(name, family.names())
    except LoopcamError as error:
        rule, hint = str(error), error.remedy
    faults.append(fault(path, name, rule, hint))
    return None
