"""The presets on lines as these programs write them, with their traps."""

import re
from pathlib import Path
from typing import get_args

import pytest

from daemon.config.load import parse
from daemon.sources.log.contract import Mark
from daemon.sources.log.feed import make_feed
from daemon.sources.log.options import Log
from daemon.sources.log.patterns import Pattern
from daemon.sources.log.presets import PRESETS, PresetName
from model.units import Seconds

CA = "I0929 06:59:22.973759       1 "
ID, OTHER = "0f4c6a5e-6f0b-4d6e-9a3c-1c2d3e4f5a6b", "ffffffff-0000-4d6e-9a3c-1c2d3e4f5a6b"


def marks(preset: PresetName, *lines: str) -> list[Mark]:
    feed = make_feed(Log(path="/x", preset=preset))
    return feed.take("".join(f"{line}\n" for line in lines).encode())


def told(preset: PresetName, *lines: str) -> list[str | tuple[str, float | str]]:
    """The kind of each mark, with its name or duration where it has one."""
    return [
        (mark.kind.value, extra)
        if (extra := mark.iteration or mark.duration_s) is not None
        else mark.kind.value
        for mark in marks(preset, *lines)
    ]


DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("preset", get_args(PresetName))
def test_every_preset_stands_in_the_documentation_as_it_is(preset):
    wording = PRESETS[preset]
    allowance = wording.idle_allowance_s
    cells = [
        f"`{preset}`",
        f"`{wording.mode}`",
        str(Seconds(wording.max_loop_time_s)) if wording.max_loop_time_s else "**needed**",
        "" if wording.mode == "start_end" else "**needed**" if allowance is None else str(Seconds(allowance)),
        "yes" if wording.concurrent else "",
    ]
    row = f"| {' | '.join(cells)} |"
    assert row in (DOCS / "sources.md").read_text().splitlines()


@pytest.mark.parametrize("preset", get_args(PresetName))
def test_every_preset_has_a_whole_configuration_in_the_documentation(preset):
    blocks = re.findall(r"^```yaml\n(.*?)^```", (DOCS / "targets.md").read_text(), re.MULTILINE | re.DOTALL)
    configs = [parse(text, "targets.md", {}) for text in blocks if text.startswith("targets:")]
    sources = [part.options for config in configs for target in config.targets for part in target.iterations]
    assert preset in [source.preset for source in sources if isinstance(source, Log)]


def test_every_pattern_of_a_preset_has_a_line_in_the_documentation_that_it_matches():
    (block,) = re.findall(
        r"^```text\n(# cluster-autoscaler\n.*?)^```", (DOCS / "sources.md").read_text(), re.M | re.S
    )
    shown = {}
    for part in block.split("# ")[1:]:
        name, *lines = part.splitlines()
        shown[name] = [tuple(line.split(maxsplit=1)) for line in lines]
    assert set(shown) == set(PRESETS) - {"beat"}
    for name, samples in shown.items():
        patterns = list(PRESETS[name].patterns())
        assert [kind for kind, _ in samples] == [kind.value for kind, _ in patterns]
        for (_, line), (kind, text) in zip(samples, patterns, strict=True):
            assert Pattern(kind, text).mark(line.encode(), line.encode()), (name, text)
        assert [mark.kind.value for mark in marks(name, *(line for _, line in samples))] == [
            kind for kind, _ in samples
        ]


def test_every_name_has_a_preset():
    assert set(PRESETS) == set(get_args(PresetName))


@pytest.mark.parametrize("preset", get_args(PresetName))
def test_every_preset_stands_for_itself(preset):
    allowance = {"idle_allowance": 1.0} if preset == "beat" else {}
    assert list(Log(path="/x", preset=preset, **allowance).check()) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", sorted(set(get_args(PresetName)) - {"beat"}))
def test_every_preset_finds_its_lines_without_looking_at_the_others(preset):
    assert make_feed(Log(path="/x", preset=preset))._matcher.texts


@pytest.mark.parametrize("preset", sorted(set(get_args(PresetName)) - {"beat"}))
def test_a_preset_has_a_threshold_of_its_own(preset):
    assert Log(path="/x", preset=preset).loop_rules().max_loop_time_s


@pytest.mark.parametrize(
    "line",
    [
        f"{CA}static_autoscaler.go:187] Starting main loop",
        f'{CA}static_autoscaler.go:187] "Starting main loop"',
        f"2026-09-29T06:59:22.973Z {CA}static_autoscaler.go:187] Starting main loop",  # kubectl --timestamps
        f"2026-09-29T06:59:22.973759123Z stderr F {CA}static_autoscaler.go:187] Starting main loop",
        '{"ts":1664434762973.759,"caller":"core/static_autoscaler.go:187","msg":"Starting main loop","v":4}',
    ],
)
def test_cluster_autoscaler_starts(line):
    assert told("cluster-autoscaler", line) == ["start"]


