"""A simulation from its start to its end: the daemon, the API, the loop, and who looks at them."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from daemon.demo import places
from daemon.demo.children import Child, check_alive, check_free, child, end, free_port, wait_until_healthy
from daemon.demo.simulator.contract import Iterated, Settings
from daemon.demo.simulator.course import Course
from daemon.demo.simulator.looks import Watcher
from daemon.demo.simulator.progress import Progress
from daemon.demo.simulator.wanted import Wanted
from model.errors import LoopcamError
from model.units import Seconds

TARGET = "demo-loop"
_API, _LOOP = "daemon.demo.simulator.api", "daemon.demo.simulator.loop"
LOG = "daemon.log"
_PIDFILE = "loop.pid"
_AT_REST_S = 60.0
_PAUSE_S = 0.25
_COLLECTION_TIME_S = Seconds(2)
_CONFIGURATION = """\
listen: {address}
spool: {{path: {out}/spool, max_reports: 50}}
labels: {{cluster: demo}}
targets:
  - name: {target}
    process: {{pidfile: {pidfile}}}
    max_loop_time: {max_loop_time}
    collection_time: {collection_time}
    cooldown: {cooldown}
    captures_per_hour: 3600
    captures_per_signature: 3600
sinks:
  - file: {{path: {out}/reports, keep: 50}}
"""


class Simulation:
    """Its processes, while they run."""

    def __init__(self, wanted: Wanted, course: Course) -> None:
        self._wanted, self._course = wanted, course

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """The daemon's address, once everything runs; raises LoopcamError."""
        wanted = self._wanted
        check_free(wanted.port)
        address = f"127.0.0.1:{wanted.port or free_port()}"
        file = self._configured(address)
        with contextlib.ExitStack() as stack:
            log = stack.enter_context((wanted.out / LOG).open("ab"))
            self._daemon = stack.enter_context(child("-m", "daemon", "run", "--config", str(file), log=log))
            wait_until_healthy(address, self._daemon, str(wanted.out / LOG))
            self._api, port, counts_port = self._started_api(stack)
            self._loop = stack.enter_context(
                child(*self._loop_command(address, port), stdout=subprocess.PIPE)
            )
            self._hearing = threading.Thread(target=self._hear, args=(self._loop.stdout,), name="hearing")
            self._hearing.start()
            self._watcher = Watcher(self._daemon.pid, int(address.rpartition(":")[2]), counts_port)
            try:
                yield address
            finally:
                end(self._loop)
                self._hearing.join()

    def watch(self, progress: Progress) -> None:
        """Look and tell, until the time is over; raises LoopcamError when a process ends before."""
        wanted = self._wanted
        began_s = time.monotonic()
        told_s = next_s = began_s
        while wanted.serve or time.monotonic() < began_s + wanted.for_s:
            self._check()
            if (now_s := time.monotonic()) >= next_s:
                next_s += wanted.look_every_s
                self._course.looks.append(self._watcher.look())
                if now_s >= told_s + wanted.interval_s:
                    told_s += wanted.interval_s
                    print(progress.line(self._course.looks[-1]), flush=True)
            time.sleep(max(0.0, min(_PAUSE_S, next_s - time.monotonic())))

    def settle(self) -> None:
        """End the loop, let the daemon deliver what it has, and look at it at rest."""
        end(self._loop)
        self._hearing.join()
        until_s = time.monotonic() + _AT_REST_S
        while (look := self._watcher.look()).seen.busy and time.monotonic() < until_s:
            check_alive(self._daemon, log=str(self._wanted.out / LOG))
            time.sleep(_PAUSE_S)
        self._course.looks.append(look)

    def _check(self) -> None:
        check_alive(self._daemon, log=str(self._wanted.out / LOG))
        check_alive(self._api, "the API")
        check_alive(self._loop, "the loop")

    def _configured(self, address: str) -> Path:
        out = places.folder(self._wanted.out)
        (out / _PIDFILE).unlink(missing_ok=True)
        file = out / "simulator.yaml"
        file.write_text(
            _CONFIGURATION.format(
                address=address,
                out=out,
                target=TARGET,
                pidfile=out / _PIDFILE,
                max_loop_time=self._wanted.max_loop_time_s,
                collection_time=min(_COLLECTION_TIME_S, self._wanted.cooldown_s),  # it cannot be longer
                cooldown=self._wanted.cooldown_s,
            )
        )
        return file

    def _started_api(self, stack: contextlib.ExitStack) -> tuple[Child, int, int]:
        """It, its port, and the port of its counts."""
        wanted = self._wanted
        settings = Settings(
            nodes=wanted.nodes,
            pods=wanted.pods,
            scenario=wanted.scenario,
            period_s=float(wanted.period_s),
            latency_s=float(wanted.latency_s),
            error_rate=float(wanted.error_rate),
            throttle_per_s=wanted.throttle_per_s,
            outage_s=float(wanted.outage_s[0]),
            outage_every_s=float(wanted.outage_s[1]),
            node_failures_per_s=wanted.node_failures_per_s,
            seed=wanted.seed,
        )
        pipe = subprocess.PIPE
        argv = ("-m", _API, msgspec.json.encode(settings).decode())
        started = stack.enter_context(child(*argv, stdin=pipe, stdout=pipe))
        said = started.stdout.readline().split() if started.stdout else []
        if len(said) != 2:
            raise LoopcamError("the API did not start", remedy="its words are above")
        return started, int(said[0]), int(said[1])

    def _loop_command(self, address: str, api_port: int) -> tuple[str, ...]:
        pidfile = str(self._wanted.out / _PIDFILE)
        return ("-m", _LOOP, f"http://{address}", TARGET, pidfile, str(api_port),
                f"--rest={float(self._wanted.rest_s)}")  # fmt: skip

    def _hear(self, said: IO[bytes]) -> None:
        decoder = msgspec.json.Decoder(Iterated)
        for line in said:
            self._course.take(decoder.decode(line))
