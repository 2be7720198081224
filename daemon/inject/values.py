"""What the sidecar is told: the values of the chart `loopcam-lib`, from a file and from the command line."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from daemon.config.document import read
from daemon.config.faults import fault
from model.errors import ConfigError

_Id = Annotated[int, Meta(ge=0, le=2**32 - 2)]
_Name = Annotated[str, Meta(pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$")]
_Size = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(k|[MGT]|[KMGT]i)?$")]
_Cores = int | float | Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?m?$")]
_KEY = re.compile(r"(?:\\.|[^.=\\])+")


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Strict: an option that does not exist is a fault."""


class Image(_Part, frozen=True, kw_only=True):
    """Which image; its digest goes before its tag, which is our own version where it is left out."""

    repository: Annotated[str, Meta(min_length=1)] = "loopcam"
    tag: Annotated[str, Meta(pattern="^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$")] = ""
    digest: Annotated[str, Meta(pattern="^(sha256:[0-9a-f]{64})?$")] = ""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"


class Sidecar(_Part, frozen=True, kw_only=True):
    """An ordinary container, or an initContainer that goes on: without it the target does not start."""

    mode: Literal["container", "native"] = "container"


class Storage(_Part, frozen=True, kw_only=True):
    """The emptyDir of spool and reports."""

    size_limit: _Size = "1Gi"


class Logs(_Part, frozen=True, kw_only=True):
    """A volume of the pod in which the target's logs are, and where it is mounted, read-only."""

    volume: _Name = ""
    mount_path: Annotated[str, Meta(pattern="^/.")] = "/shared"


class Amounts(_Part, frozen=True, kw_only=True):
    """As in a container."""

    cpu: _Cores | UnsetType = UNSET
    memory: _Size | UnsetType = UNSET
    ephemeral_storage: _Size | UnsetType = msgspec.field(name="ephemeral-storage", default=UNSET)


class Resources(_Part, frozen=True, kw_only=True):
    """As in a container."""

    requests: Amounts | UnsetType = UNSET
    limits: Amounts | UnsetType = UNSET


class EnvVar(_Part, frozen=True, kw_only=True):
    """As in a container."""

    name: Annotated[str, Meta(min_length=1)]
    value: str | UnsetType = UNSET
    value_from: dict[str, Any] | UnsetType = UNSET


class EnvFrom(_Part, frozen=True, kw_only=True):
    """As in a container."""

    prefix: str | UnsetType = UNSET
    config_map_ref: dict[str, Any] | UnsetType = UNSET
    secret_ref: dict[str, Any] | UnsetType = UNSET


class VolumeMount(_Part, frozen=True, kw_only=True):
    """As in a container."""

    name: Annotated[str, Meta(min_length=1)]
    mount_path: Annotated[str, Meta(min_length=1)]
    sub_path: str | UnsetType = UNSET
    sub_path_expr: str | UnsetType = UNSET
    read_only: bool | UnsetType = UNSET
    recursive_read_only: str | UnsetType = UNSET
    mount_propagation: str | UnsetType = UNSET


class Values(_Part, frozen=True, kw_only=True):
    """The same keys, with the same meaning, as in the chart."""

    enabled: bool = True
    target: _Name = ""
    image: Image = Image()
    sidecar: Sidecar = Sidecar()
    privilege: Literal["sameUser", "ptrace", "fileCap", "none"] = "sameUser"
    run_as_user: _Id | None = None
    run_as_group: _Id | None = None
    openshift: bool = False
    config: dict[str, Any] = {}
    storage: Storage = Storage()
    resources: Resources = Resources()
    guaranteed: bool = False
    service_account_token: bool = False
    host_network: bool = False
    logs: Logs = Logs()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()


DEFAULTS: Mapping[str, object] = {
    "resources": {
        "requests": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "256Mi"},
        "limits": {"memory": "256Mi"},
    }
}


def values(file: Path | None, settings: Iterable[str], named: Mapping[str, object]) -> Values:
    """A file's values, over them settings, over them what other options name; raises ConfigError."""
    given: dict[str, Any] = dict(DEFAULTS)
    if file is not None:
        given = merged(given, from_file(file))
    for setting in settings:
        given = merged(given, _from_setting(setting))
    for path, value in named.items():
        given = merged(given, nested(path.split("."), value))
    return converted(given)


def converted(given: Mapping[str, object]) -> Values:
    """Plain data as values; raises ConfigError."""
    try:
        return msgspec.convert(given, Values)
    except msgspec.ValidationError as error:
        rule, _, place = str(error).partition(" - at `$")
        path = place.strip(".`")
        raise ConfigError([fault(path, _shown(given, path), rule, _hint(path, rule))]) from None


def _hint(path: str, rule: str) -> str:
    if "`loopcam`" in rule:
        return "give what stands below `loopcam:`, without that key"
    if "Expected `str`, got" in rule:
        return "put it in quotes"
    size = path.endswith(("sizeLimit", "memory", "ephemeral-storage"))
    return "a size as Kubernetes has them, such as 500Mi or 1Gi" if size else ""


def merged(below: Mapping[str, Any], above: Mapping[str, Any], *, nulls_stay: bool = False) -> dict[str, Any]:
    """As Helm lays values over each other: mappings key by key, null takes a key away, else replaced.

    Within `config` null stays, where it is a setting: `listen: null` opens no port.
    """
    made = dict(below)
    for key, value in above.items():
        if value is None and not nulls_stay:
            made.pop(key, None)
        elif isinstance(value, Mapping):
            known = made.get(key)
            below_it = known if isinstance(known, Mapping) else {}
            made[key] = merged(below_it, value, nulls_stay=nulls_stay or key == "config")
        else:
            made[key] = value
    return made


def nested(keys: list[str], value: object) -> dict[str, Any]:
    """`a.b` as mappings."""
    made = {keys[-1]: value}
    for key in reversed(keys[:-1]):
        made = {key: made}
    return made


def from_file(file: Path) -> Mapping[str, Any]:
    """A mapping from a file of YAML; raises ConfigError."""
    try:
        data = read(file.read_bytes(), str(file))
    except OSError as error:
        raise ConfigError([fault(str(file), "cannot be read", error.strerror or str(error))]) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError([fault(str(file), "not a mapping", "must be values such as `privilege: ptrace`")])
    return data


def image(name: str) -> dict[str, str]:
    """The parts of NAME, NAME:TAG or NAME@DIGEST; a registry's port is no tag."""
    repository, _, digest = name.partition("@")
    head, colon, tag = repository.rpartition(":")
    if not colon or "/" in tag:
        head, tag = repository, ""
    return {"repository": head, "tag": tag, "digest": digest}


def _from_setting(setting: str) -> Mapping[str, Any]:
    path, equals, text = setting.partition("=")
    keys = _KEY.findall(path)
    if not equals or not keys:
        raise ConfigError([fault("--set", setting, "must be KEY=VALUE, such as image.tag=1.2.3")])
    return nested([re.sub(r"\\(.)", r"\1", key) for key in keys], read(text.encode(), f"--set {path}"))


def _shown(given: Any, path: str) -> str:
    """What stands there; where something is missing, what it is missing in."""
    for key in re.findall(r"[^.\[\]]+", path):
        place = int(key) if isinstance(given, list) else key
        try:
            given = given[place]
        except (KeyError, IndexError, TypeError):
            break
    return repr(given)