def test_cluster_autoscaler_tells_the_end_of_long_iterations_only():
    assert told(
        "cluster-autoscaler",
        f"{CA}static_autoscaler.go:187] Starting main loop",
        f"{CA}static_autoscaler.go:187] Starting main loop",  # the one before took less than 5 s
        f"{CA}metrics.go:391] Function main took 1m2.345678s to complete",
        f"{CA}metrics.go:391] Function main took 5.000123s to complete",
    ) == ["start", "start", ("end", 62.345678), ("end", 5.000123)]


def test_cluster_autoscaler_goes_on_logging_while_its_loop_hangs():
    assert (
        told(
            "cluster-autoscaler",
            f"{CA}metrics.go:391] Function scaleUp took 12.3s to complete",
            f"{CA}metrics.go:391] Function loopWait took 10.000311s to complete",
            f"{CA}reflector.go:255] Starting reflector *v1.Node from k8s.io/client-go/informers",
            f"{CA}static_autoscaler.go:520] Calculating unneeded nodes",
            f'{CA}x.go:1] Pod said "Starting main loop of nginx"',
            f"{CA}azure_vms.go:1] Deleting unregistered node; Starting main loop is not done",
        )
        == []
    )


def test_a_standby_replica_says_that_it_waits_and_never_starts():
    line = "leaderelection.go:250] attempting to acquire leader lease kube-system/cluster-autoscaler..."
    assert told("cluster-autoscaler", CA + line) == ["idle"]
    zapped = '{"level":"info","ts":"2026-01-01T00:00:00Z","msg":"attempting to acquire leader lease a/b..."}'
    assert told("controller-runtime", zapped) == ["idle"]


def test_ray_tells_how_long_each_update_took():
    at = "2026-09-06 13:43:22,028\tINFO "
    assert told(
        "ray-autoscaler",
        f"{at}autoscaler.py:146 -- The autoscaler took 0.144 seconds to complete the update iteration.",
        f"{at}autoscaler.py:421 -- \n======== Autoscaler status: 2026-09-06 13:43:22.028870 ========",
        f"{at}monitor.py:398 -- Autoscaler has not yet received load metrics. Waiting.",
        "2026-09-06 13:43:22,028\tERROR autoscaler.py:369 -- StandardAutoscaler: Error during autoscaling.",
        "2026-09-06 13:43:22,028\tERROR monitor.py:448 -- Monitor: Execution exception. Trying again...",
    ) == [("end", 0.144), "end", "end", "end"]


@pytest.mark.parametrize(
    "line",
    [
        "[2026-09-06T13:43:22.028+0000] {scheduler_job.py:1050} DEBUG - Ran scheduling loop in 12.50 seconds",
        "[2026-09-06 13:43:22,028] {jobs.py:1665} INFO - Ran scheduling loop in 12.50s",
        '{"timestamp":"2026-09-06T13:43:22Z","level":"debug","event":"Ran scheduling loop in 12.50 seconds"}',
    ],
)
def test_airflow_tells_how_long_each_loop_took(line):
    assert told("airflow-scheduler", line) == [("end", 12.5)]


def test_airflow_says_other_things_of_its_loop():
    assert (
        told("airflow-scheduler", "DEBUG - Next timed event is in 4.9", "INFO - Starting the scheduler") == []
    )


def test_celery_beat_turns_when_it_sleeps_and_when_a_task_was_due():
    at = "[2026-08-07 11:22:56,329: "
    assert told(
        "celery-beat",
        f"{at}DEBUG/MainProcess] beat: Waking up in 5.00 minutes.",
        f"{at}INFO/MainProcess] Scheduler: Sending due task add (tasks.add)",
        f"{at}DEBUG/MainProcess] beat: Synchronizing schedule...",
        f"{at}DEBUG/MainProcess] tasks.add sent. id->1",
        "[2026-08-07 11:22:56,329: DEBUG/Beat] beat: Waking up now.",
    ) == ["beat", "beat", "beat"]


def test_patroni_beats_once_a_cycle_as_leader_as_replica_and_without_its_store():
    at = "2026-12-10 16:30:48,403 "
    assert told(
        "patroni",
        f"{at}INFO: Lock owner: pg-1; I am pg-1",
        f"{at}INFO: no action. I am (pg-1), the leader with the lock",
        f"{at}INFO: Lock owner: pg-1; I am pg-2",
        f"{at}INFO: no action. I am (pg-2), a secondary, and following a leader (pg-1)",
        f"{at}ERROR: Error communicating with DCS",
        f"{at}INFO: DCS is not accessible",
        f"{at}WARNING: Loop time exceeded, rescheduling immediately.",
    ) == ["beat", "beat", "beat"]


