import subprocess
import sys

import pytest

from collectors.host.options import Host
from collectors.pyspy import PySpy
from daemon.config.load import parse
from daemon.config.settings import Config
from daemon.sources.heartbeat import Heartbeat
from model.errors import ConfigError
from model.units import Seconds
from sinks.file import File

MINIMAL = "targets: [{name: a, process: {pid: 1}, max_loop_time: 2m}]\n"


def config(text: str) -> Config:
    return parse(text, "file.yaml", {})


def told(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config(text)
    return [str(fault) for fault in caught.value.faults]


def target(options: str, name: str = "a") -> str:
    return f"{{name: {name}, process: {{pid: 1}}, max_loop_time: 2m, {options}}}"


def test_left_out_are_heartbeat_pyspy_host_and_a_file_sink_beside_the_spool():
    loaded = config(MINIMAL + "spool: {path: /data/spool}\n")
    (only,) = loaded.targets
    assert [(part.kind, part.options) for part in only.iterations] == [("heartbeat", Heartbeat())]
    assert [(part.kind, part.options) for part in only.collectors] == [("pyspy", PySpy()), ("host", Host())]
    (sink,) = loaded.sinks
    assert isinstance(sink.options, File)
    assert str(sink.options.path) == "/data/reports"


def test_an_empty_list_of_sinks_counts_as_too_few():
    assert told(MINIMAL + "sinks: []\n") == ["sinks: 0 items: at least 1"]


@pytest.mark.parametrize("options", ["pid: 1, match: x", "pid: 1, pidfile: /x, match: x"])
def test_exactly_one_way_to_find_the_process(options):
    (only,) = told(f"targets: [{{name: a, process: {{{options}}}, max_loop_time: 2m}}]")
    assert "give exactly one of pid, pidfile, match" in only


def test_a_regular_expression_must_compile():
    (only,) = told("targets: [{name: a, process: {match: 'a('}, max_loop_time: 2m}]")
    assert only.startswith("targets[0].process.match: a(: a regular expression (RE2): missing )")


@pytest.mark.threat("traversal", "labels")
@pytest.mark.parametrize("name", ["A", "", ".a", "a.", "a..b", "a/b", "../a", "a b", '"a\\n"', "a" * 65])
def test_a_name_that_is_no_file_name_is_refused(name):
    (only,) = told(f"targets: [{{name: {name or repr('')}, process: {{pid: 1}}, max_loop_time: 2m}}]")
    assert only.startswith("targets[0].name: ")


@pytest.mark.parametrize("name", ["a", "a-b", "a.b_c", "0", "a" * 64])
def test_a_name_that_is_a_file_name_is_accepted(name):
    assert (
        config(f"targets: [{{name: '{name}', process: {{pid: 1}}, max_loop_time: 2m}}]").targets[0].name
        == name
    )


@pytest.mark.parametrize("mode", ["start", "end", "beat"])
def test_silence_counts_only_with_an_idle_allowance(mode):
    (only,) = told(f"targets: [{target(f'iterations: [heartbeat: {{mode: {mode}}}]')}]")
    assert "heartbeat.idle_allowance: missing: needed in mode" in only
    loaded = config(f"targets: [{target(f'iterations: [heartbeat: {{mode: {mode}, idle_allowance: 5s}}]')}]")
    assert loaded.targets[0].iterations[0].options.idle_allowance == Seconds(5)


def test_an_idle_allowance_without_meaning_is_told():
    (only,) = told(f"targets: [{target('iterations: [heartbeat: {idle_allowance: 5s}]')}]")
    assert "has no meaning in mode start_end" in only


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("collection_time: 1h", "targets[0].cooldown: 15m: at least collection_time (1h)"),
        ("first_loop_time: 1m", "targets[0].first_loop_time: 1m: at least max_loop_time (2m)"),
        (
            "collectors: [pyspy, {pyspy: , name: b}]",
            "targets[0].collectors: pyspy: one entry `pyspy` a target",
        ),
        (
            "sampler: austin, collectors: [pyspy: {gil: true}]",
            "targets[0].sampler: austin: cannot do `gil` of pyspy",
        ),
        ("sampler: perf", "targets[0].sampler: perf: one of auto, pyspy, austin"),
        ("cpu_budget: 0.25", "targets[0].cpu_budget: 0.25: a share such as 25%"),
        ("cpu_budget: 200%", "targets[0].cpu_budget: 200%: at most 100%"),
        ("pause_budget: 0%", "targets[0].pause_budget: 0%: at least 0.1%"),
        ("collectors: [pyspy: {native: true}]", "targets[0].collectors[0].pyspy.native: true: needs"),
        ("captures_per_hour: 0", "targets[0].captures_per_hour: 0: at least 1"),
    ],
)
def test_options_of_a_target_that_do_not_go_together(options, expected):
    (only,) = told(f"targets: [{target(options)}]")
    assert only.startswith(expected)


