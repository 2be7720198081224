"""A Debian that was booted by systemd, in systemd-nspawn: what is changed in it is gone with it."""

import contextlib
import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

from tests.daemon import until

PATIENCE_S = 60.0


class Machine:
    """One that runs."""

    def __init__(self, tree: Path, log: Path, binds: dict[Path, str]) -> None:
        """Boot the tree; folders of ours are to be seen at `binds`."""
        self._log = log
        bound = [f"--bind-ro={ours}:{place}" for ours, place in binds.items()]
        argv = [
            *("setpriv", "--pdeathsig", "TERM"),  # it ends when we do, however that comes
            *("systemd-nspawn", "--quiet", "--boot", f"--directory={tree}", "--volatile=overlay"),
            *("--register=no", "--keep-unit", "--console=passive", "--private-network"),
            *(f"--machine=loopcam-{uuid.uuid4().hex[:8]}", *bound),
        ]
        with log.open("wb") as out:
            self._nspawn = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            self._leader = until(self._first, f"the machine starts: {log}", PATIENCE_S)
            until(self._booted, f"the machine is up: {log}", PATIENCE_S)
        except BaseException:
            self.end()
            raise

    @property
    def root(self) -> Path:
        """Its files, seen from here."""
        return Path(f"/proc/{self._leader}/root")

    def run(self, *argv: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a program in it as root."""
        done = subprocess.run(
            ["nsenter", "--target", str(self._leader), "--all", *argv],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done

    def write(self, path: str, text: str) -> None:
        """Put a file there."""
        place = self.root / path.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def property(self, unit: str, name: str) -> str:
        """What systemd says of a unit."""
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def journal(self, unit: str, *options: str) -> list[dict[str, Any]]:
        """A unit's lines, oldest first; `MESSAGE`, `PRIORITY` and their like."""
        text = self.run("journalctl", "--unit", unit, "--output", "json", *options).stdout
        return [json.loads(line) for line in text.splitlines()]

    def said(self, unit: str, words: str) -> dict[str, Any] | None:
        """The last of its lines that has these words."""
        found = [one for one in self.journal(unit) if words in str(one["MESSAGE"])]
        return found[-1] if found else None

    def hears(self, unit: str, words: str) -> dict[str, Any]:
        """Wait for such a line; the journal is a little behind."""
        return until(lambda: self.said(unit, words), f"{unit} says {words}")

    def end(self) -> None:
        """Power it off; what does not go by itself is killed."""
        if self._nspawn.poll() is None:
            self._nspawn.terminate()  # nspawn asks its process 1 to power off
            try:
                self._nspawn.wait(20)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()  # the kernel ends the rest of its PID namespace
                self._nspawn.wait()

    def _first(self) -> int | None:
        """Its process 1; before that one, nspawn has another child for a moment."""
        assert self._nspawn.poll() is None, self._log.read_text()
        pid = self._nspawn.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(OSError):  # ended meanwhile
                status = Path(f"/proc/{child}/status").read_text()
                numbers = status.partition("\nNSpid:")[2].partition("\n")[0].split()
                if len(numbers) > 1 and numbers[-1] == "1":
                    return int(child)
        return None

    def _booted(self) -> bool:
        assert self._nspawn.poll() is None, self._log.read_text()
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")
