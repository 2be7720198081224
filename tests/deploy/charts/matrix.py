"""Values that the charts are rendered with, by what is special about them."""

from typing import Any

from tests.deploy.charts.helm import AUTOSCALER, STANDALONE, Values, sidecar

LEFT_OUT: dict[str, Any] = {"runAsUser": None, "runAsGroup": None}
ADDRESS = {
    "name": "cluster-autoscaler",
    "address": "dns:cluster-autoscaler.kube-system.svc:8085",
    "iterations": [{"metrics": {"preset": "cluster-autoscaler"}}],
}

SIDECARS: dict[str, Values] = {
    "defaults": {},
    "native": sidecar(sidecar={"mode": "native"}),
    "ptrace": sidecar(privilege="ptrace", **LEFT_OUT),
    "ptrace with the target's group": sidecar(privilege="ptrace", runAsUser=None, runAsGroup=1000),
    "native ptrace": sidecar(privilege="ptrace", sidecar={"mode": "native"}, **LEFT_OUT),
    "fileCap": sidecar(privilege="fileCap", **LEFT_OUT),
    "none": sidecar(privilege="none", **LEFT_OUT),
    "OpenShift": sidecar(openshift=True, **LEFT_OUT),
    "large ids": sidecar(runAsUser=1000660000, runAsGroup=1000660000),
    "guaranteed": sidecar(guaranteed=True),
    "host network": sidecar(hostNetwork=True) | {"hostNetwork": True},
    "with token": sidecar(serviceAccountToken=True),
    "digest": sidecar(image={"digest": f"sha256:{'0' * 64}", "repository": "registry.example.com/loopcam"}),
    "logs and more": sidecar(
        logs={"volume": "logs", "mountPath": "/shared"},
        env=[{"name": "AWS_REGION", "value": "eu-central-1"}],
        envFrom=[{"secretRef": {"name": "sinks"}}],
        volumeMounts=[{"name": "logs", "mountPath": "/again", "readOnly": True}],
    )
    | {"volumes": [{"name": "logs", "emptyDir": {}}]},
    "sizes": sidecar(
        storage={"sizeLimit": "4Gi"},
        resources={"limits": {"ephemeral-storage": "3Gi"}},
        config={"spool": {"max_bytes": "1.5 GiB"}, "sinks": [{"file": {"path": "/var/lib/loopcam/reports"}}]},
    ),
    "s3": sidecar(
        config={"sinks": [{"s3": {"bucket": "stalls", "prefix": "{pod}/", "region": "eu-central-1"}}]}
    ),
    "disabled": sidecar(enabled=False),
}


def alone(**values: Any) -> Values:
    """Values of the standalone chart."""
    return {"config": {"targets": [ADDRESS]}, **values}


STANDALONES: dict[str, Values] = {
    "address": alone(),
    "all objects": alone(
        podMonitor={"enabled": True, "labels": {"release": "prometheus"}},
        networkPolicy={
            "enabled": True,
            "ingressFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
            "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}],
        },
        storage={"sizeLimit": "2Gi", "claim": {"enabled": True, "storageClass": "fast"}},
        service={"headless": True, "annotations": {"a": "b"}},
        serviceAccount={"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/loopcam"}},
    ),
    "claim that is there": alone(storage={"claim": {"enabled": True, "existing": "reports"}}),
    "OpenShift": alone(openshift=True),
    "guaranteed": alone(guaranteed=True, resources={"limits": {"cpu": 1}}),
    "least": alone(
        service={"enabled": False},
        serviceAccount={"create": False},
        test={"enabled": False},
        fullnameOverride="x",
    ),
    "placed": alone(
        nodeSelector={"a": "b"},
        tolerations=[{"key": "a", "operator": "Exists"}],
        affinity={"nodeAffinity": {}},
        priorityClassName="high",
        imagePullSecrets=[{"name": "registry"}],
        podAnnotations={"a": "b"},
        podLabels={"a": "b"},
        volumes=[{"name": "ca", "configMap": {"name": "ca"}}],
        volumeMounts=[{"name": "ca", "mountPath": "/ca"}],
        serviceAccountToken=True,
    ),
}

ALL = [
    *((AUTOSCALER, values) for values in SIDECARS.values()),
    *((STANDALONE, values) for values in STANDALONES.values()),
]
NAMES = [*(f"sidecar, {name}" for name in SIDECARS), *(f"standalone, {name}" for name in STANDALONES)]
