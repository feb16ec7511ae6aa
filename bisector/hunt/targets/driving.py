"""The driver of a joint hunt: takes one run at a time, and records a reading in each target it serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bisector.hunt.conclusion import Conclusion
from bisector.hunt.drive import Notes
from bisector.hunt.events import Listener, ProbeBegan, TargetEnded, TargetsRead
from bisector.hunt.known import Known
from bisector.hunt.targets.asking import Ask, Ended
from bisector.hunt.targets.decide import Joint
from bisector.probe.reading import Reading

Take = Callable[[Ask], Iterable[Mapping[str, Reading]]]
"""Runs what is asked for: the readings of each run as it ends, by target. Each target asked for gets one."""


@dataclass(frozen=True)
class Books:
    """Where a joint hunt writes: `record` the readings of one run, `conclude` the end of one target's hunt.

    `conclude` returns the conclusion as it was written.
    """

    record: Callable[[Mapping[str, Reading]], None]
    conclude: Callable[[str, Conclusion], Conclusion]


def recording(take: Take, books: Books, listener: Listener) -> Take:
    """Runs what is asked for, and records it as `drive` does."""

    def taken(ask: Ask) -> Iterator[Mapping[str, Reading]]:
        listener(ProbeBegan(ask.request.commit, ask.request.role))
        for found in take(ask):
            books.record(found)
            listener(TargetsRead(found))
            yield found

    return taken


def drive(
    joint: Joint,
    known: Mapping[str, Known],
    ended: Mapping[str, Conclusion],
    take: Take,
    books: Books,
    listener: Listener,
    *,
    spent: Callable[[], bool] = lambda: False,
) -> dict[str, Conclusion]:
    """Continue from what is `known` of each target, and has `ended`, until the hunt of every target is over.

    `spent` says whether the time is over. Returns the conclusion of each target.
    """
    facts, over, notes = dict(known), dict(ended), Notes(listener)
    recorded = recording(take, books, listener)
    while True:
        step = joint.next(facts, over, spent=spent())
        if isinstance(step, Ended):
            if not step.conclusions:
                return over
            for target, conclusion in step.conclusions.items():
                over[target] = books.conclude(target, conclusion)
                listener(TargetEnded(target, over[target]))
            continue
        notes.tell(step.notes)
        for found in recorded(step):
            for target, reading in found.items():
                facts[target] = facts[target].plus(reading)
