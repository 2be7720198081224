"""Limits per signature: a known stall leaves the budget to others, and survives a restart."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.limits.known_stalls import HOUR_S, MOST_KNOWN, used_up, with_one
from daemon.limits.rates import Instant, LimitRules, Limits, Saved, Spent, restored
from model import coding
from model.events import PlanName, Refusal, TriggerKind

RULES = LimitRules(cooldown_s=0.0, captures_per_hour=10, captures_per_signature=2)


def at(boot_s: float) -> Instant:
    return Instant(boot_s=boot_s, wall_s=1e9 + boot_s)


def captured(limits: Limits, signature: str, now_s: float, process: str = "7@1") -> bool:
    """Whether a stall is captured at this time."""
    if limits.used_up("scaler", RULES, signature, process, now_s) is not None:
        return False
    limits.spend_signature("scaler", signature, f"report-{now_s:g}", process, at(now_s))
    return True


def test_a_stall_has_its_share_and_another_has_its_own() -> None:
    limits = Limits()
    assert [captured(limits, "a", now_s) for now_s in (0.0, 60.0, 120.0, 180.0)] == [True, True, False, False]
    assert captured(limits, "b", 180.0)
    assert captured(limits, "a", HOUR_S)
    assert not captured(limits, "a", HOUR_S + 1)


def test_the_refusal_names_signature_report_and_when_it_ends() -> None:
    limits = Limits()
    captured(limits, "a", 0.0)
    captured(limits, "a", 600.0)
    reason, why = limits.used_up("scaler", RULES, "a", "7@1", 1200.0) or ("", "")
    assert reason == Refusal.KNOWN_STALL
    assert why == "report-600 shows this stall (signature a): 2 captures of it an hour, the next in 40m"


def test_a_new_process_has_one_more_and_only_one() -> None:
    limits = Limits()
    assert [captured(limits, "a", 0.0), captured(limits, "a", 1.0)] == [True, True]
    assert captured(limits, "a", 2.0, "8@2")
    assert not captured(limits, "a", 3.0, "8@2")
    assert not captured(limits, "a", 4.0, "9@3")


def test_it_is_kept_on_the_clocks_of_the_next_boot_and_with_the_other_limits() -> None:
    limits = Limits()
    limits.spend("scaler", TriggerKind.OVERRUN, at(0.0))
    captured(limits, "a", 0.0)
    captured(limits, "a", 10.0)
    data = coding.encode(limits.saved("this boot"))
    same = restored(coding.decode(data, Saved), "this boot", at(20.0))
    assert not captured(same, "a", 20.0)
    later = restored(coding.decode(data, Saved), "another", Instant(boot_s=5.0, wall_s=1e9 + 20.0))
    assert not captured(later, "a", 5.0)
    assert [one.report for one in later.known("scaler", 5.0)] == ["report-10"]


def test_a_file_of_before_still_loads() -> None:
    spent = {"captures": [{"boot_s": 1.0, "wall_s": 2.0}], "light": [], "drills": [], "cooldown_from": None}
    data = coding.encode({"boot_id": "b", "targets": {"scaler": spent}, "unknown_before": None})
    limits = restored(coding.decode(data, Saved), "b", at(10.0))
    assert limits.known("scaler", 10.0) == ()
    assert captured(limits, "a", 10.0)


def test_what_is_given_back_takes_its_signature_along() -> None:
    limits = Limits()
    before = limits.spend("scaler", TriggerKind.OVERRUN, at(0.0), PlanName.FULL)
    captured(limits, "a", 0.0)
    limits.give_back("scaler", before)
    assert before == Spent()
    assert limits.known("scaler", 0.0) == ()


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0, 60)), max_size=300))
def test_it_stays_bounded_and_never_has_more_than_its_share(steps: list[tuple[int, float]]) -> None:
    limits, now_s = Limits(), 0.0
    for signature, wait_s in steps:
        now_s += wait_s
        captured(limits, str(signature), now_s)
        known = limits.known("scaler", now_s)
        assert len(known) <= MOST_KNOWN
        assert all(one.within(now_s) <= RULES.captures_per_signature for one in known)
        assert used_up(known, "never seen", "7@1", 1, now_s) is None
    assert len(with_one(limits.known("scaler", now_s), "x", "r", "p", at(now_s))) <= MOST_KNOWN
