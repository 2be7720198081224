"""Profiles as Go's pprof hands them out: profile.proto, gzipped; of the CPU, the heap, locks."""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from model.samples import Frame
from report.evidence.goroutines import name

if TYPE_CHECKING:
    from report.pprof_pb2 import Profile as Message

MOST_BYTES = 24 << 20  # of a profile, unpacked; those of large programs have a few
MOST_THINGS = 200_000  # samples, locations and functions, each
MOST_FRAMES = 2000  # of one stack; Go itself records 128 calls, and each may hold inlined ones
MOST_IN_ALL = 2_000_000  # frames of all stacks together
_GZIP = 16 + zlib.MAX_WBITS


class Unit(NamedTuple):
    """What a value counts, and in which unit: cpu in nanoseconds."""

    kind: str
    unit: str


class Profile(NamedTuple):
    """Stacks, root first, each with a value for each unit."""

    units: tuple[Unit, ...]
    shown: int  # the unit that is shown by itself
    period: int  # between samples, in the unit of the period; nanoseconds of a CPU profile
    duration_ns: int
    stacks: tuple[tuple[tuple[Frame, ...], tuple[int, ...]], ...]
    labels: tuple[Mapping[str, str], ...] = ()  # texts that each stack is labelled with


def read(path: Path) -> Profile:
    """A profile; raises OSError, or ValueError when it is damaged."""
    from google.protobuf.message import DecodeError

    from report.pprof_pb2 import Profile as Message

    try:
        message = Message.FromString(_unpacked(path.read_bytes()))
        return _profile(message)
    except (DecodeError, zlib.error) as error:
        raise ValueError(f"it is no profile: {error}") from error
    except (KeyError, IndexError) as error:
        raise ValueError(f"it refers to what it does not hold: {error}") from error


def _unpacked(data: bytes) -> bytes:
    packed = data.startswith(b"\x1f\x8b")
    unpacker = zlib.decompressobj(_GZIP)
    found = unpacker.decompress(data, MOST_BYTES) if packed else data
    if unpacker.unconsumed_tail or len(found) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MiB")
    if packed and not unpacker.eof:
        raise ValueError("it is cut off")
    return found


def _profile(message: "Message") -> Profile:
    if max(len(message.sample), len(message.location), len(message.function)) > MOST_THINGS:
        raise ValueError(f"it has more than {MOST_THINGS} samples, locations or functions")
    text = message.string_table
    units = tuple(Unit(text[each.type], text[each.unit]) for each in message.sample_type)
    if not units:
        raise ValueError("it does not say what it counts")
    kinds = [unit.kind for unit in units]
    default = text[message.default_sample_type] if message.default_sample_type else ""
    return Profile(
        units=units,
        shown=kinds.index(default) if default in kinds else len(units) - 1,
        period=message.period,
        duration_ns=message.duration_nanos,
        stacks=tuple(_stacks(message, dict(_places(message)), len(units))),
        labels=tuple(
            {text[one.key]: text[one.str] for one in sample.label if one.str} for sample in message.sample
        ),
    )


def _stacks(
    message: "Message", places: Mapping[int, tuple[Frame, ...]], width: int
) -> Iterator[tuple[tuple[Frame, ...], tuple[int, ...]]]:
    in_all = 0
    for sample in message.sample:
        if len(sample.value) != width:
            raise ValueError(f"a sample has {len(sample.value)} values for {width} units")
        frames = sum(len(places[number]) for number in sample.location_id)
        in_all += frames
        if frames > MOST_FRAMES or in_all > MOST_IN_ALL:
            raise ValueError("its stacks are larger than any program's")
        innermost_first = [frame for number in sample.location_id for frame in places[number]]
        yield tuple(reversed(innermost_first)), tuple(sample.value)


def _places(message: "Message") -> Iterator[tuple[int, tuple[Frame, ...]]]:
    """The frames of each location, innermost first: several where calls were inlined."""
    text = message.string_table
    functions = {
        each.id: (name(text[each.name]) or "(unknown)", text[each.filename]) for each in message.function
    }
    for location in message.location:
        frames = [Frame(*functions[line.function_id], max(0, line.line)) for line in location.line]
        yield location.id, tuple(frames) or (Frame(f"{location.address:#x}", "", 0),)
