"""What the objects of the standalone chart say to each other."""

from tests.deploy.charts.helm import STANDALONE, manifests, one
from tests.deploy.charts.matrix import alone

FROM = [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]


def test_the_network_policy_lets_the_pod_of_helm_test_in() -> None:
    values = alone(networkPolicy={"enabled": True, "ingressFrom": FROM})
    found = [each for each in manifests(STANDALONE, values) if each["kind"] in ("NetworkPolicy", "Pod")]
    policy, test = one(found, "NetworkPolicy"), one(found, "Pod")
    (rule,) = policy["spec"]["ingress"]
    assert rule["from"][0] == FROM[0]
    assert rule["from"][1]["podSelector"]["matchLabels"].items() <= test["metadata"]["labels"].items()
    without = one(manifests(STANDALONE, values | {"test": {"enabled": False}}), "NetworkPolicy")
    assert without["spec"]["ingress"][0]["from"] == FROM


def test_labels_of_a_pod_monitor_go_over_the_charts() -> None:
    labels = {"app.kubernetes.io/name": "mine", "release": "prometheus"}
    found = one(manifests(STANDALONE, alone(podMonitor={"enabled": True, "labels": labels})), "PodMonitor")
    assert labels.items() <= found["metadata"]["labels"].items()
    assert "app.kubernetes.io/instance" in found["metadata"]["labels"]
    assert found["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] == "loopcam"


def test_labels_of_ones_own_are_beside_the_charts() -> None:
    found = one(manifests(STANDALONE, alone(podLabels={"team": "scaling"})), "Deployment")
    labels = found["spec"]["template"]["metadata"]["labels"]
    assert found["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert (labels["team"], labels["loopcam.dev/sidecar"]) == ("scaling", "true")
