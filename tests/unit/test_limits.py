import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.limits import file as limits_file
from daemon.limits.file import LimitsFile
from daemon.limits.rates import DRILLS_PER_HOUR, HOUR_S, MOST_TARGETS, Instant, LimitRules, Limits, restored
from model.events import PlanName, Refusal, TriggerKind

OVERRUN, MANUAL, EARLY = TriggerKind.OVERRUN, TriggerKind.MANUAL, TriggerKind.EARLY
LIGHT = PlanName.LIGHT
RULES = LimitRules(cooldown_s=900.0, captures_per_hour=4)
EAGER = LimitRules(cooldown_s=0.0, captures_per_hour=3)


def at(boot_s: float, wall_s: float | None = None) -> Instant:
    return Instant(boot_s=boot_s, wall_s=1e9 + boot_s if wall_s is None else wall_s)


def refused(limits: Limits, now_s: float, rules: LimitRules = RULES, kind: TriggerKind = OVERRUN) -> str:
    said = limits.refusal("scaler", rules, kind, now_s)
    return "" if said is None else said[0]


def spent(*times_s: float, kind: TriggerKind = OVERRUN) -> Limits:
    limits = Limits()
    for time_s in times_s:
        limits.spend("scaler", kind, at(time_s))
    return limits


def test_the_cooldown_counts_from_the_trigger() -> None:
    limits = spent(1000.0)
    assert refused(limits, 1000.0) == Refusal.COOLDOWN
    assert refused(limits, 1899.9) == Refusal.COOLDOWN
    assert refused(limits, 1900.0) == ""
    assert limits.refusal("scaler", RULES, OVERRUN, 1600.0) == (
        Refusal.COOLDOWN,
        "the cooldown ends in 5m",
    )


def test_targets_do_not_share_limits() -> None:
    assert spent(1000.0).refusal("other", RULES, OVERRUN, 1000.0) is None


def test_captures_an_hour_are_few_in_any_window_of_an_hour() -> None:
    limits = spent(1000.0, 1001.0, 4599.0)
    assert refused(limits, 4599.9, EAGER) == Refusal.RATE_LIMITED
    assert refused(limits, 1000.0 + HOUR_S, EAGER) == ""
    limits.spend("scaler", OVERRUN, at(1000.0 + HOUR_S))
    assert refused(limits, 1000.9 + HOUR_S, EAGER) == Refusal.RATE_LIMITED
    assert refused(limits, 1001.0 + HOUR_S, EAGER) == ""


def test_a_capture_by_hand_ignores_the_cooldown() -> None:
    limits = spent(1000.0)
    assert refused(limits, 1001.0, kind=MANUAL) == ""


def test_a_capture_by_hand_spends_and_starts_no_cooldown() -> None:
    limits = spent(1000.0, 1001.0, 1002.0, kind=MANUAL)
    assert refused(limits, 1003.0) == ""
    limits.spend("scaler", MANUAL, at(1003.0))
    assert refused(limits, 1004.0, kind=MANUAL) == Refusal.RATE_LIMITED
    assert refused(limits, 1004.0) == Refusal.RATE_LIMITED


def test_a_capture_by_hand_leaves_the_cooldown_of_an_overrun() -> None:
    limits = spent(1000.0)
    limits.spend("scaler", MANUAL, at(1500.0))
    assert refused(limits, 1899.0) == Refusal.COOLDOWN
    assert refused(limits, 1900.0) == ""


def light(limits: Limits, now_s: float, rules: LimitRules = RULES) -> str:
    said = limits.refusal("scaler", rules, EARLY, now_s, LIGHT)
    return "" if said is None else said[0]


def test_a_light_capture_takes_nothing_from_the_full_one_after_it() -> None:
    limits = Limits()
    limits.spend("scaler", EARLY, at(1000.0), LIGHT)
    assert refused(limits, 1001.0) == ""
    assert limits.allowance("scaler", RULES, 1001.0).captures_left == RULES.captures_per_hour


