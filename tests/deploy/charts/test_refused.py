"""Wrong values are refused with a message that names them: by the schemas, or by the templates."""

from pathlib import Path
from typing import Any

import pytest

from tests.deploy.charts.helm import (
    AUTOSCALER,
    STANDALONE,
    TARGET,
    Values,
    config,
    manifests,
    refusal,
    sidecar,
)
from tests.deploy.charts.matrix import LEFT_OUT, alone

BY_SCHEMA: tuple[tuple[Values, str], ...] = (
    (sidecar(privilige="ptrace"), "'privilige' not allowed"),
    (sidecar(privilege="root"), "'/privilege': value must be one of 'sameUser'"),
    (sidecar(sidecar={"mode": "init"}), "'/sidecar/mode'"),
    (sidecar(runAsUser="1000"), "'/runAsUser'"),
    (sidecar(runAsUser=-1), "'/runAsUser'"),
    (sidecar(image={"tag": 1.5}), "'/image/tag'"),
    (sidecar(image={"digest": "abc"}), "'/image/digest'"),
    (sidecar(image={"pullpolicy": "Always"}), "'pullpolicy' not allowed"),
    (sidecar(storage={"sizeLimit": "1GiB"}), "'/storage/sizeLimit'"),
    (sidecar(storage={"sizeLimit": 2**30}), "'/storage/sizeLimit': got number, want string"),
    (sidecar(resources={"limits": {"memory": "lots"}}), "'/resources/limits/memory'"),
    (sidecar(logs={"volume": "a b"}), "'/logs/volume'"),
    (sidecar(env=[{"value": "x"}]), "missing property 'name'"),
    (sidecar(volumeMounts=[{"name": "x"}]), "missing property 'mountPath'"),
    (sidecar(config={"spol": {}}), "'spol' not allowed"),
    (sidecar(config={"listen": "here"}), "'/config/listen': 'here'"),
    (sidecar(config={"targets": [{**TARGET, "name": "a..b"}]}), "'/config/targets/0/name'"),
    (sidecar(config={"targets": [{**TARGET, "max_loop_time": 120}]}), "'/config/targets/0/max_loop_time'"),
    (
        sidecar(config={"targets": [{**TARGET, "captures_per_hour": 0}]}),
        "'/config/targets/0/captures_per_hour'",
    ),
    (sidecar(config={"sinks": [{"s3": {"bukket": "x"}}]}), "'bukket' not allowed"),
    (sidecar(privilege=None), "missing property 'privilege'"),
    (sidecar(resources=None), "missing property 'resources'"),
    (sidecar(storage=None), "missing property 'storage'"),
)
ALONE_BY_SCHEMA: tuple[tuple[Values, str], ...] = (
    (alone(replicas=2), "'replicas' not allowed"),
    (alone(privilege="ptrace"), "'privilege' not allowed"),
    (alone(podMonitor={"interval": "often"}), "'/podMonitor/interval'"),
    (alone(storage={"claim": {"accessMode": "ReadWriteMany"}}), "'/storage/claim/accessMode'"),
    (alone(runAsUser=0), "'/runAsUser': minimum"),
    (alone(runAsGroup=None), "missing property 'runAsGroup'"),
    (alone(service=None), "missing property 'service'"),
    ({**alone(), "loopcam-lib": {"config": {"targets": [TARGET]}}}, "'/loopcam-lib/config'"),
)


