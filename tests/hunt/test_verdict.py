"""From the readings of one commit to good, bad or untestable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bisector.hunt.plan import Repeats
from bisector.hunt.verdict import verdict
from bisector.predicate import Bad, Good, Judgement, Measured, Undecided, Untestable
from bisector.probe.reading import Reading, Role

REPEATS = Repeats(first=1, least=3, most=6)


def readings(*judgements: Judgement) -> list[Reading]:
    """Readings with these judgements."""
    return [Reading("c", Role.SEARCH, judgement, datetime.now(UTC)) for judgement in judgements]


def ratios(*values: float) -> list[Reading]:
    """Measured readings with these values."""
    return readings(*(Measured(value, "") for value in values))


@pytest.mark.parametrize("judgement", [Good("g"), Bad("b"), Untestable("u"), Undecided("d")])
def test_a_verdict_is_one_with_the_first_reading(judgement: Judgement) -> None:
    """One reading is enough for verdicts, and for a measured test that ran into a limit."""
    assert verdict(readings(judgement), REPEATS, None) is judgement
    assert verdict([*ratios(1.0), *readings(judgement)], REPEATS, 1.5) is judgement


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], None),
        ([3.0], None),
        ([3.0, 3.0], Bad),  # a counter, the same in every run
        ([3.0, 3.1], None),
        ([3.0, 3.1, 2.9], Bad),
        ([1.0, 1.1, 0.95], Good),
        ([1.0, 1.6, 2.4], None),
        ([1.0, 1.6, 2.4, 1.1, 1.9], None),
        ([1.0, 1.6, 2.4, 1.1, 1.9, 1.4], Undecided),
    ],
)
def test_ratios_are_asked_for_until_their_interval_leaves_the_threshold(
    values: list[float], kind: type | None
) -> None:
    """An unclear commit is read again, and is untestable after the maximum number of pairs."""
    answer = verdict(ratios(*values), REPEATS, 1.5)
    assert answer is None if kind is None else type(answer) is kind


def test_a_measurement_without_a_reference_is_no_verdict() -> None:
    """A measured value without a reference gives no verdict on a single commit."""
    assert isinstance(verdict(ratios(3.0), REPEATS, None), Undecided)
