import hashlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, loopcam, looping, target, until
from tests.routes import routes
from tests.unit.web.certificate import make_certificate

TOKEN = "the-canary"
ROUTES = [one for one in routes() if one != ("GET", "/healthz")]


@pytest.fixture
def stuck() -> Iterator[int]:
    with looping() as child:
        yield child.pid


def guarded(folder: Path) -> dict[str, object]:
    tls = make_certificate(folder)
    return {
        "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
        "tls_cert": str(tls.certificate),
        "tls_key": str(tls.key),
    }


def test_a_capture_by_hand(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, collection_time="2s", captures_per_hour=2)) as cam:
        status, answer = cam.ask("POST", "/v1/collect")
        assert (status, answer["target"]) == (202, "one")
        status, refused = cam.ask("POST", "/v1/collect", {"target": "one"})
        assert status == 409
        assert refused["error"].startswith("busy: ")
        assert cam.target("one")["capturing"] is True
        manifest = cam.report()
        assert manifest.id == answer["id"]
        assert (manifest.capture.trigger.kind, manifest.capture.iteration) == ("manual", None)
        until(lambda: not cam.target("one")["capturing"], "it is over")

        done = loopcam("collect", "--target", "one", "--url", cam.url)
        assert done.returncode == 0
        assert done.stdout.startswith("capturing one: report ")
        assert loopcam("collect", "--url", cam.url).returncode == 1  # busy
        until(lambda: len(cam.entries()) == 2, "the second")
        again = loopcam("collect", "--url", cam.url)
        assert again.returncode == 1
        assert "rate_limited: 2 captures within the last hour" in again.stderr

        for body, code in (({"target": "two"}, 404), ({"targets": "one"}, 400), ([], 400)):
            assert cam.ask("POST", "/v1/collect", body)[0] == code


def test_heartbeats_from_the_command_line(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, max_loop_time="1h")) as cam:
        assert loopcam("heartbeat", "start", "--iteration", "17", "--url", cam.url).returncode == 0
        assert cam.target("one")["in_flight"]["iteration"] == "17"
        assert loopcam("heartbeat", "end", "--target", "one", env={"LOOPCAM_URL": cam.url}).returncode == 0
        assert cam.target("one")["iterations"] == 1
        unknown = loopcam("heartbeat", "start", "--target", "onne", "--url", cam.url)
        assert unknown.returncode == 1
        assert "did you mean one?" in unknown.stderr
        beat = loopcam("heartbeat", "beat", "--url", cam.url)
        assert beat.returncode == 1
        assert "mode start_end" in beat.stderr


@pytest.mark.threat("traversal")
def test_only_files_of_reports_are_served(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck)) as cam:
        cam.beat("start", "one")
        home = cam.stored(1)[0]
        (cam.spool / "reports" / home.name / "report" / "unlisted").write_text("not in the manifest")
        for name in ("manifest.json", "capture.json", "report.html", "flamegraph.svg", "profile.collapsed"):
            assert cam.ask("GET", f"/v1/reports/{home.name}/{name}")[0] == 200
        for path in (
            f"{home.name}/unlisted",
            f"{home.name}/../state/sink-file.json",
            f"{home.name}/..%2fstate%2fsink-file.json",
            f"{home.name}/%2e%2e/state/sink-file.json",
            f"{home.name}//etc/passwd",
            f"{home.name}/%2Fetc%2Fpasswd",
            f"{home.name}/evidence",
            f"{home.name}/",
            "../reports/manifest.json",
            "%2e%2e/lock",
            "..%2f..%2fstate/limits.json",
            "no-such-report/manifest.json",
        ):
            status, answer = cam.ask("GET", f"/v1/reports/{path}")
            assert (path, status) == (path, 404)
            assert "there is no such" in str(answer) or "error" in answer


@pytest.mark.threat("routes")
def test_metrics_listen_shows_metrics_and_probes_only(tmp_path: Path, stuck: int) -> None:
    address = f"127.0.0.1:{_free_port()}"
    options = {"metrics_listen": address, "control": guarded(tmp_path)}
    with daemon(tmp_path, target("one", stuck), **options) as cam:
        control, cam.url = cam.url, f"http://{address}"
        for path in ("/metrics", "/healthz", "/readyz"):
            assert cam.ask("GET", path)[0] == 200
        for method, path in ROUTES:
            if path not in ("/metrics", "/readyz"):
                assert (path, cam.ask(method, path)[0]) == (path, 404)
        cam.url = control


@pytest.mark.threat("routes")
def test_with_a_token_every_route_but_healthz_needs_it(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck), control=guarded(tmp_path)) as cam:
        assert cam.url.startswith("https://")
        cam.trust = ssl.create_default_context(cafile=str(tmp_path / "tls.crt"))
        assert cam.ask("GET", "/healthz")[0] == 200
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
            cam.headers = wrong
            for method, path in ROUTES:
                assert (path, cam.ask(method, path)[0]) == (path, 401)
        cam.headers = {"Authorization": f"Bearer {TOKEN}"}
        assert cam.ask("GET", "/v1/status")[0] == 200
        cam.beat("start", "one")
        cam.stored(1)

        trusting = ("--url", cam.url, "--ca-bundle", str(tmp_path / "tls.crt"))
        assert loopcam("collect", *trusting).returncode == 1
        assert "a token is needed" in loopcam("collect", *trusting).stderr
        done = loopcam("collect", *trusting, env={"LOOPCAM_TOKEN": TOKEN})
        assert (done.returncode, done.stderr) == (0, "")
        distrusting = loopcam("collect", "--url", cam.url, env={"LOOPCAM_TOKEN": TOKEN})
        assert distrusting.returncode == 1
        assert "certificate" in distrusting.stderr
        assert TOKEN not in str(cam.log())


@pytest.mark.threat("pages")
def test_other_sites_pages_are_refused(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck)) as cam:
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            cam.headers = headers
            for method, path in ROUTES:
                assert (path, cam.ask(method, path)[0]) == (path, 403)


@pytest.mark.threat("binding")
@pytest.mark.parametrize("address", ["0.0.0.0:0", "192.0.2.1:8686", "[::]:0", "loopcam.example:8686"])
def test_an_address_that_others_reach_needs_a_token_and_tls(tmp_path: Path, address: str) -> None:
    cam = Daemon(tmp_path, [target("one", 1)], listen=address)
    for arguments in (["run", "--config"], ["check"]):
        done = loopcam(*arguments, str(cam.file))
        assert done.returncode == 78
        assert "listen" in done.stderr
        assert "control.token_sha256" in done.stderr
        assert "Traceback" not in done.stderr
    cam.configure(control=guarded(tmp_path))
    assert loopcam("check", str(cam.file)).returncode == 0
    cam.configure(control={"allow_insecure": True})
    assert loopcam("check", str(cam.file)).returncode == 0


def test_no_daemon_is_told_in_plain_words() -> None:
    done = loopcam("collect", "--url", f"http://127.0.0.1:{_free_port()}")
    assert done.returncode == 1
    assert "no daemon answers" in done.stderr
    assert "Traceback" not in done.stderr


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
