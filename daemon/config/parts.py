"""Parts of a configuration that plugins make: which plugins there are, and what one entry becomes."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec

import sinks.plugins
from collectors import COLLECTORS, SAMPLERS
from collectors.contract import Collector, Sampler
from plugins import registry
from sinks.contract import Sink
from sinks.notification import Notification

COLLECTOR_GROUP = "loopcam.collectors"

Options = TypeVar("Options", bound=msgspec.Struct)


class Part(msgspec.Struct, Generic[Options], frozen=True, kw_only=True):
    """One entry of a list of plugins: the plugin's key, the entry's own name and the plugin's options."""

    kind: str
    name: str
    options: Options


class Family(msgspec.Struct, Generic[Options], frozen=True, kw_only=True):
    """The plugins that one list takes: `noun` for one of them, their names, a class by its name."""

    noun: str
    names: Callable[[], tuple[str, ...]]
    find: Callable[[str], type[Options]]
    meant: Mapping[str, str] = {}  # what to write instead of names that are none, but look like some


def _collector_names() -> tuple[str, ...]:
    return tuple(sorted({*SAMPLERS, *registry.names(COLLECTORS, COLLECTOR_GROUP)}))


def _find_collector(name: str) -> type[Collector] | type[Sampler]:
    if name in SAMPLERS:
        return registry.find(Sampler, SAMPLERS, COLLECTOR_GROUP, name)
    return registry.find(Collector, COLLECTORS, COLLECTOR_GROUP, name)


def family(noun: str, classes: Mapping[str, type[Options]]) -> Family[Options]:
    """A family whose classes are all here."""

    def find(name: str) -> type[Options]:
        if name not in classes:
            raise registry.UnknownPluginError(name, ())
        return classes[name]

    return Family(noun=noun, names=lambda: tuple(classes), find=find)


SINK_FAMILY: Family[Sink] = Family(noun="sink", names=sinks.plugins.names, find=sinks.plugins.find)
NOTIFICATION_FAMILY: Family[Notification] = Family(
    noun="notification",
    names=sinks.plugins.notification_names,
    find=sinks.plugins.find_notification,
    meant={"slack": "write `webhook: {url: ..., template: slack}`"},
)
COLLECTOR_FAMILY: Family[Collector | Sampler] = Family(
    noun="collector", names=_collector_names, find=_find_collector
)
