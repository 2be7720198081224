from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from daemon.config.parts import Part, family
from daemon.config.walker import FAILED, convert
from model.errors import Fault
from model.secrets import Secret
from model.units import ByteSize, Seconds


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    depth: Annotated[int, Meta(ge=1, le=9, description="How deep")]


class Bare(msgspec.Struct, frozen=True, kw_only=True):
    size: ByteSize = ByteSize(1)


KINDS = family("thing", {"bare": Bare, "inner": Inner})


class Options(msgspec.Struct, frozen=True, kw_only=True):
    text: Annotated[str, Meta(min_length=2, max_length=4)] = "ab"
    count: Annotated[int | None, Meta(gt=0)] = None
    share: Annotated[float, Meta(lt=1)] = 0.5
    flag: bool = False
    time: Annotated[Seconds, Meta(ge=0.5)] = Seconds(1)
    size: ByteSize = ByteSize(5)
    path: Path = Path("/x")
    secret: Secret | None = None
    mode: Literal["slow", "fast"] = "slow"
    names: tuple[Annotated[str, Meta(pattern="^[a-z]+$")], ...] = ()
    table: dict[str, Seconds] = {}
    secrets: dict[str, Secret] = {}
    inner: Inner = Inner(depth=1)
    things: Annotated[tuple[Part[msgspec.Struct], ...], KINDS, Meta(min_length=1)] = ()

    def check(self):
        if self.count == 13:
            yield "count", "13", "not this one"


def made(**raw: object) -> Options:
    faults: list[Fault] = []
    value = convert(raw, Options, "", faults)
    assert not faults
    assert isinstance(value, Options)
    return value


def told(raw: object) -> list[str]:
    faults: list[Fault] = []
    convert(raw, Options, "", faults)
    return list(map(str, faults))


def test_every_kind_of_value_is_converted():
    options = made(
        text="abc",
        count="7",
        share=0.25,
        flag="true",
        time="1h30m",
        size="2KiB",
        path="/y",
        secret="s",
        mode="fast",
        names=["a", "b"],
        table={"k": "2s"},
        inner={"depth": 3},
        things=["bare", {"inner": {"depth": 2}, "name": "second"}],
    )
    assert options.count == 7
    assert options.flag is True
    assert options.time == 5400
    assert options.size == 2048
    assert options.path == Path("/y")
    assert options.secret == Secret("s")
    assert options.names == ("a", "b")
    assert options.table == {"k": 2.0}
    assert options.inner == Inner(depth=3)
    assert options.things == (
        Part(kind="bare", name="bare", options=Bare()),
        Part(kind="inner", name="second", options=Inner(depth=2)),
    )


