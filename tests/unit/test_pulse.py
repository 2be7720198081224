from daemon.watch.pulse import LEAST_KNOWN, LEAST_SILENCE_S, MANY_TIMES, REMEMBERED, Pulse


def beating(every_s: float, times: int, start_s: float = 1000.0) -> Pulse:
    pulse = Pulse()
    for number in range(times):
        pulse.said(start_s + number * every_s)
    return pulse


def test_without_a_habit_no_silence_is_unusual() -> None:
    assert Pulse().silent_s(1e9) is None
    pulse = beating(1.0, LEAST_KNOWN)
    assert pulse.usual_s() is None
    assert pulse.silent_s(1e9) is None
    pulse.said(2000.0)
    assert pulse.usual_s() == 1.0


def test_many_times_the_usual_interval_is_silence() -> None:
    pulse = beating(10.0, 8)
    last_s = 1070.0
    assert pulse.silent_s(last_s + MANY_TIMES * 10.0) is None
    assert pulse.silent_s(last_s + MANY_TIMES * 10.0 + 1) == MANY_TIMES * 10.0 + 1


def test_a_fast_source_may_rest_for_a_while() -> None:
    pulse = beating(0.01, 8, 0.0)
    assert pulse.silent_s(LEAST_SILENCE_S) is None
    assert pulse.silent_s(LEAST_SILENCE_S + 1) is not None


def test_one_long_pause_is_no_habit() -> None:
    pulse = beating(1.0, 8)
    pulse.said(5000.0)
    assert pulse.usual_s() == 1.0


def test_habits_change() -> None:
    pulse = beating(1.0, 8)
    for number in range(REMEMBERED):
        pulse.said(2000.0 + number * 60.0)
    assert pulse.usual_s() == 60.0


def test_events_that_overtake_each_other_do_not_turn_time_back() -> None:
    pulse = beating(1.0, 8)
    pulse.said(900.0)
    assert pulse.last_s == 1007.0
    assert pulse.usual_s() == 1.0
