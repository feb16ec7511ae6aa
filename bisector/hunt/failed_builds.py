"""Groups of commits that do not build for the same reason, and where the history fixes them.

Two tested commits are neighbours if a way along the history leads from one to the other on which nothing else
was tested. Neighbours with the same error are one group.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bisector.history.candidates import Candidates
from bisector.hunt.known import Known
from bisector.predicate import Bad, Good, Measured, Untestable
from bisector.probe.fix_ups import without_tried

_BUILDS = re.compile(
    r"\bthe (?:build|setup)(?:'s folder)? (?:fails|did not|succeeds|does not)|\bthe build's "
)
_EXIT = re.compile(r"^(?:.*; )?the (?:build|setup) fails \((?:exit|signal) \d+\): ")
_SLOT = re.compile(r"(?:/[^\s:'\"]*)?/slots/\d+/(?:tree/)?")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+\b")
_TEMPORARY = re.compile(r"(?:/[^\s:'\"/]+)*/(?:tmp|temp)[^\s:'\"]*")
_NUMBER = re.compile(r"(?<![A-Za-z_\d])\d+(?![A-Za-z_\d])")


@dataclass(frozen=True, slots=True)
class FailedBuilds:
    """Commits that do not build for the same reason, in topological order: the first is the earliest."""

    error: str
    """The reason, with numbers, addresses and paths of slots masked. Hostile text."""
    commits: tuple[str, ...]
    builds_before: tuple[str, ...] = ()
    """The nearest commits before them that were tested and do build; empty if those are old endpoints."""
    after: str = ""
    """The one of them after which the history fixes the build; empty if no later commit was seen to build."""
    builds: str = ""
    """The nearest commit after that which was tested and builds."""
    fix: str = ""
    """The commit that fixes the build, if it is known exactly: `builds`, if its only parent is `after`."""
    between: int = 0
    """Number of commits that may have fixed it: those of the range `after..builds`."""
    is_picked: bool = False
    """Whether the overlay picks `fix` already."""

    @property
    def range(self) -> str:
        """The range in which the build is fixed, as git writes it; empty if unknown."""
        return f"{self.after}..{self.builds}" if self.builds else ""


def fix_up(commit: str) -> dict[str, object]:
    """The entry of an overlay that picks a fixing commit where a commit does not build without."""
    return {"cherry_pick": commit, "when": {"fails": True}}


def masked(why: str) -> str:
    """The reason why a build fails, without what differs between commits and runs that fail alike."""
    cause = _EXIT.sub("", without_tried(why))
    for pattern, word in ((_SLOT, ""), (_TEMPORARY, "PATH"), (_ADDRESS, "ADDRESS"), (_NUMBER, "N")):
        cause = pattern.sub(word, cause)
    return cause


def failed_builds(
    every: Candidates,
    known: Known,
    parents: Mapping[str, tuple[str, ...]],
    picked: Collection[str] = (),
) -> list[FailedBuilds]:
    """The groups among the candidates `every`, the largest first; `parents` are the real ones of each.

    `picked` are the commits that the overlay picks.
    """
    why = _failures(known)
    if not why:
        return []
    well = {
        reading.commit
        for reading in known.readings
        if isinstance(reading.judgement, Good | Bad | Measured) and not reading.fix_ups
    }
    position = {commit: at for at, commit in enumerate(every.ids)}
    failing = {position[commit]: masked(told) for commit, told in why.items() if commit in position}
    graph = _Tested(
        every, failing, {position[commit] for commit in well if commit in position} - failing.keys()
    )
    described = [graph.described(group, parents) for group in graph.groups()]
    groups = [replace(group, is_picked=group.fix in picked) for group in described]
    return sorted(groups, key=lambda group: (-len(group.commits), position[group.commits[0]]))


def _failures(known: Known) -> dict[str, str]:
    """The commits that do not build, with the reason."""
    found = {fact.commit: fact.why for fact in known.untestable if _BUILDS.search(fact.why)}
    for reading in known.readings:
        judgement = reading.judgement
        if isinstance(judgement, Untestable) and reading.run is None and _BUILDS.search(judgement.why):
            found.setdefault(reading.commit, judgement.why)
    return {commit: why for commit, why in found.items() if not why.startswith("the reference ")}


class _Tested:
    """The tested commits in the history, by position: `failing` with their errors, and those that build."""

    def __init__(self, every: Candidates, failing: Mapping[int, str], well: set[int]) -> None:
        self._every = every
        self._failing = failing
        self._well = well
        nearest: list[frozenset[int]] = []
        for own in every.parents:
            above = [frozenset({one}) if one in failing or one in well else nearest[one] for one in own]
            # Most commits have one parent: share its set.
            nearest.append(above[0] if len(above) == 1 else frozenset().union(*above))
        self._nearest = nearest

    def groups(self) -> list[list[int]]:
        """The failing commits in groups of neighbours with the same error, each in topological order."""
        group: dict[int, list[int]] = {}
        for at in sorted(self._failing):
            mine = [at]
            alike = [one for one in self._nearest[at] if self._failing.get(one) == self._failing[at]]
            for other in {id(group[one]): group[one] for one in alike}.values():
                mine += other
            group.update(dict.fromkeys(mine, mine))
        return [sorted(one) for one in {id(one): one for one in group.values()}.values()]

    def described(self, group: Sequence[int], parents: Mapping[str, tuple[str, ...]]) -> FailedBuilds:
        """The group with where it begins and where it is fixed."""
        ids, inside = self._every.ids, set(group)
        before = sorted({one for at in group for one in self._nearest[at]} & self._well)
        fixes = [
            (self._between(one, at), at, one)
            for at in sorted(self._well)
            for one in self._nearest[at] & inside
        ]
        commits, well = (tuple(ids[at] for at in some) for some in (group, before))
        found = FailedBuilds(self._failing[group[0]], commits, well)
        if not fixes:
            return found
        count, builds, after = min(fixes)
        exact = ids[builds] if parents.get(ids[builds]) == (ids[after],) else ""
        return replace(found, after=ids[after], builds=ids[builds], fix=exact, between=count)

    def _between(self, after: int, upto: int) -> int:
        """Number of candidates that `upto` contains and `after` does not."""
        return len(self._contained(upto) - self._contained(after))

    def _contained(self, at: int) -> set[int]:
        found: set[int] = set()
        waiting = [at]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self._every.parents[one]
        return found
