"""The series of well-known loops, by name. docs/targets.md has a whole configuration for each."""

from typing import Literal

from daemon.sources.metrics.series import Series

PresetName = Literal[
    "cluster-autoscaler",
    "karpenter",
    "controller-runtime",
    "cluster-api",
    "keda",
    "ray-autoscaler",
    "airflow-scheduler",
]

_LONGEST_RECONCILIATION = "workqueue_longest_running_processor_seconds"

PRESETS: dict[PresetName, Series] = {
    "cluster-autoscaler": Series(
        start='cluster_autoscaler_last_activity{activity="main"}',
        end='cluster_autoscaler_function_duration_seconds_count{function="main"}',
        idle_allowance_s=15,  # --scan-interval is 10 s
        max_loop_time_s=120,
        killed_after_s=600,  # --max-inactivity
    ),
    "karpenter": Series(
        in_flight_seconds=(
            "karpenter_scheduler_unfinished_work_seconds",
            _LONGEST_RECONCILIATION + '{name="disruption"}',  # its loop has no series of its own
        ),
        iteration="scheduling_id",
        max_loop_time_s=300,  # consolidation may take 1 and 3 minutes
    ),
    "controller-runtime": Series(in_flight_seconds=(_LONGEST_RECONCILIATION,), max_loop_time_s=60),
    "cluster-api": Series(in_flight_seconds=(_LONGEST_RECONCILIATION,), max_loop_time_s=60),
    "keda": Series(in_flight_seconds=(_LONGEST_RECONCILIATION,), max_loop_time_s=60),
    "ray-autoscaler": Series(
        end="autoscaler_update_time_seconds_count",
        idle_allowance_s=15,  # AUTOSCALER_UPDATE_INTERVAL_S is 5 s
        max_loop_time_s=60,
    ),
    "airflow-scheduler": Series(
        end="airflow_scheduler_scheduler_loop_duration_count",  # as statsd_exporter names its timer
        idle_allowance_s=5,  # scheduler_idle_sleep_time is 1 s
        max_loop_time_s=30,  # scheduler_health_check_threshold
        killed_after_s=270,  # that, and 5 failures of the chart's probe
    ),
}
