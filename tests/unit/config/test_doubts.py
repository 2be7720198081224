"""What a configuration is warned of: facts only, with what to do."""

from pathlib import Path

import pytest

from daemon.config.doubts import doubts
from daemon.config.load import load, parse
from tests.unit.config.test_docs import EXAMPLES, FOREIGN, PAGES, blocks, whole
from tests.unit.config.test_docs import load as load_text

AUTOSCALER = "iterations: [{log: {path: /x.log, preset: cluster-autoscaler}}]"


def told(options: str, environ: dict[str, str] | None = None, outside: str = "") -> list[str]:
    text = f"{outside}\ntargets:\n  - name: a\n    process: {{pid: 1}}\n"
    config = parse(text + "".join(f"    {line}\n" for line in options.splitlines()), "x", {})
    return list(doubts(config, environ or {}))


def test_a_capture_that_a_preset_s_probe_would_cut_off_is_told() -> None:
    [doubt] = told(f"{AUTOSCALER}\nmax_loop_time: 9m30s")
    assert doubt.startswith(
        "target a: max_loop_time 9m30s + idle_allowance 15s + collection_time 30s is more than 10m,"
    )
    assert "lower max_loop_time or collection_time" in doubt


@pytest.mark.parametrize(
    "options",
    [
        AUTOSCALER,
        f"{AUTOSCALER}\nmax_loop_time: 9m15s",
        f"{AUTOSCALER}\nmax_loop_time: 14m\nkilled_after: 15m",
        "max_loop_time: 10h",
        "max_loop_time: 2m\nkilled_after: 2m30s",
    ],
)
def test_where_there_is_time_or_no_probe_is_known_nothing_is_told(options: str) -> None:
    assert told(options) == []


def test_any_target_may_have_a_probe_and_the_first_iteration_counts_too() -> None:
    [doubt] = told("max_loop_time: 1m\nfirst_loop_time: 5m\nkilled_after: 5m")
    assert "first_loop_time 5m + collection_time 30s is more than 5m" in doubt


@pytest.mark.parametrize(("grace", "told_of"), [("25s", 0), ("30s", 1), ("2m", 1)])
def test_a_long_grace_is_told_of_in_kubernetes_only(grace: str, told_of: int) -> None:
    outside = f"shutdown_grace: {grace}"
    found = told("max_loop_time: 1m", {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, outside)
    assert len(found) == told_of
    assert all("terminationGracePeriodSeconds" in doubt for doubt in found)
    assert told("max_loop_time: 1m", {}, outside) == []


def test_no_configuration_of_the_documentation_is_doubtful(tmp_path: Path) -> None:
    pages = [one for page in PAGES for one in blocks(page) if not one[1].startswith(FOREIGN)]
    found = [whole(text) if is_fragment else text for is_fragment, text in pages]
    found += [example.read_text() for example in EXAMPLES]
    for text in found:
        assert list(doubts(load_text(text, tmp_path), {})) == []


def test_a_file_with_a_doubt_is_good_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("targets: [{name: a, process: {pid: 1}, max_loop_time: 1m, killed_after: 1m}]")
    assert len(list(doubts(load(file), {}))) == 1
