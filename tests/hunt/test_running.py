"""How long a hunt ran: the sum of its starts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bisector.hunt.journal import ResultRow
from bisector.hunt.running import total

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("events", "facts", "now", "seconds"),
    [
        ([], [5], None, None),
        ([("began", 0), ("ended", 10)], [4, 9], None, 10),
        ([("began", 0), ("ended", 10), ("began", 1000), ("ended", 1005)], [9, 1003], None, 15),
        # Killed after the reading at 8, and gone on with after a pause.
        ([("began", 0), ("began", 1000), ("ended", 1005)], [4, 8, 1003], None, 13),
        # Killed before its first reading.
        ([("began", 0), ("began", 1000), ("ended", 1005)], [1003], None, 5),
        # Killed, and not gone on with.
        ([("began", 0), ("ended", 10), ("began", 1000)], [9, 1003], None, 13),
        # It runs.
        ([("began", 0), ("ended", 10), ("began", 1000)], [9, 1003], 1020, 30),
        # A clock that was set back.
        ([("began", 100), ("ended", 10)], [], None, 0),
    ],
)
def test_pauses_between_starts_do_not_count(
    events: list[tuple[str, float]], facts: list[float], now: float | None, seconds: float | None
) -> None:
    """A start that was killed counts until its last reading."""
    rows = [ResultRow("running", "key", at(when), {"event": event}) for event, when in events]
    found = total(rows, list(map(at, facts)), None if now is None else at(now))
    assert found == seconds
