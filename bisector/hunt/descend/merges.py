"""Into a merge: which commit of the merged branch it is, or that only both sides together are bad.

Three hunts may tell. The first tests the commits of the branch as they are. Its answer is tested once more
with the other side merged in: a branch may fail alone for another reason. Where a branch cannot be tested
alone, or the two disagree, all its commits are tested with the other side merged in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bisector.history.stand_ins import changed, changed_on_both, merged_tree
from bisector.hunt.conclusion import AnyOf, BadIsGood
from bisector.hunt.descend.level import Level
from bisector.hunt.descend.line import as_they_are, step_with_other_side, with_other_side
from bisector.hunt.descend.space import Space
from bisector.hunt.descend.way import Hunted, Way

_NAMED = 20


def into_merge(
    way: Way, space: Space, merge: str, parents: Sequence[str], good: Sequence[str]
) -> tuple[Level, Hunted | None]:
    """The step down into a merge whose first parent, and other `good` ones, were judged good.

    Also returns the hunt that has the answer, if one is found. Of an octopus merge, one parent after the
    other. Raises `Spent`, and what a hunt raises.
    """
    terms, unsettled = way.ground.hunt.kinds, None
    for tip in parents[1:]:
        if tip in good or space.repository.contains(parents[0], tip):
            continue
        level = Level("merge", merge, parents[0], tip, "open", "", space.path, nth=parents.index(tip) + 1)
        way.tell(f"into the merge {merge[:12]}: which commit of its branch ({level.range})?")
        found, hunted = _Branch(way, space, level, is_octopus=len(parents) > 2).searched()
        if found is None:
            way.tell(f"the branch {tip[:12]} alone is {terms.old}")
        elif found.state == "open" and len(parents) > 2:
            unsettled = unsettled or found
        else:
            return found, hunted
    return unsettled or _together(way, space, merge, parents), None


class _Branch:
    """One merged branch, of the step down `blank`, which has no answer yet."""

    def __init__(self, way: Way, space: Space, blank: Level, *, is_octopus: bool) -> None:
        self._way = way
        self._is_octopus = is_octopus
        self._space = space
        self._blank = blank
        self._merge, self._other, self._tip = blank.of, blank.old, blank.new

    def searched(self) -> tuple[Level | None, Hunted | None]:
        """The answer in this branch; no level if its tip is good."""
        way, new = self._way, self._way.ground.hunt.kinds.new
        alone = way.tried(lambda: as_they_are(way.ground, self._space, self._other, self._tip))
        if isinstance(alone, Hunted):
            measured_better = isinstance(alone.conclusion, BadIsGood) and way.ground.ratio is not None
            if alone.is_no_difference or measured_better:
                return None, None
            if alone.is_spent:
                return replace(self._blank, why=alone.why), None
            if alone.answer and (also := self._also_merged(alone)) is not False:
                how = "as it is, and with the other side merged in" if also else "as it is"
                why = f"confirmed: the first {new} commit of the branch, tested {how}"
                return self._blank.found(self._space.info(alone.answer), why), alone
            reason = "gives another answer with the other side merged in" if alone.answer else "does not tell"
        else:
            reason = "cannot be tested alone"
        way.tell(f"the branch {reason}; testing its commits with the other side {self._other[:12]} merged in")
        return self._merged()

    def _also_merged(self, alone: Hunted) -> bool | None:
        """Whether the answer also is the step with the other side merged in; None if that cannot be told."""
        way, commit = self._way, alone.answer
        parents = self._space.info(commit).parents
        if not parents:
            return None
        found = way.tried(
            lambda: step_with_other_side(way.ground, self._space, self._other, parents[0], commit)
        )
        if not isinstance(found, Hunted) or found.is_spent:
            return None
        if found.answer:
            return True
        untestable = isinstance(found.conclusion, AnyOf) or "cannot be tested" in found.why
        return None if untestable else False

    def _merged(self) -> tuple[Level, Hunted | None]:
        way, space, other = self._way, self._space, self._other
        found = way.tried(lambda: with_other_side(way.ground, space, self._merge, other, self._tip))
        if isinstance(found, str):
            return replace(self._blank, why=found), None
        conflicts = found.line.conflicts
        note = f"; {len(conflicts)} do not merge cleanly with {other[:12]}" if conflicts else ""
        new = way.ground.hunt.kinds.new
        if found.answer == self._merge and self._is_octopus:
            why = f"the branch {self._tip[:12]} cannot be tested alone, and is {way.ground.hunt.kinds.old}"
            return replace(self._blank, why=f"{why} with {other[:12]} merged in"), None
        if found.answer == self._merge:
            return _of_merge_itself(way, space, self._blank), None
        if found.answer:
            why = f"confirmed: the first {new} commit of the branch, tested with {other[:12]} merged in"
            return self._blank.found(space.info(found.answer), why), found
        if isinstance(found.conclusion, AnyOf):
            commits = tuple(map(found.line.of, found.conclusion.commits))
            why = f"only untestable commits are left, also with {other[:12]} merged in{note}"
            return replace(self._blank, state="one-of", any_of=commits, why=why), None
        return replace(self._blank, why=f"{found.why}{note}"), None


def _of_merge_itself(way: Way, space: Space, blank: Level) -> Level:
    """The answer that is what the merge itself changed: all before it, merged automatically, is good."""
    level = _together(way, space, blank.of, (blank.old, blank.new))
    before = f"with {blank.old[:12]} merged in, every commit of the branch is {way.ground.hunt.kinds.old}"
    return replace(level, why=f"{before}; {level.why.partition('; ')[2]}")


def _together(way: Way, space: Space, merge: str, parents: Sequence[str]) -> Level:
    """The answer that is the merge itself, with the files to look at."""
    terms, repository = way.ground.hunt.kinds, space.repository
    other, tip = parents[0], parents[-1]
    both, here, there = changed_on_both(repository, other, tip)
    tree = merged_tree(space.private, other, tip) if len(parents) == 2 else ""
    own = sorted(changed(repository, tree, merge)) if tree else []
    sides = "both sides are" if len(parents) == 2 else f"all {len(parents)} sides are"
    files: list[str]
    if own:
        files, where = own, f"the merge itself changed {_named(own)}, besides merging"
    elif both and not tree:
        files, where = both, f"both sides changed {_named(both)}, which the merge resolved"
    elif both:
        files, where = both, f"both sides changed {_named(both)}"
    else:
        files = [*here, *there]
        where = f"no file was changed on both sides; one changed {_named(here)}, the other {_named(there)}"
    why = f"{sides} {terms.old}, only together they are {terms.new}; {where}"
    return Level("merge", merge, other, tip, "together", why, path=space.path, files=tuple(files[:_NAMED]))


def _named(files: Sequence[str]) -> str:
    return ", ".join(files[:3]) + (f" and {len(files) - 3} more" if files[3:] else "") if files else "none"
