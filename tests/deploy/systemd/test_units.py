"""Targets by unit: what is said of units that have no process, and that they are found once they have."""

from tests.daemon import until
from tests.deploy.systemd.machine import Machine
from tests.deploy.systemd.service import Services

FORKING = "[Service]\nType=forking\nExecStart=/bin/sh -c 'sleep 1000 & sleep 1000 &{more}'\n"
ABSENT = {
    "nowhere": "there is no unit nowhere.service",
    "asleep": "unit asleep.service is inactive",
    "over": "unit over.service is active without a main process: it has ended, and the unit stays active "
    "(RemainAfterExit=)",
    "broken": "unit broken.service has failed (exit-code)",
    "twins": "unit twins.service is active without a main process: none known",
}


def test_what_is_missing_is_told_and_found_when_it_comes(service: Services, machine: Machine) -> None:
    units = {
        "asleep": "[Service]\nExecStart=/bin/sleep 1000\n",
        "over": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n",
        "broken": "[Service]\nExecStart=/bin/false\n",
        "twins": FORKING.format(more=""),
        "named": FORKING.format(more=" echo $! >/run/named.pid") + "PIDFile=/run/named.pid\n",
        "many@": "[Service]\nExecStart=/bin/sleep %i\n",
    }
    for name, text in units.items():
        machine.write(f"/etc/systemd/system/{name}.service", text)
    many = service("many")
    several = (*ABSENT, "named", "many@1001")
    many.configure(*({"name": one.replace("@", "-"), "process": {"systemd": one}} for one in several))
    machine.run("systemctl", "daemon-reload")
    for name in ("over", "broken", "twins", "named", "many@1001"):
        machine.run("systemctl", "start", name)
    machine.run("systemctl", "start", many.unit)
    for name, words in ABSENT.items():
        until(lambda name=name, words=words: many.target(name)["detail"] == words, words)
        assert many.target(name)["remedy"]
        machine.hears(many.unit, f'no process to watch  target={name}  why="{words}"')
    for name in ("named", "many@1001"):
        assert many.target(name.replace("@", "-"))["pid"], name
    until(lambda: many.status().startswith("watching 2 of 7 targets"), "it counts them")

    machine.run("systemctl", "start", "asleep")
    until(lambda: many.target("asleep")["pid"], "it is found once it runs")
    one = machine.run("loopcam", "doctor", "--systemd", "twins", check=False)
    assert one.returncode == 1
    assert ABSENT["twins"] in one.stderr
    doctor = ("--config", f"/etc/loopcam/{many.name}.yaml")
    sandbox = ("systemd-run", "--pipe", "--quiet", "--wait", "-p", "User=loopcam")
    paths = ("-E", "STATE_DIRECTORY=/var/lib/loopcam/many", "-E", "RUNTIME_DIRECTORY=/run/loopcam/many")
    told = machine.run(*sandbox, *paths, "/opt/loopcam/bin/loopcam", "doctor", *doctor, check=False)
    assert told.returncode == 1
    for name in ("nowhere", "over", "broken", "twins"):
        assert ABSENT[name] in told.stdout
    machine.run("systemctl", "stop", "asleep", "over", "twins", "named", "many@1001")
