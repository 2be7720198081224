"""What a user is told after the installation, and by `helm test`."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import daemon, loopcam, looping, target
from tests.deploy.charts.api_server import api_server
from tests.deploy.charts.helm import STANDALONE, Values, container, helm, manifests, one
from tests.deploy.charts.matrix import alone


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with api_server() as url:
        yield url


def notes(server: str, values: Values) -> str:
    argv = (
        "--dry-run=client",
        "--disable-openapi-validation",
        "--kube-apiserver",
        server,
        "-n",
        "autoscaling",
    )
    done = helm("install", "demo", STANDALONE, *argv, values=values)
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("\nNOTES:\n")[2]


def test_the_notes_say_what_to_do_next(server: str) -> None:
    said = notes(server, alone())
    assert "loopcam watches cluster-autoscaler." in said
    assert "kubectl -n autoscaling port-forward deploy/demo-loopcam 9686:9686" in said
    assert "helm test demo -n autoscaling" in said
    assert "-- loopcam collect --drill" in said
    assert "go with it" in said  # no sink


def test_the_notes_name_only_what_is_there(server: str) -> None:
    values = alone(service={"enabled": False})
    values["config"] = {
        **values["config"],
        "metrics_listen": "0.0.0.0:9000",
        "sinks": [{"s3": {"bucket": "stalls"}}],
    }
    said = notes(server, values)
    assert "9000:9000" in said
    assert "helm test" not in said
    assert "no sink" not in said


def test_the_commands_in_the_notes_are_commands_of_ours(server: str) -> None:
    said = re.findall(r"-- loopcam (\w+)(.*)", notes(server, alone()))
    assert [command for command, _ in said] == ["collect", "doctor"]
    for command, options in said:
        known = loopcam(command, "--help").stdout
        wanted = [option for option in options.split() if option.startswith("--")]
        assert [option for option in wanted if option not in known] == []


def ask(script: str, url: str, wait_s: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-c", script, f"{url}/metrics", wait_s]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_the_test_pod_asks_whether_every_target_could_be_captured(tmp_path: Path) -> None:
    test = one(manifests(STANDALONE, alone()), "Pod")
    asking = test["spec"]["containers"][0]
    script, url, wait_s = asking["args"]
    assert url == "http://demo-loopcam.default.svc:9686/metrics"
    assert asking["image"] == container(manifests(STANDALONE, alone()))["image"]
    with looping() as child, daemon(tmp_path, target("one", child.pid)) as cam:
        cam.finds("one")
        done = ask(script, cam.url, wait_s)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("possible: ")
        assert 'target="one"' in done.stdout
    (tmp_path / "other").mkdir()
    with daemon(tmp_path / "other", {**target("two", 1), "process": {"match": "nothing-like-it"}}) as cam:
        done = ask(script, cam.url, "0")
        assert done.returncode == 1
        assert "NOT possible" in done.stdout
        assert "loopcam doctor" in done.stderr
