"""The wording of well-known loops, by name. docs/targets.md has a whole configuration for each."""

from typing import Literal

from daemon.sources.log.wording import Wording

PresetName = Literal[
    "cluster-autoscaler",
    "ray-autoscaler",
    "airflow-scheduler",
    "celery-beat",
    "patroni",
    "kopf",
    "controller-runtime",
    "beat",
]

_KLOG_OR_JSON = r'(?:\] "?|"msg": ?")'  # what stands before a message of klog, in text and in JSON
_LEASE = r"\battempting to acquire leader lease\b"  # a standby replica says it once, and then never starts
_RECONCILE_ID = r'\breconcileID"?[=:] ?"(?P<iteration>[0-9a-f-]{36})"'
_HANDLER = (
    r"(?P<iteration>(?:\[[a-z0-9][^\] ]*\] )?(?:Handler|Timer|Activity) '[^']+')"  # with its object, in text
)
_HANDLED = r"(?:succeeded|failed|has failed|has timed out|has exceeded|has unfinished|is cancelled)\b"
_OBJECT = r'.*"uid": ?"(?P<iteration_2>[^"]+)"'  # in JSON the object comes after the message
_JSON_HANDLER = r"""\"message": ?"(?P<iteration>(?:Handler|Timer|Activity) '[^']+')"""

PRESETS: dict[PresetName, Wording] = {
    "cluster-autoscaler": Wording(
        mode="start",  # only iterations above 5 s tell their end
        start=(_KLOG_OR_JSON + r'Starting main loop(?:"|\s*$)',),
        end=(r"\bFunction main took (?P<duration>[0-9.a-zµ]+) to complete",),
        idle=(_LEASE,),
        max_loop_time_s=120,
        idle_allowance_s=15,  # --scan-interval is 10 s
        killed_after_s=600,  # --max-inactivity
    ),
    "ray-autoscaler": Wording(
        mode="end",
        end=(
            r"\bThe autoscaler took (?P<duration>[0-9.]+) seconds to complete the update iteration\.",
            r"\bAutoscaler has not yet received load metrics\. Waiting\.",
            r"\bStandardAutoscaler: Error during autoscaling\.",
            r"\bMonitor: Execution exception\. Trying again\.\.\.",
        ),
        max_loop_time_s=60,
        idle_allowance_s=15,  # AUTOSCALER_UPDATE_INTERVAL_S is 5 s
    ),
    "airflow-scheduler": Wording(
        mode="end",
        end=(r"\bRan scheduling loop in (?P<duration>[0-9.]+) ?s",),
        max_loop_time_s=30,  # scheduler_health_check_threshold
        idle_allowance_s=5,  # scheduler_idle_sleep_time is 1 s
        killed_after_s=270,  # scheduler_health_check_threshold, and 5 failures of the chart's probe
    ),
    "celery-beat": Wording(
        mode="beat",  # a tick with a task that is due says nothing at its end
        beat=(r"\bbeat: Waking up\b", r"\bScheduler: Sending due task\b"),
        max_loop_time_s=60,
        idle_allowance_s=310,  # beat_max_loop_interval is 5 min
    ),
    "patroni": Wording(
        mode="beat",  # its start is told in the middle of a cycle, and its end in fifty ways
        beat=(r"\bLock owner: .*; I am ", r"\bDCS is not accessible\b"),
        max_loop_time_s=20,
        idle_allowance_s=12,  # loop_wait is 10 s
    ),
    "kopf": Wording(
        mode="start_end",
        concurrent=True,
        start=(_JSON_HANDLER + r" is invoked\b" + _OBJECT, _HANDLER + r" is invoked\b"),
        end=(_JSON_HANDLER + " " + _HANDLED + _OBJECT, _HANDLER + " " + _HANDLED),
        max_loop_time_s=60,
    ),
    "controller-runtime": Wording(
        mode="start_end",
        concurrent=True,
        start=(r'(?:\] "|\t|"msg": ?")Reconciling(?:"|\t).*' + _RECONCILE_ID,),
        end=(
            r'(?:\] "|\t|"msg": ?")(?:Reconcile successful|Reconcile done, requeueing[^"\t]*'
            r'|Reconciler error)(?:"|\t).*' + _RECONCILE_ID,
        ),
        idle=(_LEASE,),
        max_loop_time_s=60,
    ),
    "beat": Wording(mode="beat", beat=(r"\S",)),  # any line is a sign of life
}
