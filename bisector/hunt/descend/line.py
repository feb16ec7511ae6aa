"""The commits of one step down, as a hunt needs them: real commits, or stand-ins in the same shape."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bisector.history.candidates import candidates_between
from bisector.history.commit import CommitInfo
from bisector.history.pointers import Pointer
from bisector.history.stand_ins import Contents, StandIn, merged_tree, write
from bisector.hunt.descend.space import Space
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Plan
from bisector.hunt.planning import plan_between
from bisector.hunt.skipped import commits_of

BEFORE = "before"
"""The name of the commit before any submodule was moved."""


@dataclass(frozen=True)
class Line:
    """A hunt of one step down: its ground, its plan, and the commit that each laid-out one stands for."""

    ground: Ground
    plan: Plan
    meant: Mapping[str, str] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    """The commits that do not merge cleanly, so that they cannot be tested."""

    def of(self, commit: str) -> str:
        """The commit that a laid-out one stands for."""
        return self.meant.get(commit, commit)

    def laid_out(self, commit: str) -> str:
        """The commit that stands for one of the history."""
        return next((own for own, meant in self.meant.items() if meant == commit), commit)


def real_line(ground: Ground, good: str, bad: str) -> Line:
    """The commits of the hunt's own history as they are; raises `HistoryError` if there are none."""
    return Line(ground, plan_between(ground, (good,), bad, ground.hunt.kinds))


def as_they_are(ground: Ground, space: Space, good: str, bad: str) -> Line:
    """The commits between two commits of a space, as they are; raises `HistoryError` if there are none."""
    if space.above is None:
        return real_line(ground, good, bad)
    drawing = _Drawing(space)
    ids, parents = _between(ground, space, good, bad)
    # What lies before the range is laid out too: an answer is compared with its parents.
    outside = list(dict.fromkeys(p for above in parents for p in above if p not in ids and p != good))
    for commit in outside:
        drawing.add(commit, Contents(commit))
    drawing.add(good, Contents(good), outside)
    for commit, above in zip(ids, parents, strict=True):
        drawing.add(commit, Contents(commit), above)
    return drawing.line(ground, good, bad)


def with_other_side(ground: Ground, space: Space, merge: str, other: str, tip: str) -> Line:
    """The commits of a merged branch up to `tip`, each with the `other` side merged in, and then `merge`.

    What the merge itself changed, besides merging, is its last step. Raises `HistoryError` without commits,
    `EnvironmentFault` if git cannot merge.
    """
    drawing = _Drawing(space)
    ids, parents = _between(ground, space, other, tip)
    drawing.add(other, Contents(other))
    conflicts = []
    tree = ""
    for commit, above in zip(ids, parents, strict=True):
        tree = merged_tree(space.private, other, commit)
        if not tree:
            conflicts.append(commit)
        # Ancestors of the other side are part of it.
        known = [one if one in drawing else other for one in above] or [other]
        drawing.add(commit, Contents(tree or commit), known)
    if tree != _tree_of(space, merge):
        drawing.add(merge, Contents(merge), [tip])
    last = merge if merge in drawing else tip
    return drawing.line(ground, other, last, conflicts)


def step_with_other_side(ground: Ground, space: Space, other: str, before: str, commit: str) -> Line | None:
    """One commit after its parent, each with the `other` side merged in; None if they do not merge cleanly.

    None also if the branch was built on the other side, so that merging changes nothing.
    """
    trees = [merged_tree(space.private, other, one) for one in (before, commit)]
    if not all(trees) or trees == [_tree_of(space, one) for one in (before, commit)]:
        return None
    drawing = _Drawing(space)
    drawing.add(before, Contents(trees[0]))
    drawing.add(commit, Contents(trees[1]), [before])
    return drawing.line(ground, before, commit)


@dataclass(frozen=True)
class Stage:
    """A step of a line that is no commit: what it is called, how it is laid out, and how it is shown."""

    name: str
    contents: Contents | None
    """None for a stage that cannot be laid out, so that it is not tested."""
    subject: str = ""
    """'' for the whole commit, which is shown as itself."""


