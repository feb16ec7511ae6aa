"""Whether the runs of a flaky answer differ by time rather than by commit.

The confirmation runs the answer several times, then each parent, since every change of commit costs a build.
Something outside of the slot may change in between, such as a file that one run leaves and another removes.
So each commit is run again after the others, and its runs before and after are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bisector.hunt.decide.failure_rates import Runs, compare
from bisector.probe.reading import Reading, Role
from bisector.terms import Terms

RETURNS = 2
"""Runs of each commit after those of the others: two, which see both sides of a state that alternates."""
_MOST_RETURNS = 8
_DOUBT = 3.0
"""Bayes factor for "the rate changed" from which a commit is run again: below, there is no evidence."""
_CHANGED = 100.0
"""Bayes factor from which it counts as changed. A test that fails in half of its runs reaches it in under 1%
of hunts: five runs that fail, then three that pass."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The confirmation runs of one commit: until the others were run, and from then on."""

    commit: str
    before: Runs
    after: Runs
    returns: int
    since: datetime | None

    @property
    def factor(self) -> float:
        """Bayes factor for two rates against one."""
        odds = compare(self.before, self.after)
        return max(odds.more, odds.fewer)


def commit_to_return_to(bad: str, parents: Sequence[str], readings: Sequence[Reading]) -> str:
    """The commit to run again before the answer `bad` counts as confirmed; '' for none.

    All of them have runs of the confirmation.
    """
    for one in _parts(bad, parents, readings):
        doubtful = _DOUBT <= one.factor < _CHANGED and one.returns < _MOST_RETURNS
        if one.returns < RETURNS or doubtful:
            return one.commit
    return ""


def changed_meanwhile(bad: str, parents: Sequence[str], readings: Sequence[Reading], terms: Terms) -> str:
    """Why the runs show no difference between these commits, but one between two times; '' if they do not."""
    for one in _parts(bad, parents, readings):
        if one.since is not None and one.factor >= _CHANGED:
            since = f"{one.since.astimezone():%H:%M:%S}"
            return (
                f"{one.commit[:12]} was judged {terms.new} {one.before} until {since} and {one.after} since: "
                "something that is not part of the commit decides, such as a file outside of the slot that "
                "one run leaves and another removes; let the test begin by removing it, or by setting it up"
            )
    return ""


def _parts(bad: str, parents: Sequence[str], readings: Sequence[Reading]) -> Iterator[_Parts]:
    """The runs of the answer, divided by the first run of its last parent, then those of the parents."""
    own, *others = ([r for r in readings if _counts(r, commit)] for commit in (bad, *parents))
    if not own or not others or not all(others):
        return
    began = max(min(r.at for r in taken) for taken in others)
    yield _divided(bad, own, began)
    back = min((r.at for r in own if r.at >= began), default=None)
    if back is not None:
        yield from (_divided(one, taken, back) for one, taken in zip(parents, others, strict=True))


def _counts(reading: Reading, commit: str) -> bool:
    return reading.commit == commit and reading.role is Role.CONFIRMATION


def _divided(commit: str, taken: Sequence[Reading], at: datetime) -> _Parts:
    before, after = ([r for r in taken if (r.at >= at) is late] for late in (False, True))
    early, late_runs = (Runs.of(r.judgement for r in part) for part in (before, after))
    return _Parts(commit, early, late_runs, len(after), min((r.at for r in after), default=None))