def test_what_is_left_out_or_empty_has_its_default():
    assert made(table=None, names=None, count=None) == Options()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"text": 17}, "text: 17: a text (put it in quotes)"),
        ({"text": "a"}, "text: a: at least 2 characters"),
        ({"text": "abcde"}, "text: abcde: at most 4 characters"),
        ({"text": None}, "text: empty: a text"),
        ({"count": "017"}, "count: 017: a whole number"),
        ({"count": True}, "count: true: a whole number"),
        ({"count": 0}, "count: 0: more than 0"),
        ({"share": 1}, "share: 1: less than 1.0"),
        ({"flag": "yes"}, "flag: yes: true or false (write true)"),
        ({"flag": "off"}, "flag: off: true or false (write false)"),
        ({"flag": "maybe"}, "flag: maybe: true or false"),
        ({"time": 2}, f"time: 2: {Seconds.RULE} (give a unit: 2s)"),
        ({"time": "2 minutes"}, f"time: 2 minutes: {Seconds.RULE} (write 2m)"),
        ({"time": "5M"}, f"time: 5M: {Seconds.RULE} (write 5m)"),
        ({"time": "2w"}, f"time: 2w: {Seconds.RULE}"),
        ({"time": "100ms"}, "time: 100ms: at least 500ms"),
        ({"time": True}, f"time: true: {Seconds.RULE}"),
        ({"size": "2G"}, f"size: 2G: {ByteSize.RULE} (write 2GiB)"),
        ({"size": "2 gigs"}, f"size: 2 gigs: {ByteSize.RULE} (write 2GiB)"),
        ({"path": ""}, "path: empty: a path"),
        ({"mode": "fsat"}, "mode: fsat: one of slow, fast (did you mean fast?)"),
        ({"names": "a"}, "names: a text: must be a list"),
        ({"names": ["a", "b\n"]}, r"names[1]: b\n: a text that matches ^[a-z]+$"),
        ({"table": []}, "table: a list: must be a mapping"),
        ({"table": {"k": 2}}, f"table.k: 2: {Seconds.RULE} (give a unit: 2s)"),
        ({"inner": 5}, "inner: a single value: must be a mapping of options"),
        ({"inner": {}}, "inner.depth: missing: needed: How deep"),
        ({"inner": {"depth": None}}, "inner.depth: missing: needed: How deep"),
        ({"inner": {"depth": 10}}, "inner.depth: 10: at most 9"),
        ({"tmie": 3}, "tmie: unknown: no such option (did you mean time?)"),
        ({"count": 13}, "count: 13: not this one"),
        ({"things": []}, "things: 0 items: at least 1"),
        ({"things": ["baer"]}, "things[0]: baer: no such thing (did you mean bare?)"),
        ({"things": ["bare", "bare"]}, "things[1]: bare: a second thing of this name (add `name: ...`)"),
        ({"things": [{"bare": None, "name": "../x"}]}, "things[0].name: ../x: a-z, 0-9 and"),
        (
            {"things": [{"bare": None, "size": 3}]},
            "things[0]: bare, size: must be the name of one thing, or a mapping with it as key "
            "(indent what belongs to bare below it)",
        ),
        ({"things": [{"name": "x"}]}, "things[0]: a mapping: must be the name of one thing"),
        ({"things": [[]]}, "things[0]: a list: must be the name of one thing"),
        ({"things": [{"bare": 0}]}, "things[0].bare: a single value: must be a mapping of options"),
        ({"things": ["inner"]}, "things[0].inner.depth: missing: needed: How deep"),
    ],
)
def test_a_fault_names_path_value_rule_and_remedy(raw, expected):
    (only,) = told(raw)
    assert only.startswith(expected)


def test_every_fault_is_told_at_once():
    raw = {"text": 1, "time": 2, "inner": {"depth": 0, "dpeth": 1}, "things": ["x", {"bare": {"size": "y"}}]}
    assert [line.partition(":")[0] for line in told(raw)] == [
        "text",
        "time",
        "inner.dpeth",
        "inner.depth",
        "things[0]",
        "things[1].bare.size",
    ]


def test_a_value_stands_on_one_line_and_is_shortened():
    (only,) = told({"text": "a\nfake: fault: rule\x1b[31m" + "x" * 500})
    assert "\n" not in only
    assert "\x1b" not in only
    assert len(only) < 200


@pytest.mark.parametrize(
    "wrong", [["CANARY"], {"CANARY": 1}, {"x": "CANARY"}, "file:/CANARY/none", 4711, True]
)
def test_a_secret_is_never_shown_even_in_the_wrong_shape(wrong):
    for raw in ({"secret": wrong}, {"secrets": {"k": wrong}}):
        (only,) = told(raw)
        assert ": ***: " in only
        assert "4711" not in only
        assert "CANARY" not in only.replace("file /CANARY/none", "")


def test_the_value_of_an_unknown_option_is_not_shown():
    (only,) = told({"secrte": "CANARY"})
    assert only == "secrte: unknown: no such option (did you mean secret?)"


def test_a_list_keeps_its_good_items_for_further_rules():
    faults: list[Fault] = []
    assert convert(["2s", "x", "3s"], tuple[Seconds, ...], "times", faults) == (2.0, 3.0)
    assert [fault.path for fault in faults] == ["times[1]"]


def test_what_cannot_be_made_is_marked():
    assert convert("x", int, "n", []) is FAILED
