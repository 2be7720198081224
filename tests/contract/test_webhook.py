"""The webhook over real sockets: what is sent, what is tried again, and what never shows."""

import json
import time
from typing import Any

import pytest

from daemon.config.load import parse
from model.errors import ConfigError, SinkError
from model.news import Moment
from model.secrets import Secret
from sinks import NOTIFICATIONS, plugins
from sinks.webhook import Webhook
from tests.servers import Answer, cut, reply, scripted, silent, trickle
from tests.unit.notifications.tellings import judged, telling

CANARY = "T0CANARY/B0CANARY/s3cr3tCanary"
TARGETS = "targets: [{name: a, process: {pid: 1}, max_loop_time: 1s}]\n"


def webhook(url: str, **options: Any) -> Webhook:
    return Webhook(url=Secret(f"{url}/services/{CANARY}?sig=queryCanary"), **options)


def failure(answer: Answer, **options: Any) -> SinkError:
    with scripted(answer) as server, pytest.raises(SinkError) as raised:
        webhook(server.url, token=Secret("tokenCanary"), **options).announce(telling())
    shown = f"{raised.value}{raised.value.remedy}".lower()
    assert "canary" not in shown
    return raised.value


def test_the_plain_form_is_the_news_with_a_name_that_stays_the_same() -> None:
    with scripted(reply(204)) as server:
        hook = webhook(server.url, token=Secret("abc"), headers={"X-Team": Secret("ops")})
        assert hook.announce(judged()) == hook.announce(judged()) == server.url
    first, second = server.requests
    assert (first.method, first.target) == ("POST", f"/services/{CANARY}?sig=queryCanary")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == judged().id
    assert (first.headers["authorization"], first.headers["x-team"]) == ("Bearer abc", "ops")
    said = json.loads(first.body)
    assert said == json.loads(second.body)
    assert said["moment"] == Moment.STORED
    assert said["verdict"]["sentence"] == "It waited for a name."
    assert {"id", "report", "target", "labels", "age_s", "threshold_s", "signature", "link"} <= said.keys()


def test_slack_gets_blocks() -> None:
    with scripted(reply(200, b"ok")) as server:
        webhook(server.url, template="slack").announce(judged())
    assert json.loads(server.requests[0].body)["blocks"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(status: int) -> None:
    error = failure(reply(status, f"no: {CANARY}".encode(), headers=["Retry-After: 7"]))
    assert (error.retry, error.retry_after_s) == (True, 7.0)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410])
def test_what_stays_is_not(status: int) -> None:
    assert not failure(reply(status, f"no_service {CANARY}".encode())).retry


@pytest.mark.parametrize("answer", [cut, silent, trickle, reply(200, b"", length=10)])
def test_a_server_that_hangs_or_cuts_costs_a_bounded_time(answer: Answer) -> None:
    began_s = time.monotonic()
    assert failure(answer, timeout=0.5).retry
    assert time.monotonic() - began_s < 10


def test_garbage_is_tried_again() -> None:
    assert failure(lambda connection, _: connection.sendall(b"\0\xff garbage\r\n\r\n")).retry


@pytest.mark.threat("secrets")
def test_a_server_that_repeats_secrets_in_other_letters_does_not_tell_them() -> None:
    shouted = f"/services/{CANARY}?sig=queryCanary tokenCanary".upper()
    failure(reply(400, f"{shouted} {shouted.lower()}".encode()))


@pytest.mark.parametrize("host", [f"{'a' * 64}.example", "a..example"])
def test_a_name_that_cannot_be_looked_up_is_a_fault(host: str) -> None:
    with pytest.raises(ConfigError, match="that can be looked up") as raised:
        parse(f"{TARGETS}notifications: [{{webhook: {{url: 'https://{host}/x'}}}}]", "test", {})
    assert "https://" not in str(raised.value)


@pytest.mark.threat("redirects")
@pytest.mark.parametrize("there", ["http://127.0.0.2:1/elsewhere", "https://169.254.169.254/", ""])
def test_no_redirect_to_another_host_is_followed(there: str) -> None:
    error = failure(reply(307, headers=[f"Location: {there}"]))
    assert not error.retry
    assert "redirects to another host" in str(error)


@pytest.mark.threat("redirects")
def test_no_link_local_address_is_dialled() -> None:
    hook = Webhook(url=Secret("http://169.254.169.254/latest"))
    with pytest.raises(SinkError, match="link-local"):
        hook.announce(telling())


FAULTS = (
    ("{url: ftp://x/y}", "begins with http"),
    ("{url: 'http://169.254.169.254/x'}", "no link-local address"),
    ("{url: 'https://hooks.example/x', link: 'reports/{id}'}", "begins with http"),
    ("{url: 'https://hooks.example/x', link: 'https://r/{}'}", "a field is a name in braces"),
    ("{url: 'https://hooks.example/x', link: 'https://r/{zone}'}", "refers to this label"),
    ("{url: 'https://hooks.example/x', sink: s3}", "waits for this sink"),
    ("{url: 'https://hooks.example/x', when: [sometimes]}", "accepted"),
    ("{url: 'https://hooks.example/x', token: a, headers: {Authorization: b}}", "either a token"),
    ("{url: 'https://hooks.example/x', timeout: 0s}", "above 0"),
    ("{url: 'https://hooks.example/x', give_up_after: 0s}", "above 0"),
)


@pytest.mark.threat("secrets")
@pytest.mark.parametrize(("options", "rule"), FAULTS)
def test_faults_are_told_without_secrets(options: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule) as raised:
        parse(f"{TARGETS}notifications: [{{webhook: {options}}}]", "test", {})
    assert "hooks.example/x" not in str(raised.value)


def test_it_is_found_by_its_name() -> None:
    assert plugins.notification_names() == tuple(NOTIFICATIONS) == ("webhook",)
    assert plugins.find_notification("webhook") is Webhook
