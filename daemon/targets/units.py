"""Units of systemd: which process is a unit's main one now, and what to say where it has none."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from daemon.targets import procfs
from daemon.targets.possible import NO_PROCESS, Possible
from model.units import Seconds

ASKED_AGAIN_S, ASKED_AT_MOST_S = 1.0, 10.0  # one answer costs systemd and us some milliseconds
PATIENCE_S = 5.0
_PROPERTIES = "LoadState,ActiveState,SubState,Result,Type,MainPID"
_PID = re.compile(r"[0-9]{1,10}")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """What systemd says of a unit."""

    name: str
    load: str = ""
    active: str = ""
    sub: str = ""
    result: str = ""
    kind: str = ""  # Type= of a service; empty of what is none, and of what is not there
    main_pid: int = 0


class SystemdError(Exception):
    """systemd could not be asked; says why and what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class Units:
    """The units that targets are, asked for when a process is missing, and more seldom while it stays so."""

    def __init__(self, ask: Callable[[Sequence[str]], Mapping[str, Unit]] | None = None) -> None:
        self._ask = ask or asked
        self._next_s: dict[str, tuple[float, float]] = {}  # when to ask again, and how long to wait then
        self._absent: dict[str, Possible] = {}

    def main_pids(self, units: Iterable[str]) -> dict[str, int]:
        """The main process of each unit that has one; of those alone that it is time to ask for."""
        now_s = time.monotonic()
        due = sorted({unit for unit in units if self._next_s.get(unit, (0.0, 0.0))[0] <= now_s})
        if not due:
            return {}
        try:
            known = self._ask(due)
        except SystemdError as error:
            self._absent |= {unit: _absent(str(error), error.remedy) for unit in due}
            known = {}
        found = {name: unit.main_pid for name, unit in known.items() if _seen(unit.main_pid)}
        for unit in due:
            if unit in known:
                self._absent[unit] = absence(known[unit])
            self._postpone(unit, now_s, found=unit in found)
        return found

    def absence(self, unit: str) -> Possible:
        """Why a unit has no process that could be held, as far as it was asked for."""
        return self._absent.get(unit, NO_PROCESS)

    def _postpone(self, unit: str, now_s: float, *, found: bool) -> None:
        """When its process ends, it is asked for at once; it may be back soon, or not for days."""
        wait_s = self._next_s.get(unit, (0.0, ASKED_AGAIN_S))[1]
        if found:
            self._next_s.pop(unit, None)
        else:
            self._next_s[unit] = (now_s + wait_s, min(ASKED_AT_MOST_S, wait_s * 2))


def _seen(pid: int) -> bool:
    return pid > 0 and (procfs.PROC / str(pid)).exists()


def asked(units: Sequence[str]) -> dict[str, Unit]:
    """The units by name; raises SystemdError.

    By systemctl, which is there wherever systemd is and finds its way to it for root and others alike.
    """
    argv = ["systemctl", "show", "--no-pager", f"--property={_PROPERTIES}", "--", *units]
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=_ENVIRONMENT,
            timeout=PATIENCE_S,
            check=False,
        )
    except FileNotFoundError:
        remedy = "run loopcam where systemd is, or find the process by `match` or `pidfile`"
        raise SystemdError("there is no program systemctl", remedy) from None
    except subprocess.TimeoutExpired:
        what = f"systemd did not answer within {Seconds(PATIENCE_S)}"
        raise SystemdError(what, "systemctl status; systemctl list-jobs") from None
    except OSError as error:  # not ours to run, or no processes, memory or descriptors left
        raise SystemdError(f"systemctl cannot be run: {error.strerror}", "systemctl --version") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"systemctl ended with {done.returncode}"]
        raise SystemdError(f"systemd cannot be asked: {said[0]}", _reach())
    return parsed(units, done.stdout)


def _reach() -> str:
    """What opens the way to systemd."""
    if os.geteuid() == 0:
        return "is systemd process 1 here? Else find the process by `match` or `pidfile`"
    return "users other than root reach systemd over D-Bus: apt-get install dbus; AF_UNIX must be allowed"


def parsed(units: Sequence[str], text: str) -> dict[str, Unit]:
    """What `systemctl show` printed: a paragraph for each unit, in their order."""
    paragraphs = [one for one in text.split("\n\n") if one.strip()]
    if len(paragraphs) != len(units):
        raise SystemdError("systemctl answered otherwise than was asked", "systemctl show UNIT")
    return {name: _unit(name, one) for name, one in zip(units, paragraphs, strict=True)}


def _unit(name: str, paragraph: str) -> Unit:
    told = dict(line.partition("=")[::2] for line in paragraph.splitlines())
    number = told.get("MainPID", "0")
    return Unit(
        name=name,
        load=told.get("LoadState", ""),
        active=told.get("ActiveState", ""),
        sub=told.get("SubState", ""),
        result=told.get("Result", ""),
        kind=told.get("Type", ""),
        main_pid=int(number) if _PID.fullmatch(number) else 0,
    )


def absence(unit: Unit) -> Possible:
    """Why no process of a unit can be held, and what to do."""
    name, log = unit.name, f"journalctl -u {unit.name}"
    if unit.load == "not-found":
        return _absent(f"there is no unit {name}", "systemctl list-units --type=service --all")
    if unit.load == "masked":
        return _absent(f"unit {name} is masked", f"systemctl unmask {name}")
    if unit.load not in ("loaded", "merged", ""):
        return _absent(f"unit {name} cannot be loaded ({unit.load})", f"systemctl status {name}")
    if unit.main_pid > 0:
        what = f"process {unit.main_pid} of unit {name} ended meanwhile, or cannot be seen from here"
        return _absent(what, "ProtectProc=default in loopcam's own unit, and no PID namespace of its own")
    if unit.active == "failed":
        return _absent(f"unit {name} has failed ({unit.result})", log)
    if unit.active in ("active", "reloading"):
        return _without_main_process(unit)
    if unit.sub == "auto-restart":
        return _absent(f"unit {name} ended ({unit.result}) and waits for its restart", log)
    if unit.active == "inactive":
        return _absent(f"unit {name} is inactive", f"systemctl start {name}")
    return _absent(f"unit {name} is {unit.active} ({unit.sub})", log)


def _without_main_process(unit: Unit) -> Possible:
    """A unit that is active, and yet systemd knows no main process of it."""
    remedy = "find the process by `match` or `pidfile`"
    if unit.kind == "forking":
        remedy = f"set PIDFile= in the unit (Type=forking), or {remedy}"
    why = (
        "it has ended, and the unit stays active (RemainAfterExit=)" if unit.sub == "exited" else "none known"
    )
    return _absent(f"unit {unit.name} is active without a main process: {why}", remedy)


def _absent(detail: str, remedy: str) -> Possible:
    return Possible(False, NO_PROCESS.reason, detail, remedy)
