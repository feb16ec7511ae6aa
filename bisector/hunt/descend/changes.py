"""Into a commit: the smallest patch of its changes that makes its parent bad."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bisector.ecosystems import NotWritten, ecosystem_of
from bisector.errors import BisectorError
from bisector.history.changes import Changes, changes_between
from bisector.history.dependence import Dependence
from bisector.history.stand_ins import Contents, StandIn, changed, changed_on_both, merged_tree, write
from bisector.hunt.conclusion import SPENT, Effect, Inconclusive, NoRegression
from bisector.hunt.descend.level import Level
from bisector.hunt.descend.packages import Locked, Releases, locked_in
from bisector.hunt.descend.smallest import Narrowing, Open, Part, Smallest
from bisector.hunt.descend.space import Space
from bisector.hunt.descend.way import Way

_LONGEST_PATCH = 1 << 20
"""Bytes of a patch that journal and reports keep."""


@dataclass(frozen=True)
class OfCommit:
    """A commit as parts, against its parent: changes, then the packages that it moves in lock files."""

    before: Contents
    changes: Changes
    locked: tuple[Locked, ...] = ()
    dependence: Dependence = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dependence", Dependence(self.changes.all))

    def __len__(self) -> int:
        return len(self.changes) + sum(map(len, self.locked))

    def name(self, at: int) -> str:
        """Where the change is, or which package moves."""
        if at < len(self.changes):
            return str(self.changes.all[at])
        locked, within = self.package(at)
        return locked.name(within)

    def files(self, chosen: Collection[int]) -> list[str]:
        """The paths of these changes, and the lock files of these packages."""
        found = [self.changes.all[at].path for at in chosen if at < len(self.changes)]
        moved = [self.package(at)[0].bumps[0].path for at in chosen if at >= len(self.changes)]
        return list(dict.fromkeys([*found, *moved]))

    def contents(self, chosen: Collection[int]) -> Contents | None:
        """The parent with these parts; None if the lock files cannot be written so."""
        files = self.changes.entries([at for at in chosen if at < len(self.changes)])
        start = len(self.changes)
        try:
            for locked in self.locked:
                files |= locked.entries({at - start for at in chosen if start <= at < start + len(locked)})
                start += len(locked)
        except NotWritten:
            return None
        return replace(self.before, files=files)

    def needed_by(self, chosen: Collection[int]) -> set[int]:
        """These parts and those that they seem to need to build."""
        known = [at for at in chosen if at < len(self.changes)]
        return set(chosen) | self.dependence.needed_by(known)

    def package(self, at: int) -> tuple[Locked, int]:
        """The lock files of a part, and its position in them."""
        at -= len(self.changes)
        for locked in self.locked:
            if at < len(locked):
                return locked, at
            at -= len(locked)
        raise IndexError(at)

    def packages(self) -> Iterator[list[Part]]:
        """The packages in an order in which each can move after those before it, and what else a file has."""
        start = len(self.changes)
        for locked in self.locked:
            for group in locked.steps():
                yield [tuple(start + at for at in group)]
            start += len(locked)

    def by_line(self, hunks: Collection[int]) -> tuple[OfCommit, tuple[int, ...]]:
        """The same with these hunks split into lines, and the positions of those lines and of other parts."""
        known = [at for at in hunks if at < len(self.changes)]
        changes, lines = self.changes.by_line(known)
        moved = tuple(at + len(changes) - len(self.changes) for at in hunks if at >= len(self.changes))
        return OfCommit(self.before, changes, self.locked), (*lines, *moved)


@dataclass(frozen=True)
class Answer:
    """The step to the smallest set, and how it goes on: the parts that are left, or releases of a package."""

    level: Level
    without: tuple[int, ...] = ()
    releases: Releases | None = None


def blank_level(space: Space, of: str, parent: str) -> Level:
    """The step without an answer."""
    return Level("changes", of, parent, of, "open", "", space.path)


def moves_packages(space: Space, before: Contents, after: Contents) -> bool:
    """Whether a commit changes a lock file that bisector reads."""
    return any(map(ecosystem_of, changed(space.repository, before.base, after.base)))


class Taking:
    """One commit to be taken apart, between the `sides`, its parent and itself; `whole` is its effect.

    Without `narrow` in the hunt, all that it changes besides lock files is one part.
    """

    def __init__(
        self, way: Way, space: Space, level: Level, sides: tuple[Contents, Contents], whole: Effect | None
    ) -> None:
        self._way = way
        self._space = space
        self._blank = level
        self._sides = sides
        self._whole = whole

    def taken(self, without: Collection[int] = ()) -> Answer:
        """The smallest set of parts without these, without which the commit is known to be bad too.

        Raises `Spent`, and what a hunt raises.
        """
        hunt = self._way.ground.hunt
        try:
            commit = self._commit()
            parts = self._parts(commit)
        except BisectorError as error:  # A lock file that is damaged, or that bisector cannot write.
            return Answer(replace(self._blank, why=str(error)))
        if len(parts) == 1 and not (hunt.narrow == "lines" and len(parts[0]) == 1):
            return self._only(commit, parts[0])
        named = f"{len(commit)} changes" if hunt.narrow else f"{len(parts)} parts"
        self._way.tell(f"into the {named} of {self._blank.of[:12]}: which of them make it {hunt.kinds.new}?")
        narrowing = Narrowing(self._way, self._space, self._blank.of, commit, parts)
        try:
            found = narrowing.smallest(without)
            apart = (*without, *found.chosen)
            also = narrowing.also_without(apart)
            releases = self._releases(commit, found.chosen)
            if hunt.narrow == "lines":
                commit, found = self._by_line(commit, found)
        except Open as error:
            return Answer(replace(self._blank, **self._rest(error, without), total=len(commit)))
        return Answer(self._level(commit, found, also), apart if also else (), releases)

    def _commit(self) -> OfCommit:
        before, after = self._sides
        changes = changes_between(self._space.repository, before.base, after.base)
        locked = locked_in(self._space.repository, changes, before.base, after.base)
        read = {path for one in locked for path in (*one.before, *one.after)}
        return OfCommit(before, changes.outside(read), tuple(locked))

    def _parts(self, commit: OfCommit) -> list[list[Part]]:
        packages = list(commit.packages())
        if not self._way.ground.hunt.narrow:
            rest = tuple(range(len(commit.changes)))
            return [*([[rest]] if rest else []), *packages]
        return [*self._clusters(commit), *packages]

    def _clusters(self, commit: OfCommit) -> Iterator[list[Part]]:
        """The changes that share names; of a file that a merge resolved, all changes are one part."""
        space, changes = self._space, commit.changes
        parents, both = space.repository.parents(self._blank.of), list[str]()
        if len(parents) == 2 and not merged_tree(space.private, *parents):
            both = changed_on_both(space.repository, *parents)[0]
        resolved = {path: tuple(n for n, one in enumerate(changes.all) if one.path == path) for path in both}
        taken = set[str]()
        for cluster in commit.dependence.clusters():
            parts: list[Part] = []
            for at in cluster:
                path = changes.all[at].path
                if path not in taken:
                    parts.append(resolved.get(path, (at,)))
                    taken.update({path} & resolved.keys())
            if parts:
                yield parts

    def _only(self, commit: OfCommit, part: Sequence[Part]) -> Answer:
        """The answer where there is one part only, so that nothing needs to be tested."""
        at = tuple(n for one in part for n in one)
        why = f"its only change is {commit.name(at[0])}" if len(at) == 1 else "it moves no package"
        level = replace(self._blank, state="together", why=why, total=len(commit))
        level = replace(level, patch=self._patch(commit, at))
        return Answer(level, releases=self._releases(commit, at))

    def _releases(self, commit: OfCommit, chosen: Sequence[int]) -> Releases | None:
        """The step into the releases of the package, if these parts move just one between two versions."""
        moved = [at for at in chosen if at >= len(commit.changes)]
        if len(moved) != 1:
            return None
        locked, within = commit.package(moved[0])
        held, bad = commit.contents([at for at in chosen if at != moved[0]]), commit.contents(chosen)
        if within == len(locked.packages) or held is None or bad is None:
            return None
        bump = locked.bump(within)
        if not (bump.old and bump.new) or "," in bump.old + bump.new:
            return None
        return Releases(self._way, self._space, self._blank.of, locked, bump, held, bad)

    def _by_line(self, commit: OfCommit, hunks: Smallest) -> tuple[OfCommit, Smallest]:
        """The same, with the hunks that were found split into their lines."""
        split, lines = commit.by_line(hunks.chosen)
        if len(lines) == len(hunks.chosen):
            return commit, hunks
        self._way.tell(f"into the {len(lines)} lines of {'this' if len(hunks.chosen) == 1 else 'these'}")
        others = set(range(len(split))) - set(lines)
        parts = [[(at,)] for at in range(len(split))]
        return split, Narrowing(self._way, self._space, self._blank.of, split, parts).smallest(others)

    def _level(self, commit: OfCommit, found: Smallest, also: bool | None) -> Level:
        of = f"{len(found.chosen)} of {len(commit)} changes"
        return replace(
            self._blank,
            state="found",
            answer=of,
            why=self._reason(commit, found, also),
            changes=tuple(commit.name(at) for at in found.chosen),
            total=len(commit),
            files=tuple(commit.files(found.chosen)),
            patch=self._patch(commit, found.chosen),
            share=share_of(found.effect, self._whole),
        )

    def _rest(self, error: Open, without: Collection[int]) -> dict[str, Any]:
        """The state of a step without an answer: open, or settled if what is left is too small to ask for."""
        found, ratio = error.conclusion, self._way.ground.ratio
        if without and isinstance(found, NoRegression) and found.effect is not None and ratio is not None:
            why = f"the other changes together are {found.effect.ratio:.2f}x; the hunt asks for {ratio:.2f}x"
            return {"state": "together", "why": why}
        if isinstance(found, Inconclusive) and ratio is not None and found.why != SPENT:
            return {"why": f"no few changes have most of the effect: {error}"}
        return {"why": str(error)}

    def _reason(self, commit: OfCommit, found: Smallest, also: bool | None) -> str:
        terms = self._way.ground.hunt.kinds
        these = "this change" if len(found.chosen) == 1 else "these changes"
        # Parts of an effect are judged by the larger half of it, whatever ratio the hunt asks for.
        if found.effect is not None:
            said = [f"confirmed: {found.effect.ratio:.2f}x with only {these}"]
            rest = "the other changes bring a part of it too" if also else "most of it is gone without"
        else:
            said = [f"confirmed: {terms.new} with only {these}"]
            rest = f"the commit is {terms.new} without too" if also else f"{terms.old} without"
        if found.inseparable:
            named = [commit.name(at) for at in found.inseparable]
            more = f" and {len(named) - 3} more" if named[3:] else ""
            said.append(f"{', '.join(named[:3])}{more} cannot be tested without each other")
        return "; ".join([*said, "the commit cannot be tested without" if also is None else rest])

    def _patch(self, commit: OfCommit, chosen: Sequence[int]) -> str:
        """The patch of these changes for `git apply`; '' for a very long one."""
        space, info = self._space, self._space.info(self._blank.of)
        sides = [side for side in (commit.contents(()), commit.contents(chosen)) if side is not None]
        before, after = write(space.private, [StandIn(side, info) for side in sides])
        how = ("diff-tree", "-r", "-p", "-M", "--binary", "--no-ext-diff", "--no-textconv")
        out = space.repository.git(*how, before, after)
        return out.decode(errors="surrogateescape") if len(out) <= _LONGEST_PATCH else ""


def share_of(part: Effect | None, whole: Effect | None) -> float | None:
    """The share of an effect that a part of it explains, on the log scale; None without ratios."""
    if part is None or whole is None or min(part.ratio, whole.ratio) <= 0 or whole.ratio == 1:
        return None
    return math.log(part.ratio) / math.log(whole.ratio)
