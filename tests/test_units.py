"""Durations and sizes in hunt files and options."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from bisector.units import (
    Duration,
    Size,
    format_duration,
    format_seconds,
    format_size,
    parse_duration,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3s", 3),
        ("10m", 600),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("250 ms", 0.25),
        ("1.5min", 90),
        ("2d", 172800),
        (" 7 ", 7),
        (7, 7),
        (0.5, 0.5),
    ],
)
def test_durations(text: object, seconds: float) -> None:
    """A number is seconds. A text has a unit, or several parts with units."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8GiB", 8 * 1024**3),
        ("512M", 512 * 1024**2),
        ("1.5 GB", 1_500_000_000),
        ("10kB", 10_000),
        ("2 KiB", 2048),
        ("100", 100),
        (100, 100),
        (1e6, 1_000_000),
    ],
)
def test_sizes(text: object, size: int) -> None:
    """A number is bytes. Single letters and units with an i are binary, and units with only B are decimal."""
    assert parse_size(text) == size


@pytest.mark.parametrize("wrong", ["", "s", "3 parsecs", "-3s", -1, "inf", "nan", True, None, [], "3s4"])
def test_no_duration(wrong: object) -> None:
    """Any other value is refused in one sentence with the accepted forms."""
    with pytest.raises(ValueError, match="is not a duration; write 3s, 10m, 1h30m"):
        parse_duration(wrong)


@pytest.mark.parametrize("wrong", ["", "GiB", "8 gibs", "-8GiB", -1, float("inf"), False, None, "1e3"])
def test_no_size(wrong: object) -> None:
    """Any other value is refused in one sentence with the accepted forms."""
    with pytest.raises(ValueError, match="is not a size; write 512MiB, 8GiB"):
        parse_size(wrong)


@given(st.floats(0, 1e8))
def test_duration_round_trip(seconds: float) -> None:
    """A formatted duration can be read back, with the precision shown."""
    tolerance = 60 if seconds >= 3600 else 1 if seconds >= 59 else max(0.0005, seconds * 0.006)
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=tolerance)


@given(st.integers(0, 2**50))
def test_size_round_trip(size: int) -> None:
    """A formatted size can be read back, with the precision shown."""
    assert parse_size(format_size(size)) == pytest.approx(size, rel=0.001)


def test_in_a_model() -> None:
    """The types accept both forms in a pydantic model, and its error has the sentence."""

    class Model(BaseModel):
        within: Duration
        memory: Size

    model = Model.model_validate({"within": "2m", "memory": "1KiB"})
    assert (model.within, model.memory) == (120.0, 1024)
    with pytest.raises(ValidationError, match="'soon' is not a duration"):
        Model.model_validate({"within": "soon", "memory": 1})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 µs"),
        (2.5e-7, "0.25 µs"),
        (0.0465, "46.5 ms"),
        (0.99949, "999 ms"),
        (0.9995, "1 s"),
        (1.0649, "1.06 s"),
        (99.94, "99.9 s"),
        (99.96, "100 s"),
        (1206.4, "1206 s"),
    ],
)
def test_a_measured_time_has_no_powers_of_ten(seconds: float, text: str) -> None:
    """Three digits, in seconds from one second on."""
    assert format_seconds(seconds) == text
