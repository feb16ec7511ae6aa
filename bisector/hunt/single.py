"""The journal's verdict on a single commit, as `git bisect run` needs it.

New readings are in `single_reading`, which is not imported here: a known verdict needs no engine.
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
    """A commit and its verdict; `readings` are all it is based on, `taken` is how many of them are new."""

    commit: str
    judgement: Good | Bad | Untestable
    readings: Sequence[Reading]
    taken: int


class Single:
    """A hunt whose commits are judged one by one.

    `ends` are the commits `good` and `bad`; `reference` is the commit that every probe is compared with, ''
    for none. In a git bisect `session`, a `good` relative to HEAD means the HEAD before the session, and
    such a `bad` means the session's bad. Raises `HistoryError` if they do not exist, `HuntFileError` for
    `good: auto`.
    """

    def __init__(self, ground: Ground, session: BisectSession | None) -> None:
        self.ground = ground
        hunt = ground.hunt
        if hunt.before == (AUTO,):
            key = hunt.key_of("old")
            raise HuntFileError(
                f"{hunt.locate(key)}: {key}: auto works only with `bisector run`; write the {hunt.kinds.old} "
                "revision to compare every probe with"
            )

        def resolved(revision: str) -> str:
            return ground.repository.resolve(session.lasting(revision) if session else revision)

        self.good = tuple(resolved(revision) for revision in hunt.before)
        self.bad = session.bad if session and session.moves(hunt.after) else resolved(hunt.after)
        self.ends = {"good": self.good[0], "bad": self.bad}
        self.reference = self.good[0] if ground.ratio is not None else ""
        self._since = session.began if session else 0.0
        self._identity = ground.identity(self.ends, self.good)
        self.key = self._identity.key
        self._keys: dict[str, str] = {}

    def known(self, commit: str, *, again: bool = False) -> Judged | None:
        """The verdict on `commit` without a new reading; None if there is none.

        With `again`, no earlier reading counts.
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
        """The verdict of these readings of one commit; None if one more is needed."""
        return verdict(readings, self.ground.repeats, self.ground.ratio)

    def of(self, commit: str, readings: Sequence[Reading]) -> list[Reading]:
        """The readings that count for `commit`: its own, and those of commits with the same inputs.

        In a session of git bisect only those taken since it started: what no recipe names may have changed
        before.
        """
        keys = self._keys_of([commit, *(reading.commit for reading in readings)])
        return [
            reading
            for reading in readings
            if keys[reading.commit] == keys[commit]
            and reading.against == self.reference
            and reading.at.timestamp() >= self._since
            and reading.role is not Role.VERIFICATION
            and lasting(reading.judgement)
        ]

    def _keys_of(self, commits: Sequence[str]) -> Mapping[str, str]:
        """The test keys of these commits, read from git once."""
        if new := [commit for commit in dict.fromkeys(commits) if commit not in self._keys]:
            self._keys.update(zip(new, self._identity.tests(new), strict=True))
        return self._keys
