from daemon.signals.pace import IDLE_SHARE, IDLE_SHARE_EACH, interval_s, is_slow


def test_it_is_as_asked_where_that_is_cheap() -> None:
    assert interval_s(1.0, 0.0005, 1, slow=False) == 1.0


def test_it_is_less_often_where_one_reading_takes_long() -> None:
    assert interval_s(1.0, 0.001, 1, slow=False) == 0.001 / IDLE_SHARE_EACH
    assert interval_s(1.0, 0.001, 4, slow=False) == 0.001 / IDLE_SHARE_EACH


def test_many_targets_share_what_reading_may_cost() -> None:
    waits_s = interval_s(1.0, 0.001, 1000, slow=False)
    assert 1000 * 0.001 / waits_s <= IDLE_SHARE


def test_it_is_closer_while_an_iteration_is_slow() -> None:
    assert interval_s(1.0, 0.001, 1000, slow=True) == 0.5
    assert interval_s(1.0, 0.1, 1, slow=True) == 5.0


def test_slow_is_older_than_a_quarter_of_the_threshold() -> None:
    assert not is_slow(None, 60.0)
    assert not is_slow(14.9, 60.0)
    assert is_slow(15.0, 60.0)
