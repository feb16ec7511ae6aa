"""How long a hunt ran: the sum of its starts, without the pauses between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from bisector.errors import EnvironmentFault
from bisector.hunt.journal import HuntRow, Journal, ResultRow
from bisector.hunt.known import Known

_PHASE = "running"
"""The journal's name for the beginnings and ends of a hunt's starts."""


@contextmanager
def noted(journal: Journal, key: str) -> Iterator[None]:
    """Note in the journal when a start of the hunt `key` begins and when it ends, also by an exception."""
    journal.add_result(_PHASE, key, {"event": "began"})
    try:
        yield
    finally:
        with suppress(EnvironmentFault):  # Then it counts until its last reading.
            journal.add_result(_PHASE, key, {"event": "ended"})


def running_seconds(
    journal: Journal, row: HuntRow, known: Known, is_running: Callable[[], bool]
) -> float | None:
    """Seconds that the hunt ran since its first reading; None if no start is noted.

    A start that was killed counts until its last reading, one that runs until now.
    """
    events = journal.results(_PHASE, row.key, row.started)
    open_ended = bool(events) and events[-1].document["event"] == "began"
    return total(
        events,
        [*(one.at for one in known.readings), *(one.at for one in known.untestable)],
        datetime.now(UTC) if open_ended and is_running() else None,
    )


def total(events: Sequence[ResultRow], facts: Sequence[datetime], now: datetime | None) -> float | None:
    """The sum of the starts in `events`, oldest first; `facts` are the times of readings, in any order.

    `now` is given while the last start runs.
    """
    if not events:
        return None
    seconds, began = 0.0, None
    for event in events:
        if began is not None:
            ended = event.document["event"] == "ended"
            end = event.at if ended else _last(facts, began, event.at)
            seconds += (end - began).total_seconds()
        began = event.at if event.document["event"] == "began" else None
    if began is not None:
        seconds += ((now or _last(facts, began, None)) - began).total_seconds()
    return max(0.0, seconds)


def _last(facts: Sequence[datetime], began: datetime, before: datetime | None) -> datetime:
    """The last fact of a start that was killed; its beginning if there is none."""
    return max((at for at in facts if at >= began and (before is None or at <= before)), default=began)
