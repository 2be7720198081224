"""One boot for all tests: a machine with loopcam installed by install.sh, and services in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploy.systemd.machine import Machine
from tests.deploy.systemd.service import Service
from tests.deploy.systemd.wheels import ROOT, wheels
from tests.deploy.trees import debian
from tests.prerequisites import require

PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "python3-venv", "procps")


def install(machine: Machine, *arguments: str) -> str:
    """Run this checkout's install.sh in a machine, with packages from its wheels; what it printed."""
    offline = ("env", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels", "PIP_NO_COMPILE=1")
    return machine.run(*offline, "/checkout/deploy/systemd/install.sh", *arguments).stdout


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """With loopcam installed, and not started."""
    require("root", "systemd-nspawn", "debootstrap", "setpriv", "nsenter")
    folder = tmp_path_factory.mktemp("systemd")
    tree = debian("system", *PACKAGES)
    binds = {
        wheels("3.13"): "/wheels",
        ROOT: "/checkout",
        Path(__file__).parent: "/tests",
    }
    machine = Machine(tree, folder / "boot.log", binds)
    try:
        install(machine)
        yield machine
    finally:
        machine.end()


@pytest.fixture
def service(machine: Machine) -> Iterator[Callable[..., Service]]:
    """Makes instances of loopcam@.service with their workers, and ends them."""
    made: list[Service] = []

    def make(name: str, log: str = "") -> Service:
        made.append(Service(machine, name, log))
        return made[-1]

    yield make
    for one in made:
        one.end()