def test_light_captures_wait_for_the_cooldown_and_have_an_own_budget() -> None:
    assert light(spent(1000.0), 1001.0) == Refusal.COOLDOWN
    limits = Limits()
    for time_s in (1000.0, 1001.0):  # half of four
        assert light(limits, time_s) == ""
        limits.spend("scaler", EARLY, at(time_s), LIGHT)
    said = limits.refusal("scaler", RULES, EARLY, 2800.0, LIGHT)
    assert said == (Refusal.RATE_LIMITED, "2 light captures within the last hour, the next in 30m")
    assert light(limits, 1000.0 + HOUR_S) == ""
    single = LimitRules(cooldown_s=1.0, captures_per_hour=1)
    assert light(Limits(), 1000.0, single) == ""  # one at least


def drill(limits: Limits, now_s: float) -> str:
    said = limits.refusal("scaler", RULES, MANUAL, now_s, PlanName.DRILL)
    return "" if said is None else said[0]


def test_drills_cost_captures_nothing_and_have_a_bound_of_their_own() -> None:
    limits = spent(1000.0)
    for time_s in range(1001, 1001 + DRILLS_PER_HOUR):  # within the cooldown, too
        assert drill(limits, time_s) == ""
        limits.spend("scaler", MANUAL, at(time_s), PlanName.DRILL)
    assert drill(limits, 1100.0) == Refusal.RATE_LIMITED
    assert drill(after(limits, at(1400.0), same_boot=True), 1400.0) == Refusal.RATE_LIMITED
    said = limits.allowance("scaler", RULES, 1100.0)
    assert (said.captures_left, said.cooldown_left_s) == (RULES.captures_per_hour - 1, 800.0)


def test_light_captures_are_remembered_over_a_restart() -> None:
    limits = Limits()
    limits.spend("scaler", EARLY, at(1000.0), LIGHT)
    limits.spend("scaler", EARLY, at(1001.0), LIGHT)
    assert light(after(limits, at(1400.0), same_boot=True), 1400.0) == Refusal.RATE_LIMITED


def test_what_the_limits_would_say_is_told_before_anybody_asks() -> None:
    allowance = spent(1000.0).allowance("scaler", RULES, 1300.0)
    assert allowance.refusal is Refusal.COOLDOWN
    assert allowance.cooldown_left_s == 600.0
    assert allowance.captures_left == 3
    fresh = Limits().allowance("scaler", RULES, 1300.0)
    assert (fresh.refusal, fresh.cooldown_left_s, fresh.captures_left) == (None, 0.0, 4)


def test_other_limits_hold_at_once() -> None:
    limits = spent(1000.0, 2000.0)
    assert refused(limits, 2100.0, LimitRules(cooldown_s=50.0, captures_per_hour=2)) == Refusal.RATE_LIMITED
    assert refused(limits, 2100.0, LimitRules(cooldown_s=50.0, captures_per_hour=3)) == ""


def after(limits: Limits, now: Instant, *, same_boot: bool) -> Limits:
    return restored(limits.saved("this"), "this" if same_boot else "next", now)


@pytest.mark.parametrize("jump_s", [0.0, 1e6, -1e6])
def test_on_the_same_boot_the_wall_clock_does_not_matter(jump_s: float) -> None:
    limits = after(spent(1000.0), at(1400.0, 1e9 + 1400.0 + jump_s), same_boot=True)
    assert limits.allowance("scaler", RULES, 1400.0).cooldown_left_s == 500.0


def test_after_another_boot_the_wall_clock_tells_how_long_ago_it_was() -> None:
    limits = after(spent(1000.0), at(20.0, 1e9 + 1000.0 + 400.0), same_boot=False)
    assert limits.allowance("scaler", RULES, 20.0).cooldown_left_s == 500.0
    assert refused(limits, 520.0) == ""


