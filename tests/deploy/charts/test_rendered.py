"""What the charts render over a matrix of values: valid for Kubernetes, and for our own daemon."""

import shutil
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from daemon import __version__
from tests.deploy.charts import matrix
from tests.deploy.charts.helm import AUTOSCALER, LIBRARY, STANDALONE, Values, config, helm, manifests, sidecar
from tests.prerequisites import require

KUBERNETES = ("1.29", "1.33", "1.37")
_WITHOUT_SCHEMA = ("PodMonitor",)  # of the Prometheus operator

every = pytest.mark.parametrize(("chart", "values"), matrix.ALL, ids=matrix.NAMES)


@every
def test_it_is_valid_for_three_versions_of_kubernetes(chart: Path, values: Values) -> None:
    found = [one for one in manifests(chart, values) if one["kind"] not in _WITHOUT_SCHEMA]
    assert found
    for version in KUBERNETES:
        for one in found:
            kubernetes_validate.validate(one, version, strict=True)


@every
def test_helm_has_nothing_against_it(chart: Path, values: Values) -> None:
    done = helm("lint", "--strict", chart, values=values)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize("chart", [LIBRARY, STANDALONE, AUTOSCALER], ids=lambda chart: chart.name)
def test_helm_has_nothing_against_the_defaults(chart: Path) -> None:
    done = helm("lint", "--strict", chart)
    assert done.returncode == 0, done.stdout + done.stderr


@every
def test_the_daemon_takes_its_configuration(chart: Path, values: Values) -> None:
    if values == matrix.SIDECARS["disabled"]:
        assert [one["kind"] for one in manifests(chart, values)] == ["Deployment"]
        return
    read = config(manifests(chart, values))
    assert read.metrics_listen == "0.0.0.0:9686"
    assert read.labels["pod"] == "demo-0"
    assert (read.listen is None) == (values == matrix.SIDECARS["host network"])


def test_it_can_be_packaged_with_the_library_in_it(tmp_path: Path) -> None:
    done = helm("package", STANDALONE, "--destination", tmp_path)
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.iterdir()
    assert manifests(package, matrix.alone()) == manifests(STANDALONE, matrix.alone())


def test_a_chart_takes_the_library_by_its_path_as_well(tmp_path: Path) -> None:
    """As `Chart.yaml` says, without the link."""
    chart = tmp_path / "autoscaler"
    shutil.copytree(AUTOSCALER, chart, ignore=shutil.ignore_patterns("charts"))
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    about["dependencies"][0]["repository"] = f"file://{LIBRARY}"
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    done = helm("dependency", "build", chart)
    assert done.returncode == 0, done.stderr
    assert [one.name for one in (chart / "charts").iterdir()] == [f"loopcam-lib-{__version__}.tgz"]
    assert manifests(chart, {}) == manifests(AUTOSCALER, {})


@pytest.mark.parametrize(
    ("chart", "values"),
    [(AUTOSCALER, matrix.SIDECARS["logs and more"]), (STANDALONE, matrix.STANDALONES["all objects"])],
    ids=["sidecar", "standalone"],
)
def test_helm_4_renders_the_same(chart: Path, values: Values) -> None:
    require("helm4")
    done = helm("template", "demo", chart, values=values, program="helm4")
    assert done.returncode == 0, done.stderr
    assert [one for one in yaml.safe_load_all(done.stdout) if one] == manifests(chart, values)


def test_helm_4_refuses_the_same() -> None:
    require("helm4")
    done = helm("template", "demo", AUTOSCALER, values=sidecar(privilege="root"), program="helm4")
    assert done.returncode != 0
    assert "'/privilege': value must be one of 'sameUser'" in done.stderr
