"""The parts of a range that may have steps of their own, and what readings say from the start of a part.

Once a step is known, the history before it and the history built on it are ranges too. Readings are taken
against the good endpoint of the whole hunt; seen from the start of a part, a ratio is divided by the level of
that start, and a verdict is turned if the start is bad.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bisector.hunt.decide.failure_rates import Runs
from bisector.hunt.plan import Plan
from bisector.predicate import Measured, Undecided, Untestable
from bisector.probe.reading import Reading, Role
from bisector.probe.turned import turned_round


@dataclass(frozen=True, slots=True)
class Part:
    """The commits of `end` that `start` does not contain; `better`: whether to look for a fix in them."""

    start: str
    end: str
    better: bool = False


class Levels:
    """What the readings of a hunt say about single commits: a ratio to its good endpoint, or a verdict."""

    def __init__(self, good: str, ratio: float | None, readings: Sequence[Reading]) -> None:
        self._ratio = ratio
        self._logs: dict[str, list[float]] = {good: [0.0]} if ratio is not None else {}
        self._runs: dict[str, Runs] = {}
        for reading in readings:
            if ratio is None:
                before = self._runs.get(reading.commit, Runs())
                self._runs[reading.commit] = before + Runs.of([reading.judgement])
            elif isinstance(reading.judgement, Measured) and reading.against == good != reading.commit:
                self._logs.setdefault(reading.commit, []).append(math.log(reading.judgement.value))

    def level(self, commit: str) -> float | None:
        """The mean log ratio of a commit; for verdicts 1 for bad and 0 for good; None if unknown."""
        if self._ratio is not None:
            logs = self._logs.get(commit)
            return math.fsum(logs) / len(logs) if logs else None
        runs = self._runs.get(commit, Runs())
        return float(runs.bad > runs.good) if runs.all else None

    def rises(self, start: str, end: str) -> int | None:
        """1 for a step up from start to end (worse), -1 for one down, 0 for none; None if unknown."""
        one, other = self.level(start), self.level(end)
        if one is None or other is None:
            return None
        least = math.log(self._ratio) if self._ratio is not None else 0.5
        return 0 if abs(other - one) < least else 1 if other > one else -1

    def farthest(self, start: str, commits: Sequence[str]) -> str | None:
        """The commit whose level differs most from the start's, if it is beyond the smallest step."""
        known = [commit for commit in commits if self.rises(start, commit)]
        origin = self.level(start) or 0.0
        return max(known, key=lambda commit: abs((self.level(commit) or 0.0) - origin), default=None)

    def inner(self, start: str, end: str, commits: Sequence[str]) -> str | None:
        """A commit that shows more than one step between start and end; None if no reading does.

        Its level is clearly between theirs, or beyond one of them. For verdicts it is like the end, although
        a later commit is like the start.
        """
        if self._ratio is None:
            kinds = [(commit, self.rises(start, commit)) for commit in commits]
            like_end = self.rises(start, end)
            found = next((commit for commit, kind in kinds if kind == like_end), None)
            later = [kind for commit, kind in kinds[kinds.index((found, like_end)) :]] if found else []
            return found if 0 in later else None
        known = [commit for commit in commits if self.rises(start, commit) and self.rises(commit, end)]
        origin = self.level(start) or 0.0
        return max(known, key=lambda commit: abs((self.level(commit) or 0.0) - origin), default=None)


def seen_from(part: Part, whole: Plan, inside: Plan, readings: Sequence[Reading]) -> Iterator[Reading]:
    """The readings of the whole hunt as readings of the plan `inside` a part."""
    levels = Levels(whole.good[0], whole.ratio, readings)
    origin = levels.level(part.start)
    commits = {part.start, *inside.every_candidate.ids}
    for reading in readings:
        if reading.role is Role.VERIFICATION or isinstance(reading.judgement, Undecided):
            continue
        seen = (
            _verdict(part, reading, commits)
            if whole.ratio is None
            else _ratio(part, whole.good[0], reading, origin)
        )
        if seen is not None:
            yield replace(seen, judgement=turned_round(seen.judgement)) if part.better else seen


def _verdict(part: Part, reading: Reading, commits: set[str]) -> Reading:
    """A verdict of a commit: a confirmation counts as one only for an answer in this part."""
    if reading.role is Role.MERGE_BASE or (reading.about and reading.about in commits):
        return reading
    end = reading.commit in (part.start, part.end)
    return replace(reading, role=Role.PREMISE if end else Role.SEARCH, about="")


def _ratio(part: Part, good: str, reading: Reading, origin: float | None) -> Reading | None:
    """A pair of a commit as a pair with the start of the part; None if it says nothing there."""
    if reading.against == part.start and (part.start != good or reading.about):
        return reading
    if reading.against != good:
        # A confirmation of an answer against its parent holds in every part.
        return reading if reading.role is Role.CONFIRMATION else None
    if isinstance(reading.judgement, Untestable):
        return replace(reading, against=part.start, role=_role(part, reading.commit), about="")
    if not isinstance(reading.judgement, Measured):
        return reading if part.start == good else None
    if reading.commit == good or reading.commit == part.start:
        own = 0.0 if reading.commit == good else origin
        judgement = _divided(reading.judgement, own)
        return replace(
            reading, commit=part.start, against=part.start, role=Role.PREMISE, about="", judgement=judgement
        )
    if origin is None:
        return None
    judgement = _divided(reading.judgement, origin)
    role = _role(part, reading.commit)
    return replace(reading, against=part.start, role=role, about="", judgement=judgement)


def _role(part: Part, commit: str) -> Role:
    return Role.PREMISE if commit in (part.start, part.end) else Role.SEARCH


def _divided(judgement: Measured, origin: float | None) -> Measured:
    # Equal counts stay equal: the check of the fit takes any difference without noise for a pattern.
    return replace(judgement, value=float(f"{judgement.value / math.exp(origin or 0.0):.12g}"))
