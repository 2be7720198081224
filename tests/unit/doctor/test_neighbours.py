"""Who counts as another program, in process tables as they are seen from pods, containers and machines."""

import os

import pytest

from daemon.doctor import neighbours
from daemon.targets import procfs

US = os.getpid()
CAM = ("/opt/loopcam/bin/python", "/opt/loopcam/bin/loopcam", "run")
DOCTOR = ("/opt/loopcam/bin/python", "/opt/loopcam/bin/loopcam", "doctor")
Table = dict[int, tuple[int, tuple[str, ...]]]  # parent and words
TABLES: dict[str, tuple[Table, bool]] = {
    "a container of our own, and we executed in it": (
        {1: (0, ("tini", "--", "loopcam")), 7: (1, CAM), 8: (7, ("py-spy",)), US: (0, DOCTOR)},
        False,
    ),
    "a pod that shares its processes": (
        {
            1: (0, ("/pause",)),
            7: (0, ("tini",)),
            8: (7, CAM),
            9: (0, ("python", "/app/autoscaler.py")),
            US: (0, DOCTOR),
        },
        True,
    ),
    "a pod that shares them, with nothing but us": ({1: (0, ("/pause",)), US: (0, DOCTOR)}, False),
    "the target's PID namespace": ({1: (0, ("python", "/t.py")), US: (0, DOCTOR)}, True),
    "a machine": (
        {
            1: (0, ("/sbin/init",)),
            2: (0, ()),
            3: (2, ()),
            9: (1, ("sshd",)),
            10: (9, ("sh",)),
            US: (10, DOCTOR),
        },
        False,
    ),
    "a machine with another service": (
        {1: (0, ("/sbin/init",)), 9: (1, ("sshd",)), 11: (1, ("cron",)), US: (9, DOCTOR)},
        True,
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_what_is_another_program(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table, expected = TABLES[name]

    def ancestors(pid: int) -> set[int]:
        above = {pid}
        while (pid := table[pid][0]) > 0:
            above.add(pid)
        return above

    monkeypatch.setattr(procfs, "ancestors", ancestors)
    assert neighbours.any_other({pid: words for pid, (_, words) in table.items()}) is expected