def test_a_clock_that_was_set_back_over_a_boot_costs_one_cooldown_at_most() -> None:
    limits = after(spent(1000.0), at(20.0, 5.0), same_boot=False)
    assert limits.allowance("scaler", RULES, 20.0).cooldown_left_s == RULES.cooldown_s


def test_a_clock_that_was_set_forward_over_a_boot_ends_the_cooldown() -> None:
    limits = after(spent(1000.0), at(20.0, 2e9), same_boot=False)
    assert refused(limits, 20.0) == ""


def test_a_capture_of_the_future_costs_one_cooldown_at_most() -> None:
    """As after a boot clock that differs between containers of one boot."""
    limits = after(spent(1e6), at(20.0), same_boot=True)
    assert limits.allowance("scaler", RULES, 20.0).cooldown_left_s == RULES.cooldown_s
    assert refused(limits, 920.0) == ""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the clocks and the boot that `LimitsFile` sees."""

    def set_to(boot_s: float, wall_s: float, boot: str = "this") -> None:
        monkeypatch.setattr(limits_file, "now", lambda: at(boot_s, wall_s))
        monkeypatch.setattr(limits_file, "boot_id", lambda: boot)

    set_to(1000.0, 1e9)
    return set_to


def test_limits_come_back_from_their_file(tmp_path: Path, clock: Callable[..., None]) -> None:
    file = LimitsFile(tmp_path / "limits.json")
    assert refused(file.load(), 1000.0) == ""
    file.save(spent(1000.0))
    clock(1300.0, 1e9 + 300.0)
    assert file.load().allowance("scaler", RULES, 1300.0).cooldown_left_s == 600.0


def test_the_clocks_of_this_machine_are_the_real_ones(tmp_path: Path) -> None:
    file = LimitsFile(tmp_path / "limits.json")
    limits = Limits()
    limits.spend("scaler", OVERRUN, limits_file.now())
    file.save(limits)
    left_s = file.load().allowance("scaler", RULES, limits_file.now().boot_s).cooldown_left_s
    assert 0 < left_s <= RULES.cooldown_s
    assert abs(limits_file.now().wall_s - time.time()) < 60
    assert len(limits_file.boot_id()) == 36


GARBAGE = [
    b"",
    b"{",
    b"\0" * 4096,
    b'{"boot_id":"\xff","targets":{}}',
    b'{"x":' + b"[" * 100_000,
    b"[]",
    b'{"boot_id":1}',
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_a_file_that_cannot_be_read_costs_everybody_one_full_cooldown(
    tmp_path: Path, clock: Callable[..., None], garbage: bytes
) -> None:
    path = tmp_path / "limits.json"
    path.write_bytes(garbage)
    limits = LimitsFile(path).load()
    assert limits.allowance("any", RULES, 1000.0).cooldown_left_s == RULES.cooldown_s
    assert refused(limits, 1000.0 + RULES.cooldown_s) == ""
    assert refused(limits, 1000.0, kind=MANUAL) == ""


def test_restarts_do_not_begin_the_cooldown_of_an_unreadable_file_again(
    tmp_path: Path, clock: Callable[..., None]
) -> None:
    path = tmp_path / "limits.json"
    path.write_bytes(b"{")
    for now_s in (1000.0, 1300.0, 1600.0):
        clock(now_s, 1e9 + now_s)
        limits = LimitsFile(path).load()
    assert limits.allowance("any", RULES, 1600.0).cooldown_left_s == 300.0
    limits.spend("other", MANUAL, at(1600.0))
    LimitsFile(path).save(limits)
    assert LimitsFile(path).load().allowance("any", RULES, 1600.0).cooldown_left_s == 300.0


def test_restarts_under_a_clock_that_was_set_back_do_not_begin_a_cooldown_again(
    tmp_path: Path, clock: Callable[..., None]
) -> None:
    file = LimitsFile(tmp_path / "limits.json")
    file.save(spent(1000.0))
    for now_s in (20.0, 320.0, 620.0):
        clock(now_s, 5.0 + now_s, "next")
        limits = file.load()
    assert limits.allowance("scaler", RULES, 620.0).cooldown_left_s == 300.0


def test_a_folder_in_the_files_place_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "limits.json"
    (path / "inside").mkdir(parents=True)
    limits = LimitsFile(path).load()
    assert refused(limits, limits_file.now().boot_s) == Refusal.COOLDOWN
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["limits.json", "limits.json.damaged"]
    assert refused(LimitsFile(path).load(), limits_file.now().boot_s) == Refusal.COOLDOWN


@pytest.mark.threat("forged")
def test_a_storm_of_overruns_is_captured_as_often_as_allowed_and_the_rest_is_counted() -> None:
    limits, rules = Limits(), LimitRules(cooldown_s=600.0, captures_per_hour=4)
    said = []
    for now_s in range(1000, 1000 + int(HOUR_S), 2):
        said.append(refused(limits, now_s, rules))
        if said[-1] == "":
            limits.spend("scaler", OVERRUN, at(now_s))
    assert said.count("") == 4
    assert said.count(Refusal.COOLDOWN) + said.count(Refusal.RATE_LIMITED) == len(said) - 4
    assert said.count(Refusal.RATE_LIMITED) > 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 59.0, 600.0, 1799.0, 3599.0]),  # real time that passes
        st.sampled_from([0.0, -1e6, -3600.0, 30.0, 3600.0, 1e6]),  # how far the wall clock jumps
        st.sampled_from(["", "", "", "restart", "reboot"]),
        st.sampled_from([OVERRUN, MANUAL]),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(STEPS)
def test_no_jumping_clock_admits_more_captures_within_an_hour_of_one_boot(
    steps: list[tuple[float, float, str, TriggerKind]],
) -> None:
    rules = LimitRules(cooldown_s=30.0, captures_per_hour=3)
    limits, boot, boot_s, wall_s = Limits(), 0, 100.0, 1e9
    taken: list[float] = []  # of this boot
    for passes_s, jump_s, restart, kind in steps:
        boot_s, wall_s = boot_s + passes_s, wall_s + passes_s + jump_s
        if restart:
            saved = limits.saved(str(boot))
            if restart == "reboot":
                boot, boot_s, taken = boot + 1, 10.0, []
            limits = restored(saved, str(boot), at(boot_s, wall_s))
        said = limits.allowance("scaler", rules, boot_s)
        assert 0 <= said.cooldown_left_s <= rules.cooldown_s
        if limits.refusal("scaler", rules, kind, boot_s) is None:
            limits.spend("scaler", kind, at(boot_s, wall_s))
            taken.append(boot_s)
        assert sum(boot_s - one < HOUR_S for one in taken) <= rules.captures_per_hour


def test_a_capture_that_could_take_nothing_is_given_back() -> None:
    limits = spent(1000.0)
    before = limits.spend("scaler", OVERRUN, at(3000.0))
    limits.give_back("scaler", before)
    assert refused(limits, 3000.0) == ""
    assert limits.allowance("scaler", RULES, 3000.0).captures_left == 3


def test_a_refusal_by_the_hour_says_when_the_next_is_free() -> None:
    said = spent(1000.0, 1001.0, 1002.0).refusal("scaler", EAGER, OVERRUN, 1600.0)
    assert said == (Refusal.RATE_LIMITED, "3 captures within the last hour, the next in 50m")


def test_of_ever_new_names_those_that_were_captured_last_are_remembered() -> None:
    limits = Limits()
    for number in range(MOST_TARGETS + 50):
        limits.spend(f"pod-{number}", OVERRUN, at(1000.0 + number))
        limits.spend("scaler", OVERRUN, at(1000.0 + number))
    assert len(limits.saved("boot").targets) == MOST_TARGETS
    assert refused(limits, 2051.0) == Refusal.COOLDOWN
    assert limits.refusal(f"pod-{MOST_TARGETS + 49}", RULES, OVERRUN, 2051.0) is not None
    assert limits.refusal("pod-0", RULES, OVERRUN, 1001.0) is None
