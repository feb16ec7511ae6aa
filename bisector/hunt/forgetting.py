"""Take back readings that say nothing about their commit, such as those of a power cut."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bisector.errors import HistoryError
from bisector.hunt.conclusion import Conclusion
from bisector.hunt.ground import opened
from bisector.hunt.known import Known
from bisector.hunt.session import Session
from bisector.hunt.step_rows import key_of_steps
from bisector.probe.reading import KnownUntestable, Reading

_LEAST_DIGITS = 4
"""Fewer digits cannot be a commit id: git abbreviates to four at least."""
_LISTED = "`bisector forget --list` lists its readings"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What no longer counts: readings by the number they had, and commits known to be untestable.

    `conclusion` is the one that rested on them; None if the hunt had none.
    """

    readings: Sequence[tuple[int, Reading]]
    untestable: Sequence[str]
    conclusion: Conclusion | None


def forget(session: Session, names: Sequence[str]) -> Forgotten:
    """Put aside the readings that `names` mean, and the hunt's conclusion with them.

    A name is the number of a reading, as reports number them (from 1), or a revision, which means all that is
    known about that commit. All readings that share a run go together. Raises `HistoryError` for a name
    without a reading, and `EnvironmentFault` if the hunt is running.
    """
    scratch = session.ground.scratch
    with opened(scratch) as journal:
        row = session.begun(journal)
        with scratch.held(row.key):
            steps = journal.find(key_of_steps(session.key))
            known = session.known(journal, row).plus(*(journal.readings(steps.id) if steps else ()))
            noted = {fact.commit for fact in journal.known(row.id).untestable}
            meant = [one for name in names for one in _meant(session, known, noted, name)]
            commits = sorted({one.commit for one in meant if isinstance(one, KnownUntestable)})
            chosen = [one for one in meant if isinstance(one, Reading)]
            gone = [r for r in known.readings if any(r == one or _is_one_run(r, one) for one in chosen)]

            def counts(found: Reading | KnownUntestable) -> bool:
                return found not in gone if isinstance(found, Reading) else found.commit not in commits

            for one in filter(None, (row, steps)):
                journal.put_aside(one.id, counts)
                journal.conclude(one.id, None)
    numbers = [(at, one) for at, one in enumerate(known.readings, 1) if one in gone]
    return Forgotten(numbers, commits, row.conclusion)


def _meant(
    session: Session, known: Known, noted: AbstractSet[str], name: str
) -> Sequence[Reading | KnownUntestable]:
    """What a name means; `noted` are the commits that the journal knows to be untestable."""
    many = len(known.readings)
    if name.isdecimal() and 1 <= int(name) <= many:
        return [known.readings[int(name) - 1]]
    if name.isdecimal() and len(name) < _LEAST_DIGITS:
        raise HistoryError(f"there is no reading {name}, the hunt has {many}; {_LISTED}")
    commit = session.ground.repository.resolve(name)
    facts = [fact for fact in known.untestable if fact.commit == commit]
    if facts and commit not in noted:
        where = session.ground.hunt.locate("skip")
        raise HistoryError(f"{where}: {name} is not tested because `skip` lists it; remove it there")
    found: list[Reading | KnownUntestable] = [*known.of(commit), *facts]
    if not found:
        raise HistoryError(f"{name} is {commit[:12]}, which has no reading in this hunt; {_LISTED}")
    return found


def _is_one_run(one: Reading, other: Reading) -> bool:
    """Whether two readings are of one run, which a commit with the same build took over."""
    ran = (one.shared or one.commit) == (other.shared or other.commit)
    return ran and one.run is not None and one.run == other.run
