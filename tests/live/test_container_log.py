"""A container's log by the Kubernetes API: against `tests/kubelet.py`, since no kubelet runs here."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.sources.log.readers import kubernetes
from daemon.sources.log.readers.kubernetes import ContainerLog
from daemon.sources.log.where import Kubernetes
from tests.kubelet import END, NS, Cluster, cluster
from tests.sources import Noted, fails, reading, until
from tests.unit.web.certificate import make_certificate

APP = Kubernetes(container="app")


@pytest.fixture
async def pods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    monkeypatch.setattr(kubernetes, "AGAIN_S", 0.01)
    async with cluster(tmp_path) as one:
        yield one


async def test_lines_are_followed_from_now_on(pods: Cluster) -> None:
    pods.write("before", time.time_ns())
    async with reading(ContainerLog(APP, Noted(), pods.account())) as taken:
        await until(lambda: pods.streams, "it is connected")
        pods.write("one", time.time_ns())
        pods.write("two", time.time_ns())
        await until(lambda: taken.text(fresh=True) == b"one\ntwo\n", "both lines")
    assert pods.asked == [{"container": "app", "follow": "true", "timestamps": "true", "tailLines": "0"}]


async def test_after_a_cut_nothing_is_lost_and_nothing_comes_twice(pods: Cluster) -> None:
    note, written = Noted(), [f"line {number}" for number in range(40)]
    began_ns = time.time_ns()
    for part in range(4):  # each with another reader, as after a restart of the daemon
        reader = ContainerLog(APP, note, pods.account())
        async with reading(reader) as taken:
            await until(lambda: pods.streams, "it is connected")
            for number in range(part * 10, part * 10 + 10):
                pods.write(written[number], began_ns + NS + number // 3)
            lines = "".join(f"{line}\n" for line in written[part * 10 : part * 10 + 10]).encode()
            await until(lambda taken=taken, lines=lines: taken.text() == lines, "the lines of this part")
        await until(lambda: not pods.streams, "the server knows that it is gone")


async def test_what_came_meanwhile_is_read_and_not_fresh(pods: Cluster) -> None:
    at_ns = time.time_ns() - 60 * NS
    pods.write("known", at_ns)
    pods.write("missed", at_ns + 1)
    async with reading(ContainerLog(APP, Noted(f"{at_ns} 1"), pods.account())) as taken:
        await until(lambda: taken.text(fresh=False) == b"missed\n", "what was missed")
        pods.write("now", time.time_ns())
        await until(lambda: taken.text(fresh=True) == b"now\n", "what is new")


async def test_a_container_that_restarts_is_read_again(pods: Cluster) -> None:
    async with reading(ContainerLog(APP, Noted(), pods.account())) as taken:
        await until(lambda: pods.streams, "it is connected")
        pods.write("last words", time.time_ns())
        pods.write(END, 0)
        await until(lambda: any(piece.ends for piece in taken.pieces), "its end")
        pods.write("again", time.time_ns())
        await until(lambda: taken.text() == b"last words\nagain\n", "the next one's line")


@pytest.mark.parametrize("late_headers", [False, True])
async def test_a_connection_that_is_half_open_is_given_up(
    pods: Cluster, monkeypatch: pytest.MonkeyPatch, late_headers: bool
) -> None:
    monkeypatch.setattr(kubernetes, "SILENCE_S", 0.2)
    pods.stays_silent, pods.late_headers = True, late_headers
    async with reading(ContainerLog(APP, Noted(), pods.account())) as taken:
        await until(lambda: pods.streams, "it is connected")
        pods.write("unheard", time.time_ns())
        await until(lambda: len(pods.asked) > 2, "it asks again")
        pods.stays_silent = False
        await until(lambda: taken.text() == b"unheard\n", "what it missed")
        assert not any(piece.ends for piece in taken.pieces)


async def test_a_token_is_read_at_each_connection(pods: Cluster) -> None:
    async with reading(ContainerLog(APP, Noted(), pods.account())) as taken:
        await until(lambda: pods.streams, "it is connected")
        pods.renew("second")
        pods.write(END, 0)
        pods.write("after", time.time_ns())
        await until(lambda: taken.text() == b"after\n", "it is let in again")


async def test_a_token_that_is_not_valid_is_told(pods: Cluster) -> None:
    (pods.folder / "token").write_text("expired")
    error = await fails(ContainerLog(APP, Noted(), pods.account()))
    assert "401" in str(error)
    assert "token" in error.remedy


async def test_a_connection_that_breaks_is_told(pods: Cluster) -> None:
    failing = asyncio.create_task(fails(ContainerLog(APP, Noted(), pods.account())))
    await until(lambda: pods.streams, "it is connected")
    pods.hang_up()
    assert "Kubernetes API: " in str(await failing)


async def test_a_refusal_names_the_role_that_is_needed(pods: Cluster) -> None:
    pods.refuses = (403, 'pods "mine" is forbidden: cannot get resource "pods/log"')
    error = await fails(ContainerLog(APP, Noted(), pods.account()))
    assert "is forbidden" in str(error)
    assert "resources: [pods/log], verbs: [get]" in error.remedy


@pytest.mark.parametrize(
    ("options", "said", "remedy"),
    [
        (Kubernetes(container="other"), "container other is not valid", "kubernetes.container"),
        (Kubernetes(container="app", pod="another"), 'pods "another" not found', "POD_NAME"),
        (Kubernetes(container="app", namespace="elsewhere"), "not found", "kubernetes.namespace"),
    ],
)
async def test_what_is_not_there_is_told(pods: Cluster, options: Kubernetes, said: str, remedy: str) -> None:
    error = await fails(ContainerLog(options, Noted(), pods.account()))
    assert said in str(error)
    assert remedy in error.remedy


async def test_a_server_of_another_authority_gets_no_token(pods: Cluster, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_certificate(tmp_path / "other", "another authority")
    other.certificate.rename(tmp_path / "ca.crt")
    error = await fails(ContainerLog(APP, Noted(), pods.account()))
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert not pods.asked


async def test_where_there_is_no_server_that_is_told(tmp_path: Path) -> None:
    async with cluster(tmp_path) as pods:
        account = pods.account()
    error = await fails(ContainerLog(APP, Noted(), account))
    assert "Kubernetes API: " in str(error)
    assert "it is tried again" in error.remedy


async def test_outside_a_pod_that_is_told(pods: Cluster) -> None:
    error = await fails(ContainerLog(APP, Noted(), pods.account(KUBERNETES_SERVICE_HOST="")))
    assert "no Kubernetes pod" in str(error)
    (pods.folder / "token").unlink()
    error = await fails(ContainerLog(APP, Noted(), pods.account()))
    assert "automountServiceAccountToken" in error.remedy


async def test_a_redirect_is_not_followed(pods: Cluster) -> None:
    pods.refuses = (307, "elsewhere")
    assert "307" in str(await fails(ContainerLog(APP, Noted(), pods.account())))