def in_stages(ground: Ground, space: Space, of: str, stages: Sequence[Stage], suspect: str = "") -> Line:
    """The parts of the commit `of`, one after the other; the first stage is good and the last one bad.

    The stage named `suspect` is tested early.
    """
    drawing, info = _Drawing(space), space.info(of)
    base = next(stage.contents for stage in stages if stage.contents is not None)
    for at, stage in enumerate(stages):
        shown = replace(info, subject=stage.subject) if stage.subject else None
        above = [stages[at - 1].name] if at else []
        drawing.add(stage.name, stage.contents or base, above, shown or info)
    missing = [stage.name for stage in stages if stage.contents is None]
    line = drawing.line(ground, stages[0].name, stages[-1].name, missing)
    early = tuple(own for own, meant in line.meant.items() if suspect and meant == suspect)
    return replace(line, plan=replace(line.plan, found_before=early))


def one_by_one(
    ground: Ground, space: Space, held: Contents, pointers: Sequence[Pointer], of: str, whole: Contents | None
) -> Line:
    """`held`, then the same with one submodule after the other moved, and then the `whole` commit `of`.

    The commits are called by the paths of their submodules, the first one `BEFORE` and the last one `of`.
    """
    stages, links = [Stage(BEFORE, held, "no submodule moved")], dict(held.links)
    for pointer in pointers:
        links[pointer.path] = pointer.new
        moved = Contents(held.base, dict(links))
        stages.append(Stage(pointer.path, moved, f"{pointer.path} moved to {pointer.new[:12]}"))
    if whole is not None:
        stages.append(Stage(of, whole))
    return in_stages(ground, space, of, stages)


def _tree_of(space: Space, commit: str) -> str:
    return space.repository.git("rev-parse", f"{commit}^{{tree}}").decode().strip()


def _between(ground: Ground, space: Space, good: str, bad: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """The commits between two of a space, parents first, and the parents of each that the hunt follows."""
    hunt = ground.hunt
    found = candidates_between(space.repository, [good], bad, first_parent=hunt.first_parent)
    most = 1 if hunt.first_parent else None
    infos = space.repository.infos(found.ids)
    return list(found.ids), [infos[one].parents[:most] for one in found.ids]


class _Drawing:
    """Stand-ins in the shape of a history."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._at: dict[str, int] = {}
        self._wanted: list[StandIn] = []

    def __contains__(self, commit: str) -> bool:
        return commit in self._at

    def add(
        self,
        commit: str,
        contents: Contents,
        parents: Sequence[str] = (),
        shown: CommitInfo | None = None,
    ) -> None:
        """Add a stand-in for `commit` after those of its parents; `shown` if it is no commit."""
        self._at[commit] = len(self._wanted)
        above = tuple(dict.fromkeys(self._at[parent] for parent in parents))
        self._wanted.append(StandIn(contents, shown or self._space.info(commit), above))

    def line(self, ground: Ground, good: str, bad: str, conflicts: Sequence[str] = ()) -> Line:
        """Write them, and plan the hunt among them; those with conflicts are not tested."""
        top = self._space
        while top.above is not None:
            top = top.above
        laid = self._space.on_top(self._wanted)
        own = write(
            top.private,
            [StandIn(at, one.stands_for, one.parents) for at, one in zip(laid, self._wanted, strict=True)],
        )
        ids = {commit: own[at] for commit, at in self._at.items()}
        named = dict.fromkeys([*conflicts, *_skipped(ground, ids)])
        skip = tuple(ids[one] for one in named if one not in (good, bad))
        inside = copy.copy(ground)
        # Paths would be looked for in stand-ins that change only a submodule, or everything at once.
        inside.hunt = ground.hunt.model_copy(update={"skip": skip, "paths": ()})
        plan = plan_between(inside, (ids[good],), ids[bad], ground.hunt.kinds)
        return Line(inside, plan, {ids[one]: one for one in ids}, tuple(conflicts))


def _skipped(ground: Ground, ids: Mapping[str, str]) -> list[str]:
    """Those of the commits that the hunt's `skip` lists."""
    named = {one for revision in ground.hunt.skip for one in commits_of(ground.repository, revision)}
    return [commit for commit in ids if commit in named]
