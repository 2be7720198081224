import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.units import ByteSize, Percent, Seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("500ms", 0.5),
        ("2s", 2),
        ("1m0s", 60),
        ("1h30m", 5400),
        ("2.5s", 2.5),
        ("7d", 604800),
        ("2m", 120),
    ],
)
def test_durations_as_people_write_them(text, seconds):
    assert Seconds.parse(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "2", "s", "2 s", "-2s", "2S", "1e3s", "2s\n", "٢s", "inf", "9" * 400 + "s"]
)
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="a duration such as"):
        Seconds.parse(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("7", 7), ("500MB", 5 * 10**8), ("2GiB", 2**31), ("2Gi", 2**31), ("1.5 MiB", 1572864), ("1kB", 1000)],
)
def test_sizes_as_people_write_them(text, amount):
    assert ByteSize.parse(text) == amount


@pytest.mark.parametrize("text", ["", "GiB", "-1", "2G", "2gib", "2GiB\n", "1e3", "٢", "9" * 400 + "TiB"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="a size such as"):
        ByteSize.parse(text)


@given(st.integers(1, 999), st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_a_duration_of_one_unit_survives_writing_and_reading(number, unit):
    written = Seconds.parse(f"{number}{unit}")
    assert Seconds.parse(str(written)) == pytest.approx(written, rel=1e-9)


@given(st.floats(0, 10**9, allow_nan=False))
def test_any_duration_survives_but_for_what_two_units_leave_out(seconds):
    assert Seconds.parse(str(Seconds(seconds))) == pytest.approx(seconds, rel=0.021, abs=0.001)


@given(st.integers(1, 999), st.sampled_from(["B", "KiB", "MiB", "GiB", "TiB"]))
def test_a_size_of_one_unit_survives_writing_and_reading(number, unit):
    written = ByteSize.parse(f"{number}{unit}")
    assert ByteSize.parse(str(written)) == written


@given(st.integers(0, 2**60))
def test_any_size_survives_but_for_its_fourth_digit(amount):
    assert ByteSize.parse(str(ByteSize(amount))) == pytest.approx(amount, rel=0.006)


@pytest.mark.parametrize(("text", "share"), [("25%", 0.25), ("0.5%", 0.005), ("100%", 1), ("1%", 0.01)])
def test_shares_as_people_write_them(text, share):
    assert Percent.parse(text) == share
    assert str(Percent.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "25", "0.25", "%", "-1%", "25 %", "1e1%", "25%\n", "٢%", "9" * 400 + "%"]
)
def test_what_is_no_share(text):
    with pytest.raises(ValueError, match="a share such as"):
        Percent.parse(text)
