"""Figures, each beside its comparison in the same run: one file an experiment."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.experiments import (
    absent,
    backlog,
    busy_log,
    capturing,
    clients,
    crowd,
    dashcam,
    datagrams,
    delivery,
    doctor,
    exposition,
    first_stack,
    flood,
    heartbeats,
    host,
    idle,
    lateness,
    log_tail,
    modules,
    rendering,
    start,
    throughput,
    truth,
)
from benchmarks.figures import Row

EXPERIMENTS: dict[str, Callable[[Path, float], list[Row]]] = {
    "idle": idle.measure,
    "absent": absent.measure,
    "start": start.measure,
    "busy_log": busy_log.measure,
    "dashcam": dashcam.measure,
    "crowd": crowd.measure,
    "capturing": capturing.measure,
    "throughput": throughput.measure,
    "truth": truth.measure,
    "lateness": lateness.measure,
    "first_stack": first_stack.measure,
    "delivery": delivery.measure,
    "backlog": backlog.measure,
    "heartbeats": heartbeats.measure,
    "datagrams": datagrams.measure,
    "flood": flood.measure,
    "clients": clients.measure,
    "log_tail": log_tail.measure,
    "exposition": exposition.measure,
    "host": host.measure,
    "modules": modules.measure,
    "rendering": rendering.measure,
    "doctor": doctor.measure,
}
# In CI: with a share of the samples, those whose bounds for CI hold on a machine that does other things too.
QUICK = {"absent": 0.3, "start": 0.4, "datagrams": 0.34, "log_tail": 0.34}
