"""Notifications of a whole daemon: told twice, tried again, taken up after a restart, and in nobody's way."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.daemon import Daemon, daemon, loopcam, looping, target, until
from tests.servers import Request, Scripted, reply, scripted, silent

CANARY = "T0CANARY/B0CANARY/s3cr3tCanary"


def hook(server_url: str, folder: Path, **options: object) -> dict[str, object]:
    """A webhook whose URL is a secret in a file."""
    file = folder / "url"
    file.write_text(f"{server_url}/services/{CANARY}\n")
    file.chmod(0o600)
    return {"webhook": {"url": f"file:{file}", **options}}


def hooked(folder: Path, pid: int, *notifications: object) -> AbstractContextManager[Daemon]:
    return daemon(folder, target("one", pid), notifications=list(notifications))


def stall(cam: Daemon, name: str = "one") -> None:
    cam.finds(name)
    cam.beat("start", name, 1)


def told(server: Scripted, count: int) -> list[dict[str, Any]]:
    until(lambda: len(server.requests) >= count, f"{count} messages")
    return [json.loads(request.body) for request in server.requests]


def keys(requests: Sequence[Request]) -> list[str]:
    return [request.headers["idempotency-key"].rpartition(".")[2] for request in requests]


def assert_secret(cam: Daemon) -> None:
    """Neither logs nor status nor state say more of the URL than its host."""
    said = [log.read_text() for log in cam.logs]
    said += [json.dumps(cam.get("/v1/status")), json.dumps(cam.get("/v1/reports")), cam.get("/metrics")]
    said += [file.read_text() for file in cam.spool.rglob("state/*.json")]
    assert not [text for text in said if "CANARY" in text.upper()]


def test_a_report_is_told_of_when_accepted_and_when_stored(tmp_path: Path) -> None:
    with scripted(reply(200, b"ok")) as server, looping() as child:
        notification = hook(server.url, tmp_path, link="https://reports.example/{path}/{zone}")
        labels = {"zone": "a b"}
        options = {"notifications": [notification], "labels": labels}
        with daemon(tmp_path, target("one", child.pid), **options) as cam:
            stall(cam)
            first, second = told(server, 2)
            report = cam.stored(1)[0]
            assert (first["moment"], second["moment"]) == ("accepted", "stored")
            assert first["id"] != second["id"]
            assert first["report"] == second["report"] == report.name
            assert second["locations"] == {"file": str(report)}
            assert second["link"] == f"https://reports.example/{second['path']}/a%20b"
            assert (second["target"], second["labels"], second["iteration"]) == ("one", labels, "1")
            assert second["age_s"] >= second["threshold_s"] == 0.2
            assert second["function"]
            assert first["verdict"] in (None, second["verdict"])  # it does not wait for the drawing
            said = second["verdict"]
            assert said["sentence"]
            assert said["signature"] == second["signature"] != ""
            last = cam.target("one")["last_verdict"]
            assert last == {"report": report.name, "verdict": said}
            assert cam.get("/v1/reports")[0]["verdict"] == said
            counted = {"target": "one", "cause": said["cause"], "confidence": said["confidence"]}
            assert cam.metric("loopcam_verdicts_total", **counted) == 1
            assert cam.metric("loopcam_last_verdict_info", signature=said["signature"], **counted) == 1
            until(lambda: cam.metric("loopcam_notifications_total", result="delivered") == 2, "both counted")
            assert cam.get("/v1/status")["notifications"] == [
                {"name": "webhook", "pending": 0, "dead": 0, "last_error": ""}
            ]
            assert_secret(cam)


def test_a_server_that_hangs_delays_neither_deliveries_nor_captures(tmp_path: Path) -> None:
    with scripted(silent) as server, looping() as child:
        notification = hook(server.url, tmp_path, timeout="20s", deadline="25s")
        options = {"notifications": [notification], "shutdown_grace": "1s"}
        with daemon(tmp_path, target("one", child.pid), **options) as cam:
            stall(cam)
            cam.stored(1)
            assert cam.metric("loopcam_notification_pending") == 1
            assert cam.metric("loopcam_notifications_total", result="delivered") == 0
            assert cam.stop() == 0


def test_refused_for_now_is_tried_again_in_order_and_after_a_restart(tmp_path: Path) -> None:
    busy = reply(429, b"slow down", headers=["Retry-After: 1"])
    with (
        scripted(busy, busy, reply(200)) as server,
        looping() as child,
        hooked(tmp_path, child.pid, hook(server.url, tmp_path)) as cam,
    ):
        stall(cam)
        cam.stored(1)
        until(lambda: cam.metric("loopcam_notifications_total", result="retry"), "an attempt failed")
        assert "429" in cam.get("/v1/status")["notifications"][0]["last_error"]
        cam.kill()
        cam.start()
        told(server, 4)
        assert keys(server.requests) == ["accepted", "accepted", "accepted", "stored"]
        assert_secret(cam)


def test_what_never_gets_through_is_dead_and_can_be_retried(tmp_path: Path) -> None:
    with scripted(reply(500), reply(500), reply(200)) as server, looping() as child:
        notification = hook(server.url, tmp_path, give_up_after="10ms")
        with daemon(tmp_path, target("one", child.pid), notifications=[notification]) as cam:
            stall(cam)
            until(lambda: cam.metric("loopcam_notification_dead") == 1, "given up")
            cam.stored(1)
            assert cam.said("notification given up")
            until(lambda: cam.ask("POST", "/v1/reports/retry", {})[1]["notification webhook"], "tried again")
            until(lambda: cam.metric("loopcam_notification_dead") == 0, "through at last")
            assert_secret(cam)


def test_drills_are_left_out_unless_asked_for_and_a_probe_says_what_would_happen(tmp_path: Path) -> None:
    with scripted(reply(200)) as server, looping() as child:
        quiet = hook(server.url, tmp_path)
        loud = {**hook(server.url, tmp_path, drills=True, when=["stored"], template="slack"), "name": "loud"}
        patient = target("one", child.pid, collection_time="3s")  # so that a sample is taken on any machine
        with daemon(tmp_path, patient, notifications=[quiet, loud]) as cam:
            cam.finds("one")
            done = loopcam("collect", "--drill", "--url", cam.url)
            assert done.returncode == 0, done.stdout + done.stderr
            told(server, 1)
            until(lambda: cam.metric("loopcam_notifications_total", result="delivered") == 1, "counted")
            assert json.loads(server.requests[0].body)["text"].startswith("loopcam drill of one")
            probed = loopcam("doctor", "--config", str(cam.file), "--probe-sinks", "--json")
            findings = json.loads(probed.stdout)["findings"]
            probes = {one["subject"]: one for one in findings if one["check"] == "probe"}
            assert probes["notification webhook"]["level"] == probes["notification loud"]["level"] == "ok"
            assert json.loads(server.requests[-1].body)["text"].startswith("loopcam drill of loopcam-doctor")
            assert len(server.requests) == 3
            assert_secret(cam)


def test_a_notification_that_is_taken_out_is_forgotten(tmp_path: Path) -> None:
    with (
        scripted(reply(500)) as server,
        looping() as child,
        hooked(tmp_path, child.pid, hook(server.url, tmp_path)) as cam,
    ):
        stall(cam)
        until(lambda: server.requests, "an attempt")
        cam.configure(notifications=[])
        until(lambda: cam.said("configuration taken up"), "taken up")
        assert cam.get("/v1/status")["notifications"] == []
        assert not cam.samples("loopcam_notification_pending")
