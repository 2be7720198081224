"""The whole loopcam.yaml: `config` of the values, with what a pod needs filled in where it is left out."""

import copy
import re
from typing import Any

from daemon.inject.sizes import FILE_SINK, is_ours, sizes
from daemon.inject.values import Values

METRICS_LISTEN = "0.0.0.0:9686"
LISTEN = "127.0.0.1:8686"
SOCKETS = "/run/loopcam/sockets"  # below the emptyDir, in which anybody in the pod may replace what there is
_PORT = re.compile(r"[0-9]+$")


def configuration(values: Values) -> dict[str, Any]:
    """As the chart makes it; nothing that is given is changed but for file sinks without a bound."""
    config = copy.deepcopy(values.config)
    config["metrics_listen"] = config.get("metrics_listen") or METRICS_LISTEN
    config["unix"] = unix(values)
    if values.host_network:
        config["listen"] = None
    labels = {"namespace": "${POD_NAMESPACE}", "pod": "${POD_NAME}", "node": "${NODE_NAME}"}
    if values.target:
        labels["container"] = values.target
    config["labels"] = _filled(config.get("labels"), labels)
    shares = sizes(values)
    if shares.spool_bytes > 0:
        config["spool"] = _filled(config.get("spool"), {"max_bytes": _mib(shares.spool_bytes)})
    config["sinks"] = [_bounded(sink, shares.file_bytes) for sink in config.get("sinks") or [FILE_SINK]]
    return config


def unix(values: Values) -> Any:
    """Its sockets, as they are given, or ours."""
    mode = "0600" if values.privilege == "sameUser" else "0666"
    ours = {"datagram": f"{SOCKETS}/beat.sock", "http": f"{SOCKETS}/http.sock", "mode": mode}
    return values.config.get("unix") or ours


def metrics_port(values: Values) -> int:
    """The number behind the colon."""
    found = _PORT.search(str(values.config.get("metrics_listen") or METRICS_LISTEN))
    return int(found[0]) if found else 0


def _mib(size_bytes: int) -> str:
    return f"{size_bytes >> 20}MiB"


def _filled(given: dict[str, Any] | None, left_out: dict[str, Any]) -> dict[str, Any]:
    made = dict(given or {})
    for key, value in left_out.items():
        made[key] = made.get(key) or value
    return made


def _bounded(sink: Any, most_bytes: int) -> Any:
    if not is_ours(sink):
        return sink
    return {**sink, "file": _filled(sink["file"], {"max_bytes": _mib(most_bytes)})}
