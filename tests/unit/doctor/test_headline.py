"""The first line: ready, or what to add at this very place."""

import json
from pathlib import Path

import pytest
import yaml

from daemon.config.load import parse
from daemon.config.settings import Config
from daemon.doctor import remedies
from daemon.doctor.facts import Place
from daemon.doctor.findings import Finding, Level, Remedy, Try
from daemon.doctor.headline import headline, one_line
from daemon.doctor.whereabouts import container, file_system, place, unit, unit_of


def config(*names: str, sinks: int = 2) -> Config:
    targets = [{"name": name, "process": {"pid": 1}, "max_loop_time": "1s"} for name in names]
    folders = [{"file": {"path": f"/r/{number}"}, "name": f"f{number}"} for number in range(sinks)]
    return parse(json.dumps({"targets": targets, "sinks": folders, "spool": {"path": "/s"}}), "a test")


def worked(name: str) -> Try:
    return Try(subject=name, pid=1, predicted=True, outcome="complete", sampler="pyspy", rate_hz=100)


def yama(name: str) -> Finding:
    what = "kernel.yama.ptrace_scope is 1"
    mend = remedies.capability()
    return Finding(check="yama", level=Level.PROBLEM, what=what, remedy=mend, subject=name)


def test_ready_says_with_what() -> None:
    made = config("cluster-autoscaler")
    tries = [worked("cluster-autoscaler")]
    assert headline([], tries, made, Place.HAND, works=True) == "READY: cluster-autoscaler, py-spy, 2 sinks"
    lame = Finding(check="credentials", level=Level.WARNING, what="", subject="sink f1")
    said = headline([lame], tries, made, Place.HAND, works=True)
    assert said == "READY: cluster-autoscaler, py-spy, 1 of 2 sinks"
    assert headline([], [worked("process 7")], None, Place.HAND, works=True) == "READY: process 7, py-spy"


def test_of_many_targets_only_the_number_is_told() -> None:
    names = ("a", "b", "c", "d")
    said = headline([], [worked(name) for name in names], config(*names), Place.HAND, works=True)
    assert said == "READY: 4 targets, py-spy, 2 sinks"


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        (Place.KUBERNETES, "add securityContext: {runAsUser: 0, runAsNonRoot: false, "),
        (Place.SYSTEMD, "add AmbientCapabilities=CAP_SYS_PTRACE; CapabilityBoundingSet=CAP_SYS_PTRACE; "),
        (Place.CONTAINER, "add --user 0 --cap-drop ALL --cap-add SYS_PTRACE "),
        (Place.HAND, "what helps: setpriv --reuid USER "),
    ],
)
def test_not_ready_says_why_and_what_to_add_here(where: Place, lines: str) -> None:
    said = headline([yama("one")], [], config("one"), where, works=False)
    assert said.startswith(f"NOT READY: one: kernel.yama.ptrace_scope is 1, {lines}")
    assert "\n" not in said


def test_of_several_targets_it_says_how_many() -> None:
    said = headline([yama("b")], [], config("a", "b", "c"), Place.SYSTEMD, works=False)
    assert said.startswith("NOT READY: 1 of 3 targets: b: kernel.yama")


def test_what_is_wrong_with_the_spool_comes_before_a_target() -> None:
    spool = Finding(check="spool", level=Level.PROBLEM, what="it is full", subject="spool")
    said = headline([yama("a"), spool], [], config("a", "b"), Place.SYSTEMD, works=False)
    assert said == "NOT READY: spool: it is full"
    gone = Finding(check="process", level=Level.PROBLEM, what="process 7 is gone", subject="process 7")
    assert headline([gone], [], None, Place.HAND, works=False) == "NOT READY: process 7 is gone"


def test_yaml_in_one_line_is_yaml_still() -> None:
    (said,) = [one_line("kubernetes", remedies.capability().kubernetes)]
    assert yaml.safe_load(said) == yaml.safe_load(remedies.capability().kubernetes)
    assert one_line("kubernetes", "# only words") == "# only words"
    assert one_line("systemd", "[Service]\nA=1  # why\nB=2") == "A=1; B=2"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0::/system.slice/loopcam.service", "loopcam.service"),
        ("0::/system.slice/system-loopcam.slice/loopcam@web.service", "loopcam@web.service"),
        ("1:name=systemd:/system.slice/loopcam.service/supervised", "loopcam.service"),
        ("0::/user.slice/user-0.slice/session-3.scope", ""),
        ("0::/user.slice/user-7.slice/user@7.service/app.slice", ""),
        ("4:memory:/system.slice/other.service", ""),
        ("0::/", ""),
    ],
)
def test_which_unit_we_are(line: str, expected: str) -> None:
    assert unit_of([line]) == expected


def test_where_we_are() -> None:
    assert container({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}) == "kubernetes"
    assert container({"POD_NAME": "a", "POD_NAMESPACE": "b"}) == "kubernetes"
    assert unit({}) == ""  # a shell below some unit that is not ours
    assert place("kubernetes", "") is Place.KUBERNETES
    assert place("podman", "") is Place.CONTAINER
    assert place("", "loopcam.service") is Place.SYSTEMD
    assert place("container", "loopcam.service") is Place.SYSTEMD  # systemd in a container
    assert place("", "") is Place.HAND
    assert file_system(Path("/proc/self")) == "proc"


def test_a_remedy_without_lines_for_this_place_is_left_out() -> None:
    finding = Finding(check="x", level=Level.PROBLEM, what="it is", remedy=Remedy(systemd="A=1"), subject="a")
    assert headline([finding], [], config("a"), Place.KUBERNETES, works=False) == "NOT READY: a: it is"


def test_it_is_one_line_whatever_was_found() -> None:
    told = Finding(check="look", level=Level.PROBLEM, what="Error: no\n  caused by: this", subject="a")
    said = headline([told], [], config("a"), Place.HAND, works=False)
    assert said == "NOT READY: a: Error: no caused by: this"
