"""Scenarios, and whether the loop's decisions bring a cluster to what they want; time is made up."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.demo.simulator.cluster import POD_CPU_M, Cluster
from daemon.demo.simulator.contract import FAILED, PAGE, Nodes, NodeSeen, PodSeen
from daemon.demo.simulator.fitting import fitted, nodes_for
from daemon.demo.simulator.scaling import planned
from daemon.demo.simulator.scenario import SCENARIOS

PERIOD_S = 100.0


def looped(cluster: Cluster, now_s: float) -> None:
    """One iteration of the loop, without an API between."""
    nodes = Nodes(
        items=[msgspec.convert(msgspec.to_builtins(one), NodeSeen) for one in cluster.nodes.values()],
        cpu_m=cluster.node_cpu_m,
        generation=cluster.generation,
    )
    plan = planned(nodes, [PodSeen(one.name, one.cpu_m, one.node) for one in cluster.pods.values()])
    cluster.provision(plan.create, now_s)
    for name in plan.delete:
        assert cluster.delete_node(name)


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("create", [0, 0.5, 1, 1]),
        ("delete", [1, 0.5, 0, 0]),
        ("upgrade", [1, 1, 1, 1]),
        ("churn", [1, 0.75 + 0.25 * -0.309, 0.75 + 0.25 * 0.309, 0.94]),
    ],
)
def test_a_scenario_goes_round(name: str, shares: list[float]) -> None:
    for begins_s in (0.0, 7 * PERIOD_S):
        pods = [SCENARIOS[name](1000, PERIOD_S, begins_s + at_s).pods for at_s in (0, 40, 80, 88)]
        if name == "churn":  # a wave: its middle is told by where it turns
            assert pods[0] == 1000
            assert min(pods) >= 500
        else:
            assert pods == [share * 1000 for share in shares]


def test_an_upgrade_makes_one_generation_a_period_and_the_first_one_soon() -> None:
    times_s = (0.0, 0.11 * PERIOD_S, 1.0 * PERIOD_S, 1.11 * PERIOD_S)
    assert [SCENARIOS["upgrade"](1, PERIOD_S, at_s).generation for at_s in times_s] == [0, 1, 1, 2]


def test_churn_replaces_every_pod_in_a_period() -> None:
    cluster = Cluster(10, 100, seed=1)
    cluster.follow(SCENARIOS["churn"](100, PERIOD_S, 0.0), 0.0, 0.0)
    before = set(cluster.pods)
    for second in range(int(PERIOD_S)):
        cluster.follow(SCENARIOS["churn"](100, PERIOD_S, 0.0), 1.0, float(second))
    assert len(cluster.pods) == 100
    assert len(before & set(cluster.pods)) < 60  # of a hundred drawn with replacement, 37 stay


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_loop_brings_the_cluster_to_what_is_wanted(name: str) -> None:
    cluster = Cluster(20, 300, seed=3)
    for second in range(int(PERIOD_S * 0.97)):
        workload = SCENARIOS[name](300, PERIOD_S, float(second))
        cluster.follow(workload, 1.0, float(second))
        looped(cluster, float(second))
        assert len(cluster.nodes) <= cluster.most_nodes
    assert len(cluster.pods) == workload.pods
    assert cluster.pending <= 10  # what churn brought just now
    assert {node.generation for node in cluster.nodes.values()} <= {cluster.generation}
    if name == "delete":
        assert len(cluster.nodes) <= 2


def test_a_failed_node_is_replaced() -> None:
    cluster = Cluster(5, 50, seed=1)
    cluster.create_nodes(5, 0.0)
    cluster.follow(SCENARIOS["upgrade"](50, PERIOD_S, 0.0), 0.0, 0.0)
    failed = cluster.fail_node()
    assert cluster.nodes[failed].state == FAILED
    assert cluster.pending > 0
    for second in range(1, 10):
        looped(cluster, float(second))
        cluster.settle(float(second))
    assert failed not in cluster.nodes
    assert cluster.pending == 0


def test_the_same_seed_makes_the_same_cluster() -> None:
    made = []
    for _ in range(2):
        cluster = Cluster(5, 50, seed=7)
        for second in range(50):
            cluster.follow(SCENARIOS["churn"](50, PERIOD_S, float(second)), 1.0, float(second))
        made.append([(pod.name, pod.cpu_m) for pod in cluster.pods.values()])
    assert made[0] == made[1]


def test_the_largest_cluster_of_the_docs_fits_its_nodes() -> None:
    cluster = Cluster(1000, 30_000, seed=1)
    cluster.create_nodes(1000, 0.0)
    cluster.follow(SCENARIOS["upgrade"](30_000, PERIOD_S, 0.0), 0.0, 0.0)
    assert cluster.pending == 0
    assert len(cluster.pods) > PAGE


@given(
    counts=st.dictionaries(st.sampled_from(POD_CPU_M), st.integers(0, 30)),
    free_m=st.lists(st.integers(0, 1000), max_size=10),
)
def test_no_node_holds_more_than_it_can_and_what_is_left_fits_nowhere(
    counts: dict[int, int], free_m: list[int]
) -> None:
    left_m, left = list(free_m), dict(counts)
    for cpu_m, _ in fitted(counts, left_m):
        left[cpu_m] -= 1
    assert min(left_m, default=0) >= 0
    assert all(not count or max(left_m, default=0) < cpu_m for cpu_m, count in left.items())
    many = nodes_for(counts, 500)
    assert many * 500 >= sum(cpu_m * count for cpu_m, count in counts.items())
    assert sum(1 for _ in fitted(counts, [500] * many)) == sum(counts.values())
