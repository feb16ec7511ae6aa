"""Into a commit: the smallest patch of its changes that makes its parent bad."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bisector.history.changes import Changes, changes_between
from bisector.history.dependence import Dependence
from bisector.history.stand_ins import Contents, StandIn, changed_on_both, merged_tree, write
from bisector.hunt.conclusion import Effect
from bisector.hunt.descend.level import Level
from bisector.hunt.descend.smallest import Narrowing, Open, Part, Smallest
from bisector.hunt.descend.space import Space
from bisector.hunt.descend.way import Way

_LONGEST_PATCH = 1 << 20
"""Bytes of a patch that journal and reports keep."""


@dataclass(frozen=True)
class OfCommit:
    """A commit as changes against its parent, both as they are laid out."""

    before: Contents
    changes: Changes
    dependence: Dependence

    def __len__(self) -> int:
        return len(self.changes)

    def name(self, at: int) -> str:
        """Where the change is."""
        return str(self.changes.all[at])

    def contents(self, chosen: Collection[int]) -> Contents:
        """The parent with these changes."""
        return replace(self.before, files=self.changes.entries(chosen))

    def needed_by(self, chosen: Collection[int]) -> set[int]:
        """These changes and those that they seem to need to build."""
        return self.dependence.needed_by(chosen)


def blank_level(space: Space, of: str, parent: str) -> Level:
    """The step without an answer."""
    return Level("changes", of, parent, of, "open", "", space.path)


def into_changes(
    way: Way,
    space: Space,
    level: Level,
    sides: tuple[Contents, Contents],
    whole: Effect | None,
    without: Collection[int] = (),
) -> tuple[Level, tuple[int, ...]]:
    """The smallest set of changes between the `sides`, parent and commit, that makes the parent bad.

    Changes `without` which the commit is bad too are left out; `whole` is the effect of the commit. Also
    returns all changes found so far if the commit is bad without them, else nothing. Raises `Spent`, and what
    a hunt raises.
    """
    hunt = way.ground.hunt
    changes = changes_between(space.repository, sides[0].base, sides[1].base)
    commit = OfCommit(sides[0], changes, Dependence(changes.all))
    if len(commit) < 2 and hunt.narrow != "lines":
        names = [commit.name(at) for at in range(len(commit))] or ["nothing"]
        return replace(level, state="together", why=f"its only change is {names[0]}", total=len(commit)), ()
    way.tell(f"into the {len(commit)} changes of {level.of[:12]}: which of them make it {hunt.kinds.new}?")
    narrowing = Narrowing(
        way, space, level.of, commit, _clusters(space, level.of, changes, commit.dependence)
    )
    try:
        found = narrowing.smallest(without)
        apart = (*without, *found.chosen)
        also = narrowing.also_without(apart)
        if hunt.narrow == "lines":
            commit, found = _by_line(way, space, level.of, commit, found)
    except Open as error:
        return replace(level, why=str(error), total=len(commit)), ()
    named = tuple(commit.name(at) for at in found.chosen)
    level = replace(
        level,
        state="found",
        answer=f"{len(named)} of {len(commit)} changes",
        why=_reason(way, commit, found, also),
        changes=named,
        total=len(commit),
        files=tuple(dict.fromkeys(commit.changes.all[at].path for at in found.chosen)),
        patch=_patch(space, level.of, commit, found.chosen),
        share=share_of(found.effect, whole),
    )
    return level, apart if also else ()


def share_of(part: Effect | None, whole: Effect | None) -> float | None:
    """The share of an effect that a part of it explains, on the log scale; None without ratios."""
    if part is None or whole is None or min(part.ratio, whole.ratio) <= 0 or whole.ratio == 1:
        return None
    return math.log(part.ratio) / math.log(whole.ratio)


def _by_line(way: Way, space: Space, of: str, commit: OfCommit, hunks: Smallest) -> tuple[OfCommit, Smallest]:
    """The same, with the hunks that were found split into their lines."""
    changes, lines = commit.changes.by_line(hunks.chosen)
    split = OfCommit(commit.before, changes, Dependence(changes.all))
    if len(lines) == len(hunks.chosen):
        return commit, hunks
    way.tell(f"into the {len(lines)} lines of {'this' if len(hunks.chosen) == 1 else 'these'}")
    others = set(range(len(split))) - set(lines)
    narrowing = Narrowing(way, space, of, split, [[(at,)] for at in range(len(split))])
    return split, narrowing.smallest(others)


def _clusters(space: Space, of: str, changes: Changes, dependence: Dependence) -> list[list[Part]]:
    """The changes that share names; of a file that a merge resolved, all changes are one part."""
    parents, both = space.repository.parents(of), list[str]()
    if len(parents) == 2 and not merged_tree(space.private, *parents):
        both = changed_on_both(space.repository, *parents)[0]
    resolved = {path: tuple(n for n, one in enumerate(changes.all) if one.path == path) for path in both}
    taken, found = set[str](), list[list[Part]]()
    for cluster in dependence.clusters():
        parts: list[Part] = []
        for at in cluster:
            path = changes.all[at].path
            if path not in resolved:
                parts.append((at,))
            elif path not in taken:
                parts.append(resolved[path])
                taken.add(path)
        found.append(parts)
    return [parts for parts in found if parts]


def _reason(way: Way, commit: OfCommit, found: Smallest, also: bool | None) -> str:
    terms = way.ground.hunt.kinds
    these = "this change" if len(found.chosen) == 1 else "these changes"
    ratio = f" ({found.effect.ratio:.2f}x)" if found.effect else ""
    said = [f"confirmed: {terms.new} with only {these}{ratio}"]
    if found.inseparable:
        named = [commit.name(at) for at in found.inseparable]
        more = f" and {len(named) - 3} more" if named[3:] else ""
        said.append(f"{', '.join(named[:3])}{more} cannot be tested without each other")
    if also is None:
        said.append("the commit cannot be tested without")
    else:
        said.append(f"the commit is {terms.new} without too" if also else f"{terms.old} without")
    return "; ".join(said)


def _patch(space: Space, of: str, commit: OfCommit, chosen: Sequence[int]) -> str:
    """The patch of these changes for `git apply`; '' for a very long one."""
    info = space.info(of)
    sides = (commit.contents(()), commit.contents(chosen))
    before, after = write(space.private, [StandIn(side, info) for side in sides])
    how = ("diff-tree", "-r", "-p", "-M", "--binary", "--no-ext-diff", "--no-textconv")
    out = space.repository.git(*how, before, after)
    return out.decode(errors="surrogateescape") if len(out) <= _LONGEST_PATCH else ""