def test_kopf_tells_handlers_of_different_objects_apart():
    at = "[2026-02-19 16:05:56,432] kopf.objects         "
    assert told(
        "kopf",
        f"{at}[DEBUG   ] [default/a] Handler 'create_fn' is invoked.",
        f"{at}[DEBUG   ] [default/b] Handler 'create_fn' is invoked.",
        f"{at}[INFO    ] [default/b] Handler 'create_fn' succeeded.",
        f"{at}[ERROR   ] [default/a] Handler 'create_fn' failed temporarily: Not yet.",
        f"{at}[DEBUG   ] [default/a] Timer 'tick' is invoked.",
        f"{at}[DEBUG   ] Activity 'login' is invoked.",
        f"{at}[INFO    ] Activity 'login' succeeded.",
    ) == [
        ("start", "[default/a] Handler 'create_fn'"),
        ("start", "[default/b] Handler 'create_fn'"),
        ("end", "[default/b] Handler 'create_fn'"),
        ("end", "[default/a] Handler 'create_fn'"),
        ("start", "[default/a] Timer 'tick'"),
        ("start", "Activity 'login'"),
        ("end", "Activity 'login'"),
    ]


def test_a_daemon_of_kopf_never_ends_and_does_not_count():
    line = "[2026-02-19 16:05:56,432] kopf.objects [DEBUG   ] [default/a] Daemon 'watch' is invoked."
    assert told("kopf", line) == []


@pytest.mark.parametrize(
    "how",
    [
        "failed permanently: no",
        "failed with an exception. Will retry.",
        "has timed out after 0:01:00.",
        "has exceeded 3 retries.",
        "has unfinished sub-handlers. Will retry soon.",
        "is cancelled. Will escalate.",
    ],
)
def test_every_end_of_a_handler_of_kopf_is_one(how):
    assert told("kopf", f"[default/a] Handler 'fn' {how}") == [("end", "[default/a] Handler 'fn'")]


def test_kopf_in_json_names_the_object_after_the_message():
    after = '"timestamp": "2026-01-01T00:00:00", "object": {"kind": "K", "uid": "u-1"}, "severity": "x"}'
    assert told(
        "kopf",
        '{"message": "Handler \'fn\' is invoked.", ' + after,
        '{"message": "Handler \'fn\' succeeded.", ' + after,
        '{"message": "Activity \'login\' is invoked.", "timestamp": "2026-01-01", "severity": "debug"}',
    ) == [
        ("start", "Handler 'fn' u-1"),
        ("end", "Handler 'fn' u-1"),
        ("start", "Activity 'login'"),
    ]


CONSOLE = '2026-01-01T00:00:00Z\t{}\t{}\t{{"controller": "m", "namespace": "a", "reconcileID": "' + ID + '"}}'
NAMED = '2026-01-01T00:00:00Z\t{}\tcontroller.m\t{}\t{{"namespace": "a", "reconcileID": "' + ID + '"}}'
JSON = '{{"level":"{}","ts":"2026-01-01T00:00:00Z","msg":"{}","controller":"m","reconcileID":"' + ID + '"}}'
KLOG = 'I0101 00:00:00.000000       1 controller.go:{}] "{}" controller="m" reconcileID="' + ID + '"'


@pytest.mark.parametrize("form", [CONSOLE, NAMED, JSON, KLOG], ids=["console", "named", "json", "klog"])
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Reconciling", "start"),
        ("Reconcile successful", "end"),
        ("Reconcile done, requeueing", "end"),
        ("Reconcile done, requeueing after 10s", "end"),
        ("Reconciler error", "end"),
    ],
)
def test_a_reconciliation_is_known_by_its_id(form, message, kind):
    assert told("controller-runtime", form.format("DEBUG", message)) == [(kind, ID)]


def test_reconciliations_run_side_by_side():
    assert told(
        "controller-runtime",
        JSON.format("debug", "Reconciling"),
        JSON.format("debug", "Reconciling").replace(ID, OTHER),
        JSON.format("debug", "Reconcile successful"),
        JSON.format("error", "Reconciler error").replace(ID, OTHER),
    ) == [("start", ID), ("start", OTHER), ("end", ID), ("end", OTHER)]
    assert Log(path="/x", preset="controller-runtime").loop_rules().concurrent


def test_what_a_controller_itself_says_while_reconciling_is_no_start():
    assert (
        told(
            "controller-runtime", JSON.format("info", "Reconciling Machine"), KLOG.format(1, "Reconciling x")
        )
        == []
    )


def test_every_line_is_a_beat():
    assert told("beat", "anything", "", "  ", "at all") == ["beat", "beat"]