def test_targets_have_names_of_their_own():
    (only,) = told(f"targets: [{target('')}, {target('', 'b')}, {target('')}]")
    assert only == "targets[2].name: a: taken by targets[0]: choose another"


def test_places_are_those_in_the_file_whatever_else_is_faulty():
    faults = told(f"targets: [{target('cooldown: 5')}, {target('')}, {target('', 'A')}, {target('')}]")
    assert "targets[3].name: a: taken by targets[1]: choose another" in faults


@pytest.mark.threat("binding")
@pytest.mark.parametrize("listen", ["0.0.0.0:1", "10.0.0.1:1", "'[::]:1'", "example.com:1"])
def test_control_within_reach_of_others_needs_token_and_tls_or_an_explicit_word(listen):
    (only,) = told(MINIMAL + f"listen: {listen}\n")
    assert "others can reach it" in only
    sha256 = "ab" * 32
    (only,) = told(MINIMAL + f"listen: {listen}\ncontrol: {{token_sha256: {sha256}}}\n")
    assert "others can reach it" in only
    config(MINIMAL + f"listen: {listen}\ncontrol: {{token_sha256: {sha256}, tls_cert: /c, tls_key: /k}}\n")
    config(MINIMAL + f"listen: {listen}\ncontrol: {{allow_insecure: true}}\n")


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.8.8.8:1", "'[::1]:1'", "localhost:1"])
def test_the_loopback_needs_nothing(listen):
    config(MINIMAL + f"listen: {listen}\n")


@pytest.mark.parametrize("listen", ["8686", ":8686", "localhost", "localhost:", "http://a:1", "::1:80"])
def test_an_address_is_host_and_port(listen):
    (only,) = told(MINIMAL + f"listen: '{listen}'\n")
    assert "HOST:PORT" in only


def test_a_port_has_sixteen_bits():
    assert told(MINIMAL + "listen: 127.0.0.1:70000\n") == ["listen: 127.0.0.1:70000: a port is at most 65535"]


@pytest.mark.parametrize("other", ["127.0.0.1:8686", "0.0.0.0:8686", "'[::]:8686'"])
def test_two_listeners_must_not_meet(other):
    (only,) = told(MINIMAL + f"metrics_listen: {other}\n")
    assert only.startswith("metrics_listen: ")
    assert "taken by listen" in only


def test_a_certificate_and_its_key_go_together():
    assert told(MINIMAL + "control: {tls_cert: /x}\n") == [
        "control.tls_key: missing: needed together with tls_cert"
    ]
    assert told(MINIMAL + "control: {tls_key: /x}\n") == [
        "control.tls_cert: missing: needed together with tls_key"
    ]


@pytest.mark.threat("secrets")
def test_a_token_in_place_of_its_hash_is_not_shown():
    (only,) = told(MINIMAL + "control: {token_sha256: CANARY}\n")
    assert only == "control.token_sha256: ***: the SHA-256 of the token, 64 digits of 0-9a-f"


