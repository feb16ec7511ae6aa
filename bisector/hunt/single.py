"""One commit judged by itself, as `git bisect run` wants it: what the journal already says of it.

What takes new readings, in `single_reading`, is not imported here: a verdict that is known needs no engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bisector.errors import HuntFileError
from bisector.history.bisect_session import BisectSession
from bisector.hunt.ground import Ground, opened
from bisector.hunt.remembered import lasting
from bisector.hunt.verdict import verdict
from bisector.hunt_file import AUTO
from bisector.predicate import Bad, Good, Untestable
from bisector.probe.reading import Reading, Role


@dataclass(frozen=True, slots=True)
class Judged:
    """A commit and what it is; `readings` are all that this rests on, `taken` how many of them are new."""

    commit: str
    judgement: Good | Bad | Untestable
    readings: Sequence[Reading]
    taken: int


class Single:
    """A hunt whose commits are judged one by one.

    `ends` are the commits `good` and `bad`, `reference` the one that every probe is held against ('' where
    none is). In a `session`, a `good` that goes by HEAD means the HEAD of before it, and such a `bad` the
    session's. Raises `HistoryError` where they are not there, `HuntFileError` where `good` is still to be
    found.
    """

    def __init__(self, ground: Ground, session: BisectSession | None) -> None:
        self.ground = ground
        hunt = ground.hunt
        if hunt.good == (AUTO,):
            raise HuntFileError(
                f"{hunt.locate('good')}: good: auto is for `bisector run`; write a good revision that "
                "every probe is held against"
            )

        def resolved(revision: str) -> str:
            return ground.repository.resolve(session.lasting(revision) if session else revision)

        self.good = tuple(resolved(revision) for revision in hunt.good)
        self.bad = session.bad if session and session.moves(hunt.bad) else resolved(hunt.bad)
        self.ends = {"good": self.good[0], "bad": self.bad}
        self.reference = self.good[0] if ground.ratio is not None else ""
        self._identity = ground.identity(self.ends, self.good)
        self.key = self._identity.key
        self._keys: dict[str, str] = {}

    def known(self, commit: str, *, again: bool = False) -> Judged | None:
        """The verdict on `commit` that needs no new reading, None where there is none.

        With `again` nothing that was read counts.
        """
        if commit == self.reference:
            return Judged(commit, Good("it is the reference itself"), (), 0)
        if again or not self.ground.scratch.journal.exists():
            return None
        with opened(self.ground.scratch) as journal:
            row = journal.find(self.key)
            readings = self.of(commit, journal.readings(row.id)) if row else []
        answer = self.verdict(readings)
        return Judged(commit, answer, readings, 0) if answer else None

    def verdict(self, readings: Sequence[Reading]) -> Good | Bad | Untestable | None:
        """What readings of one commit say, None where one more is needed."""
        return verdict(readings, self.ground.repeats, self.ground.ratio)

    def of(self, commit: str, readings: Sequence[Reading]) -> list[Reading]:
        """The readings that count for `commit`: its own, and those of others with the same inputs."""
        keys = self._keys_of([commit, *(reading.commit for reading in readings)])
        return [
            reading
            for reading in readings
            if keys[reading.commit] == keys[commit]
            and reading.against == self.reference
            and reading.role is not Role.VERIFICATION
            and lasting(reading.judgement)
        ]

    def _keys_of(self, commits: Sequence[str]) -> Mapping[str, str]:
        """The keys of their readings, asked of git once."""
        if new := [commit for commit in dict.fromkeys(commits) if commit not in self._keys]:
            self._keys.update(zip(new, self._identity.tests(new), strict=True))
        return self._keys
