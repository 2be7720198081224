"""What is written for something else that exists is told what to write instead."""

import pytest

from daemon.config.load import parse
from model.errors import ConfigError

SECRET = "https://hooks.example/services/T0/B0/s3cr3t"


def told(rest: str, dashcam: str = "off") -> str:
    target = f"targets: [{{name: a, process: {{pid: 1}}, max_loop_time: 1s, dashcam: {dashcam}}}]"
    with pytest.raises(ConfigError) as raised:
        parse(f"{target}\n{rest}", "test", {})
    return str(raised.value)


@pytest.mark.parametrize("written", ["slack", "{slack: {url: 'https://hooks.example/x'}}", "Slack"])
def test_slack_is_a_template_of_the_webhook(written: str) -> None:
    assert "write `webhook: {url: ..., template: slack}`" in told(f"notifications: [{written}]")


@pytest.mark.parametrize("written", [f"'{SECRET}'", f"{{'{SECRET}': {{template: slack}}}}"])
def test_a_url_alone_is_not_repeated(written: str) -> None:
    said = told(f"notifications: [{written}]")
    assert "write `webhook: {url: ...}`" in said
    assert "hooks.example" not in said


@pytest.mark.parametrize("written", ["no", "'no'", "n", "{mode: no}", "{mode: false}"])
def test_no_means_off(written: str) -> None:
    assert "one of off, adaptive, continuous (write off)" in told("", written)


@pytest.mark.parametrize("written", ["on", "yes", "true", "{mode: on}"])
def test_yes_means_one_of_the_others(written: str) -> None:
    assert "(write adaptive or continuous)" in told("", written)