@pytest.mark.parametrize("path", ["/data/spool", "/data/spool/reports"])
def test_a_file_sink_stays_out_of_the_spool(path):
    (only,) = told(MINIMAL + f"spool: {{path: /data/spool}}\nsinks: [file: {{path: {path}}}]\n")
    assert "inside the spool" in only


def test_a_spool_below_a_file_sink_is_fine():
    config(MINIMAL + "spool: {path: /data/.spool}\nsinks: [file: {path: /data}]\n")


def test_two_file_sinks_do_not_share_a_folder():
    (only,) = told(MINIMAL + "sinks: [file: {path: /data}, {file: {path: /data}, name: b}]\n")
    assert only == "sinks: /data: sink b: the folder of sink file already"


def test_labels_that_sinks_refer_to_are_configured():
    sinks = 'sinks: [s3: {bucket: stalls, prefix: "{clster}/{target}/"}]\n'
    (only,) = told(MINIMAL + "labels: {cluster: x}\n" + sinks)
    assert only == "labels: clster: sink s3 refers to this label; configured: cluster"
    config(MINIMAL + "labels: {clster: x}\n" + sinks)


@pytest.mark.threat("labels")
@pytest.mark.parametrize("label", ["'a b': x", "'': x", 'a: "x\\ny"', f"a: {'x' * 257}"])
def test_labels_are_short_and_on_one_line(label):
    assert len(told(MINIMAL + f"labels: {{{label}}}\n")) == 1


def test_the_spool_has_room_for_each_target():
    (only,) = told(f"targets: [{target('')}, {target('', 'b')}]\nspool: {{max_reports: 1}}\n")
    assert only == "spool.max_reports: 1: at least one for each target"


def test_rules_across_options_are_told_beside_faults_in_targets():
    text = f"listen: 0.0.0.0:1\ntargets: [{target('cooldown: 5')}, {target('x: 1', 'b')}]\n"
    assert [line.partition(":")[0] for line in told(text)] == [
        "targets[0].cooldown",
        "targets[1].x",
        "listen",
    ]


def test_what_is_not_configured_is_not_imported():
    code = (
        "import sys; from daemon.config.load import parse; "
        f"parse({MINIMAL!r}, 'x'); print(*({{'boto3', 'google.protobuf', 'sinks.s3'}} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""


def test_standard_input_is_read_by_one_source_only():
    two = ", ".join(target("iterations: [{log: {path: '-', start: a, end: b}}]", name) for name in "ab")
    (only,) = told(f"targets: [{two}]\n")
    assert "2 sources read standard input" in only


@pytest.mark.parametrize(
    "place",
    ["path: /x, journal: u", "start: x", "path: 'target:x'", "path: /x, journal_directory: /j", "path: ''"],
)
def test_a_log_is_in_one_place(place):
    assert told(f"targets: [{target(f'iterations: [{{log: {{{place}, end: b, idle_allowance: 1s}}}}]')}]\n")


@pytest.mark.parametrize(
    "place",
    [
        "journal: 'x.service'",
        "journal: 'x@1.service', journal_directory: /j",
        "kubernetes: {container: app}",
        "path: '-'",
        "path: 'target:/tmp/app.log'",
        "kubernetes: {container: a, pod: b.c, namespace: d}",
    ],
)
def test_a_log_may_be_in_any_of_these_places(place):
    loaded = config(f"targets: [{target(f'iterations: [{{log: {{{place}, start: a, end: b}}}}]')}]\n")
    assert loaded.targets[0].iterations[0].kind == "log"


@pytest.mark.threat("traversal")
@pytest.mark.parametrize("name", ["../x", "a/b", "a?b", "A", "-a", "a\nb", ""])
def test_names_of_containers_cannot_become_paths(name):
    place = f"kubernetes: {{container: {name!r}}}, start: a, end: b"
    assert told(f"targets: [{target(f'iterations: [{{log: {{{place}}}}}]')}]\n")
