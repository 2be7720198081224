"""S5: a proxy between the S3 sink and a real moto server does what networks do; nothing is lost by it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.spool.state import Delivery
from model.errors import SinkError
from model.manifest import Manifest
from model.secrets import Secret
from model.units import Seconds
from sinks.s3 import S3
from tests.daemon import daemon, loopcam, target, until
from tests.e2e.conftest import Bucket
from tests.proxy import Fault, cut_coming, cut_going, delayed, dripping, hole, proxied, reset, through
from tests.reports import assert_valid_report, finished_report
from tests.servers import moto
from tests.tally import Tally, Times
from tests.unit.spool.entries import name, put

ATTEMPTS, SOAK_ATTEMPTS = 12, 1000
MOST_PUTS = 12  # connections of one attempt
WAITING = 3


@pytest.fixture(scope="module")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto") / "log") as url:
        yield url


def faulty(chance: random.Random) -> Fault:
    """What befalls a connection; mostly nothing."""
    some = [
        cut_going(chance.randrange(4000)),
        cut_going(chance.randrange(200_000)),
        cut_coming(chance.randrange(400)),
        cut_coming(1),
        delayed(chance.uniform(0, 0.2)),
        dripping,
        reset,
        hole,
    ]
    return chance.choice(some) if chance.random() < 0.4 else through


@pytest.mark.fault("S5")
def test_whatever_the_network_does_what_is_acknowledged_is_there(
    tmp_path: Path, store_url: str, tally: Tally, times: Times
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, bucket = random.Random(seed), Bucket(store_url)
    report = finished_report(tmp_path, extra={"evidence/noise.bin": chance.randbytes(150_000)})
    tally.lost = tally.wrong = acknowledged = 0
    with proxied(store_url, [through]) as proxy:
        sink = _sink(proxy.url, bucket.name)
        for _ in range(times(ATTEMPTS, SOAK_ATTEMPTS)):
            proxy.faults[:] = [*(faulty(chance) for _ in range(chance.randrange(MOST_PUTS))), through]
            tally.tries += 1
            try:
                sink.store(report)
            except SinkError as error:
                tally.wrong += not error.retry
                continue
            acknowledged += 1
            tally.lost += not _whole(bucket, report.manifest)
            bucket.empty()
        proxy.faults[:] = [through]
        sink.store(report)
    assert acknowledged < tally.tries, "nothing went wrong: it shows nothing"
    assert _whole(bucket, report.manifest)
    assert (tally.lost, tally.wrong) == (0, 0)


def _sink(url: str, bucket: str) -> S3:
    keys = {"access_key_id": Secret("testing"), "secret_access_key": Secret("testing")}
    return S3(bucket=bucket, endpoint_url=url, region="us-east-1", timeout=Seconds(0.5), **keys)


def _whole(bucket: Bucket, manifest: Manifest) -> bool:
    sizes = {one["Key"]: one["Size"] for one in bucket.objects()}
    [listed] = [key for key in sizes if key.endswith("manifest.json")] or [""]
    home = listed.removesuffix("manifest.json")
    return bool(listed) and all(sizes.get(home + one.path) == one.size_bytes for one in manifest.artifacts)


@pytest.mark.fault("S5", "S6", "S9")
def test_after_an_outage_each_report_that_waited_is_there_once(
    tmp_path: Path, stuck: int, store_url: str, tally: Tally
) -> None:
    bucket = Bucket(store_url)
    for number in range(WAITING):
        put(tmp_path / "spool", number, sinks={"s3": Delivery()})
    faults: list[Fault] = [hole, reset, cut_going(700), cut_coming(1), reset, hole]
    with proxied(store_url, faults) as proxy:
        sinks = [
            {"file": {"path": str(tmp_path / "reports")}},
            bucket.sink(endpoint_url=proxy.url, timeout="500ms", deadline="5s"),
        ]
        with daemon(tmp_path, target("one", stuck), sinks=sinks) as cam:
            until(lambda: cam.said("report not stored yet"), "an attempt failed")
            cam.beat("start", "one")
            until(lambda: cam.said("report accepted"), "captured all the same", 10)
            cam.stored(1)
            proxy.faults[:] = [through]
            until(lambda: loopcam("reports", "retry", "--url", cam.url).returncode == 0, "asked again")
            tally.tries = WAITING + 1
            until(lambda: cam.sink("s3")["pending"] == 0, "all is delivered")
            assert cam.sink("s3")["dead"] == 0
            found = [assert_valid_report(one.parent) for one in _downloaded(bucket, tmp_path)]
            tally.lost = tally.tries - len({one.id for one in found})
            tally.duplicated = len(found) - len({one.id for one in found})
            assert (tally.lost, tally.duplicated) == (0, 0)
            assert {name(number) for number in range(WAITING)} < {one.id for one in found}


def _downloaded(bucket: Bucket, folder: Path) -> list[Path]:
    return sorted(bucket.download(folder / "bucket").rglob("manifest.json"))