@pytest.mark.parametrize(
    ("chart", "values", "said"),
    [
        *((AUTOSCALER, *one) for one in BY_SCHEMA),
        *((STANDALONE, *one) for one in ALONE_BY_SCHEMA),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_schema_refuses(chart: Path, values: Values, said: str) -> None:
    assert said in refusal(chart, values)


BY_TEMPLATE: tuple[tuple[Values, tuple[str, ...]], ...] = (
    (sidecar(privilege="ptrace"), ("runAsUser 1000", "no ambient capability", "privilege: sameUser")),
    (sidecar(privilege="fileCap", runAsUser=0), ("runAsUser 0", "privilege: ptrace")),
    (sidecar(runAsGroup=None), ("runAsGroup null", "Set both", "openshift: true")),
    (sidecar(openshift=True), ("openshift true", "Leave runAsUser and runAsGroup out")),
    (sidecar(config={"targets": None}), ("config.targets is missing", "max_loop_time")),
    (
        sidecar(config={"metrics_listen": "127.0.0.1:9686"}),
        ("config.metrics_listen 127.0.0.1:9686", "Leave it out"),
    ),
    (sidecar(config={"metrics_listen": "${ADDRESS}"}), ("config.metrics_listen ${ADDRESS}", "0.0.0.0:9686")),
    (sidecar(config={"metrics_listen": "0.0.0.0:99999"}), ("0.0.0.0:99999", "at most 65535", "Leave it out")),
    (sidecar(config={"metrics_listen": "0.0.0.0:0"}), ("config.metrics_listen 0.0.0.0:0", "at least 1")),
    (sidecar(config={"listen": "127.0.0.1:9686"}), ("config.listen 127.0.0.1:9686", "have the same port")),
    (
        sidecar(config={"listen": "0.0.0.0:8686"}),
        ("config.listen 0.0.0.0:8686", "others can reach it", "token_sha256"),
    ),
    (
        sidecar(config={"listen": None, "unix": {"datagram": "/run/loopcam/s/beat.sock"}}),
        ("config.listen null", "Set config.unix.http"),
    ),
    (
        sidecar(hostNetwork=True, config={"listen": "127.0.0.1:8686"}),
        ("config.listen 127.0.0.1:8686", "Leave it out"),
    ),
    (
        sidecar(hostNetwork=True, config={"unix": {"datagram": "/run/loopcam/s/beat.sock"}}),
        ("config.unix without http", "Set config.unix.http"),
    ),
    (
        sidecar(config={"capture_disabled_file": "/var/run/secrets/kubernetes.io/serviceaccount/token"}),
        ("masked", "serviceAccountToken: true"),
    ),
)


@pytest.mark.parametrize(
    ("values", "said"), BY_TEMPLATE, ids=lambda value: value[0] if isinstance(value, tuple) else ""
)
def test_the_templates_refuse(values: Values, said: tuple[str, ...]) -> None:
    found = refusal(AUTOSCALER, values)
    assert [part for part in said if part not in found] == []


def test_the_labels_that_others_select_by_are_not_given_again() -> None:
    found = refusal(STANDALONE, alone(podLabels={"app.kubernetes.io/name": "x"}))
    assert "podLabels.app.kubernetes.io/name" in found
    assert "nameOverride" in found


def test_a_standalone_daemon_without_control_is_refused() -> None:
    assert "config.listen null" in refusal(STANDALONE, _with(listen=None))
    assert manifests(STANDALONE, _with(listen=None, unix={"http": "/run/loopcam/http.sock"}))


def _with(**config: Any) -> Values:
    return alone(config={**alone()["config"], **config})


def test_control_may_be_reached_by_others_where_it_is_guarded() -> None:
    guard = {"token_sha256": "${TOKEN}", "tls_cert": "/tls/tls.crt", "tls_key": "/tls/tls.key"}
    for control in ({"control": guard}, {"control": {"allow_insecure": True}}):
        assert manifests(AUTOSCALER, sidecar(config={**control, "listen": "0.0.0.0:8686"}))
    assert manifests(AUTOSCALER, sidecar(config={"listen": "${ADDRESS}:8686"}))


def test_a_chart_without_the_alias_is_told(tmp_path: Path) -> None:
    chart = tmp_path / "autoscaler"
    (chart / "charts").mkdir(parents=True)
    (chart / "charts" / "loopcam-lib").symlink_to(AUTOSCALER / "charts" / "loopcam-lib")
    (chart / "templates").symlink_to(AUTOSCALER / "templates")
    lines = (AUTOSCALER / "Chart.yaml").read_text().splitlines(keepends=True)
    (chart / "Chart.yaml").write_text("".join(line for line in lines if "alias" not in line))
    (chart / "values.yaml").write_text("replicas: 1\n")
    assert "`alias: loopcam`" in refusal(chart, {})


SPOOL = "/var/lib/loopcam/reports"


def sizes(limit: str, **config: Any) -> Values:
    return sidecar(storage={"sizeLimit": limit}, config=config)


TOO_MUCH: tuple[tuple[Values, tuple[str, ...]], ...] = (
    (sizes("128Mi"), ("storage.sizeLimit 128Mi", "102 MiB", "captures in progress 128 MiB")),
    (sizes("200Mi"), ("the dashcam and healthy samples 48 MiB (config.targets[].dashcam.max_bytes)",)),
    (
        sizes("1Gi", spool={"max_bytes": "2GiB"}),
        ("storage.sizeLimit 1Gi", "819 MiB", "config.spool.max_bytes 2GiB"),
    ),
    (sizes("1Gi", captures_at_once=8), ("captures in progress 1024 MiB",)),
    (
        sizes(
            "1Gi", sinks=[{"file": {"path": SPOOL, "max_bytes": "700 MB"}}, {"file": {"path": f"{SPOOL}2"}}]
        ),
        ("file sinks below /var/lib/loopcam 667 MiB",),
    ),
    (
        sidecar(
            resources={"limits": {"ephemeral-storage": "300M"}}, config={"spool": {"max_bytes": 200000000}}
        ),
        ("resources.limits.ephemeral-storage 300M", "config.spool.max_bytes 200000000"),
    ),
    (sizes("1Gi", spool={"max_bytes": "${QUOTA}"}), ("config.spool.max_bytes ${QUOTA}", "a number")),
)


@pytest.mark.parametrize(
    ("values", "said"), TOO_MUCH, ids=lambda value: value[0] if isinstance(value, tuple) else ""
)
def test_sizes_that_would_get_the_pod_evicted_are_refused(values: Values, said: tuple[str, ...]) -> None:
    found = refusal(AUTOSCALER, values)
    assert [part for part in said if part not in found] == []


@pytest.mark.parametrize(
    ("limit", "limit_bytes"),
    [("300Mi", 300 * 2**20), ("1Gi", 2**30), ("1500M", 15 * 10**8), ("20Gi", 20 * 2**30)],
)
def test_what_is_left_out_always_fits(limit: str, limit_bytes: int) -> None:
    two = [{"file": {"path": SPOOL}}, {"file": {"path": f"{SPOOL}2"}, "name": "second"}]
    read = config(manifests(AUTOSCALER, sizes(limit, sinks=two)))
    taken = (
        read.spool.max_bytes + sum(sink.options.max_bytes for sink in read.sinks) + (128 + 16 + 32) * 2**20
    )
    assert 0.7 * limit_bytes < taken <= 0.8 * limit_bytes


def test_what_lies_elsewhere_is_not_counted() -> None:
    elsewhere = {
        "spool": {"path": "/data/spool", "max_bytes": "50GiB"},
        "sinks": [{"file": {"path": "/data/reports"}}],
    }
    read = config(manifests(AUTOSCALER, sizes("64Mi", **elsewhere)))
    assert read.spool.max_bytes == 50 * 2**30


def test_privileges_without_a_shared_namespace_need_no_user() -> None:
    assert manifests(AUTOSCALER, sidecar(privilege="none", **LEFT_OUT))
