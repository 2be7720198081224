import json
from pathlib import Path
from time import monotonic

import pytest

from tests.daemon import Daemon, daemon, loopcam, target, until
from tests.servers import Answer, Scripted, cut, reply, s3_error, scripted, silent, stored

KEYS = {"access_key_id": "testing", "secret_access_key": "testing"}


def s3(server: Scripted, **options: object) -> dict[str, object]:
    return {"s3": {"bucket": "stalls", "endpoint_url": server.url, **KEYS, **options}}


def http(server: Scripted, **options: object) -> dict[str, object]:
    return {"http": {"url": f"{server.url}/{{file}}", **options}}


def deliveries(cam: Daemon, sink: str, result: str) -> float:
    return cam.metric("loopcam_deliveries_total", sink=sink, result=result)


def state(cam: Daemon, sink: str) -> dict[str, object]:
    """What the spool remembers of its only report."""
    [entry] = cam.entries()
    file = cam.spool / "reports" / entry / "state" / f"sink-{sink}.json"
    found: dict[str, object] = json.loads(file.read_text())
    return found


def share_in_time(cam: Daemon) -> float:
    """The share of the daemon's own timers that were less than 0.25 s late, of at least three."""
    count = "loopcam_lateness_seconds_count"
    until(lambda: cam.metric(count) >= 3, "it kept time")
    return cam.metric("loopcam_lateness_seconds_bucket", le="0.25") / cam.metric(count)


@pytest.mark.fault("S6", "S13")
def test_a_sink_that_never_answers_does_not_delay_another(tmp_path: Path, stuck: int) -> None:
    with scripted(silent) as hanging:
        sinks = [http(hanging, deadline="1s"), {"file": {"path": str(tmp_path / "reports")}}]
        with daemon(tmp_path, target("one", stuck), sinks=sinks) as cam:
            cam.beat("start", "one")
            until(lambda: cam.said("report accepted"), "accepted")
            accepted_s = monotonic()
            cam.stored(1)
            assert monotonic() - accepted_s < 5
            until(lambda: deliveries(cam, "http", "retry"), "the hanging attempt was ended")
            assert "no reply within 1 s" in cam.said("report not stored yet")[0]["error"]
            assert not [line for line in cam.children().values() if "render" in line]
            attempts = until(lambda: state(cam, "http")["attempts"], "remembered")
            assert share_in_time(cam) > 0.8  # of the looks while the sink hung, which took more than a second
            cam.kill()
            cam.start()
            until(lambda: int(str(state(cam, "http")["attempts"])) > int(str(attempts)), "tried again")
            assert state(cam, "file")["progress"] == "delivered"
            cam.stored(1)


@pytest.mark.fault("S5")
def test_what_is_forbidden_is_dead_and_visible_until_it_is_retried(tmp_path: Path, stuck: int) -> None:
    answers = {"now": s3_error(403, "AccessDenied")}
    with (
        scripted(lambda line, request: answers["now"](line, request)) as bucket,
        daemon(tmp_path, target("one", stuck), sinks=[s3(bucket)]) as cam,
    ):
        cam.beat("start", "one")
        until(lambda: deliveries(cam, "s3", "dead"), "given up")
        assert cam.metric("loopcam_delivery_dead", sink="s3") == 1
        said = cam.sink("s3")
        assert (said["dead"], said["pending"]) == (1, 0)
        assert "AccessDenied" in said["last_error"]
        [report] = cam.get("/v1/reports")
        assert report["sinks"]["s3"]["progress"] == "dead"
        assert "s3:PutObject" in report["sinks"]["s3"]["remedy"]
        assert "AccessDenied" in cam.get("/")
        assert "s3:PutObject" in cam.get("/")
        assert "s3:PutObject" in cam.said("report not stored, sink gave up")[0]["remedy"]

        done = loopcam("reports", "retry", "--url", cam.url)
        assert (done.returncode, done.stdout) == (0, "s3: 1 to deliver again\n")
        until(lambda: deliveries(cam, "s3", "dead") == 2, "refused again")
        answers["now"] = stored
        assert loopcam("reports", "retry", report["id"], "--url", cam.url).returncode == 0
        until(lambda: deliveries(cam, "s3", "delivered"), "delivered")
        assert cam.sink("s3") == {"name": "s3", "pending": 0, "dead": 0, "last_error": ""}
        assert loopcam("reports", "retry", "no-such", "--url", cam.url).returncode == 1


@pytest.mark.fault("S5")
def test_a_dead_report_survives_a_restart_and_is_not_tried_by_itself(tmp_path: Path, stuck: int) -> None:
    with scripted(reply(404)) as gone, daemon(tmp_path, target("one", stuck), sinks=[http(gone)]) as cam:
        cam.beat("start", "one")
        until(lambda: deliveries(cam, "http", "dead"), "given up")
        cam.kill()
        tried = len(gone.requests)
        cam.start()
        assert cam.sink("http")["dead"] == 1
        assert cam.metric("loopcam_delivery_dead", sink="http") == 1
        assert len(gone.requests) == tried


@pytest.mark.fault("S5")
def test_retry_after_is_honoured(tmp_path: Path, stuck: int) -> None:
    answers = [reply(503, headers=["Retry-After: 3"]), reply(200)]
    with scripted(*answers) as busy, daemon(tmp_path, target("one", stuck), sinks=[http(busy)]) as cam:
        cam.beat("start", "one")
        until(lambda: deliveries(cam, "http", "retry"), "put off")
        put_off_s = monotonic()
        until(lambda: deliveries(cam, "http", "delivered"), "delivered in the end")
        assert monotonic() - put_off_s > 2
        assert len(busy.requests) == 2


@pytest.mark.fault("S5")
@pytest.mark.parametrize("answer", [reply(500), cut], ids=["500", "cut"])
def test_what_may_pass_is_tried_again(tmp_path: Path, stuck: int, answer: Answer) -> None:
    with (
        scripted(answer, answer, reply(200)) as server,
        daemon(tmp_path, target("one", stuck), sinks=[http(server)]) as cam,
    ):
        cam.beat("start", "one")
        until(lambda: deliveries(cam, "http", "delivered"), "delivered")
        assert deliveries(cam, "http", "retry") == 2
        assert cam.sink("http") == {"name": "http", "pending": 0, "dead": 0, "last_error": ""}


@pytest.mark.fault("S8")
def test_a_secret_whose_file_is_missing_is_told_and_taken_up_when_it_comes(
    tmp_path: Path, stuck: int
) -> None:
    secret = tmp_path / "token"
    secret.write_text("wrong")
    with scripted(reply(200)) as server:
        sinks = [http(server, token=f"file:{secret}")]
        with daemon(tmp_path, target("one", stuck), sinks=sinks) as cam:
            secret.unlink()
            cam.beat("start", "one")
            until(lambda: deliveries(cam, "http", "retry"), "cannot be delivered")
            assert str(secret) in cam.sink("http")["last_error"]
            secret.write_text("the-canary\n")
            until(lambda: deliveries(cam, "http", "delivered"), "delivered")
            assert server.requests[0].headers["authorization"] == "Bearer the-canary"
            assert "the-canary" not in json.dumps(cam.log())
