"""What cannot be said of one value alone: the same refusals as the chart's, and the configuration's own."""

from collections.abc import Iterator
from typing import Any

from daemon.config.faults import fault
from daemon.config.references import expand
from daemon.config.settings import Config
from daemon.config.walker import convert
from daemon.inject.configuration import METRICS_LISTEN, configuration, metrics_port, unix
from daemon.inject.sidecar import TOKEN_PLACE
from daemon.inject.sizes import sizes
from daemon.inject.values import Values
from model.errors import ConfigError, Fault

_OF_THE_POD = ("127.", "localhost:", "[::1]:")
_NOT_SET = "is not set"


def check(values: Values) -> None:
    """Raises ConfigError with all faults."""
    faults = [*_config(values), *_privilege(values), *_listeners(values), *_token(values)]
    if faults:
        raise ConfigError(faults)
    sizes(values)
    if faults := list(_daemon_finds(configuration(values))):
        raise ConfigError(faults)


def _config(values: Values) -> Iterator[Fault]:
    if not values.config:
        hint = "such as {targets: [{name: autoscaler, process: {match: autoscaler}, max_loop_time: 2m}]}"
        yield Fault("config", "missing", "needed: what is watched, a whole loopcam.yaml", hint)
        return
    yield from _daemon_finds({**values.config, "unix": unix(values)})


def _daemon_finds(config: dict[str, Any]) -> Iterator[Fault]:
    """What the daemon would find; what its environment will hold is not known here, and so not judged."""
    faults: list[Fault] = []
    raw = expand(config, "config", {}, faults)
    faults = [one for one in faults if not one.rule.endswith(_NOT_SET)]
    convert(raw, Config, "config", faults)
    yield from faults


def _privilege(values: Values) -> Iterator[Fault]:
    user, group = values.run_as_user, values.run_as_group
    same = values.privilege == "sameUser"
    if values.privilege == "ptrace" and user:
        rule = "with privilege ptrace it is 0: Kubernetes' runtimes give other users no ambient capability"
        hint = "leave it out, or use privilege sameUser with the target's runAsUser and runAsGroup"
        yield fault("runAsUser", str(user), rule, hint)
    if values.privilege == "fileCap" and user == 0:
        hint = "leave it out (it is 10001), or use privilege ptrace"
        yield fault("runAsUser", "0", "privilege fileCap is for a user that is not root", hint)
    if same and values.openshift and (user is not None or group is not None):
        hint = "leave runAsUser and runAsGroup out"
        yield fault("openshift", "true", "OpenShift gives every container of a pod the same user", hint)
    if same and not values.openshift:
        for name, given in (("runAsUser", user), ("runAsGroup", group)):
            if given is None:
                yield fault(name, "unknown", "privilege sameUser needs the target's own", _unknown(name))


def _unknown(name: str) -> str:
    return (
        f"set securityContext.{name} of the target's container or pod, or `--set {name}=N` where its image "
        "says it; on OpenShift `--set openshift=true`; or use privilege ptrace"
    )


def _listeners(values: Values) -> Iterator[Fault]:
    config = values.config
    metrics = str(config.get("metrics_listen") or METRICS_LISTEN)
    if not metrics_port(values):
        hint = "write it out, such as 0.0.0.0:9686"
        yield fault("config.metrics_listen", metrics, "the pod's port and probe need its number", hint)
    if metrics.startswith(_OF_THE_POD):
        rule = "the kubelet's probe and Prometheus come from outside of the pod"
        yield fault("config.metrics_listen", metrics, rule, "leave it out (0.0.0.0:9686)")
    if values.host_network:
        if config.get("listen"):
            rule = "with hostNetwork every process of the node could reach it"
            hint = "leave it out: control and heartbeats go over config.unix"
            yield fault("config.listen", str(config["listen"]), rule, hint)
        if config.get("unix") and not config["unix"].get("http"):
            hint = "such as /run/loopcam/sockets/http.sock, or leave config.unix out"
            yield fault("config.unix.http", "missing", "needed with hostNetwork, for commands", hint)


def _token(values: Values) -> Iterator[Fault]:
    if not values.service_account_token and TOKEN_PLACE in str(values.config):
        rule = "is masked in our container, and the configuration names a file in it"
        yield fault("serviceAccountToken", TOKEN_PLACE, rule, "set serviceAccountToken: true")
