"""Which sampler is chosen, and what is said of it."""

from typing import ClassVar

import pytest

from collectors.contract import Cost, Sampler
from collectors.pyspy import PySpy
from daemon.capture.budget import Limits
from daemon.capture.choice import Other, Sampling, choose
from daemon.capture.plan import sampling
from daemon.config.load import parse

LARGE = Cost(threads=50, frames=3000)
SMALL = Cost(threads=2, frames=20)


class Cheap(Sampler, frozen=True):
    """A sampler that costs a tenth of py-spy."""

    segment_suffix: ClassVar[str] = ".mojo"

    def asked_rate_hz(self) -> int | None:
        return None

    def sample_s(self, cost: Cost) -> float:
        return PySpy().sample_s(cost) / 10


def chosen(asked: str, cost: Cost, unfit: str = "", **options: object) -> tuple[str, str]:
    looker = PySpy(**options)
    how = Sampling(name="pyspy", looker=looker, asked=asked, limits=Limits())
    choice = choose(how, looker, Other(name="austin", sampler=Cheap(), unfit=unfit), cost)
    return choice.name, choice.why


def test_the_one_that_samples_more_often_is_chosen():
    name, why = chosen("auto", LARGE)
    assert name == "austin"
    assert why.startswith("austin ")
    assert "within the budget" in why


def test_equals_are_decided_for_py_spy():
    assert chosen("auto", SMALL) == ("pyspy", "austin 100 Hz, pyspy 100 Hz within the budget")


@pytest.mark.parametrize("option", ["gil", "subprocesses", "blocking"])
def test_what_only_py_spy_can_do_decides_for_it(option):
    assert chosen("auto", LARGE, **{option: True}) == ("pyspy", f"only pyspy can do `{option}`")


def test_one_that_cannot_be_used_is_replaced_and_named():
    for asked in ("auto", "austin"):
        assert chosen(asked, LARGE, "no") == ("pyspy", "austin cannot be used: no")


def test_what_is_configured_is_used():
    assert chosen("austin", SMALL) == ("austin", "configured")
    assert chosen("pyspy", LARGE) == ("pyspy", "configured")


@pytest.mark.parametrize(
    ("options", "others"),
    [
        ("sampler: auto", ["austin"]),
        ("sampler: austin", ["austin"]),
        ("sampler: pyspy", []),
        ("collectors: [pyspy: {rate_hz: 50}]", []),  # whoever sets its rate means it
        ("collectors: [pyspy: {rate_hz: 50}, austin]", ["austin"]),
        ("collectors: [austin]", ["austin"]),
        ("{sampler: austin, collectors: [pyspy: {rate_hz: 50}]}", ["austin"]),
    ],
)
def test_options_say_who_may_sample(options, others):
    text = f"targets: [{{name: a, process: {{pid: 1}}, max_loop_time: 2m, {options.strip('{}')}}}]"
    if options.startswith("{"):
        text = text.replace(options.strip("{}"), options[1:-1])
    how = sampling(parse(text, "file.yaml", {}).targets[0])
    assert how is not None
    assert list(how.others) == others
    assert how.name == "pyspy"
