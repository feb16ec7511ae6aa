"""Branches that left before the old endpoint, in random histories with a bug and its fix on any branch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bisector.history.candidates import Candidates
from bisector.hunt.conclusion import FirstBad, Inconclusive, MergeBaseIsBad
from bisector.hunt.plan import Plan, Repeats
from bisector.predicate import Bad, Good, Judgement, Measured, Untestable
from bisector.probe.reading import Role
from bisector.terms import FIX, REGRESSION, Terms
from tests.hunt.fake_engine import hunt


@dataclass
class Dag:
    """A history of commits 0, 1, ...; `parents` come before their children."""

    parents: Sequence[Sequence[int]]
    _above: list[frozenset[int]] = field(default_factory=list)

    def above(self, commit: int) -> frozenset[int]:
        """A commit and its ancestors."""
        while len(self._above) <= commit:
            at = len(self._above)
            self._above.append(frozenset({at}).union(*(self._above[p] for p in self.parents[at])))
        return self._above[commit]

    def bases(self, one: int, other: int) -> tuple[int, ...]:
        """The best common ancestors, as `git merge-base --all` gives them."""
        common = self.above(one) & self.above(other)
        return tuple(c for c in sorted(common) if not any(c in self.above(d) for d in common - {c}))


@dataclass
class Beside:
    """What `bisector.history.beside` reads from git."""

    dag: Dag
    old: int
    out: frozenset[str]

    def commits(self) -> frozenset[str]:
        """Those that do not descend from the old endpoint or its merge bases."""
        return self.out

    def bases(self, commit: str) -> tuple[str, ...]:
        """Where its branch left."""
        return tuple(f"c{base}" for base in self.dag.bases(int(commit[1:]), self.old))

    def between(self, base: str, tip: str) -> frozenset[str]:
        """The tip and its ancestors that descend from the base."""
        above = self.dag.above(int(tip[1:]))
        return frozenset(f"c{c}" for c in above if int(base[1:]) in self.dag.above(c) and f"c{c}" != base)


def plan_between(dag: Dag, old: int, new: int, terms: Terms, ratio: float | None = None) -> Plan:
    """The plan of a hunt between two commits, as `plan_of` makes it from git."""
    inside = sorted(dag.above(new) - dag.above(old))
    place = {commit: at for at, commit in enumerate(inside)}
    rows = tuple(tuple(place[p] for p in dag.parents[c] if p in place) for c in inside)
    every = Candidates(tuple(f"c{c}" for c in inside), rows)
    bases = dag.bases(old, new)
    bottoms = {old, *bases}
    apart = {f"c{c}" for c in inside if c != new and not bottoms & dag.above(c)}
    return Plan(
        good=(f"c{old}",),
        bad=f"c{new}",
        candidates=every,
        every_candidate=every,
        parents={f"c{c}": tuple(f"c{p}" for p in dag.parents[c]) for c in inside},
        merge_bases=tuple(f"c{base}" for base in bases if base != old),
        ratio=ratio,
        beside=Beside(dag, old, frozenset(apart)),
        terms=terms,
        repeats=Repeats(least=3, most=12),
    )


@st.composite
def dags(draw: st.DrawFn) -> Dag:
    """Histories of up to 30 commits with branches and merges; the last one contains at least two others."""
    parents: list[list[int]] = [[]]
    for at in range(1, draw(st.integers(5, 30))):
        near = st.integers(max(0, at - 6), at - 1)
        parents.append(sorted({draw(near), *([draw(near)] if draw(st.booleans()) else [])}))
    dag = Dag(parents)
    assume(len(dag.above(len(parents) - 1)) > 3)
    return dag


def judged(is_new: Callable[[int], bool], broken: Sequence[int] = ()) -> Callable[[str, str], Judgement]:
    """The judge of a history in which these commits are of the new kind."""

    def judge(commit: str, against: str) -> Judgement:
        at = int(commit[1:])
        if at in broken:
            return Untestable("does not build")
        if against:
            return Measured(2.0 ** (is_new(at) - is_new(int(against[1:]))), "measured")
        return Bad("new") if is_new(at) else Good("old")

    return judge


@settings(max_examples=40, deadline=None)
@given(dag=dags(), data=st.data())
def test_the_fix_is_found_wherever_the_bug_was(dag: Dag, data: st.DataObject) -> None:
    """The bug comes with one commit, the fix with another: no other commit is ever confirmed.

    A merge that fixes it itself, of a branch that never had the bug, leaves a doubt.
    """
    last = len(dag.parents) - 1
    fix = data.draw(st.sampled_from(sorted(dag.above(last) - {0})))
    bug = data.draw(st.sampled_from(sorted(dag.above(fix) - {fix})))

    def is_fixed(commit: int) -> bool:
        return bug not in dag.above(commit) or fix in dag.above(commit)

    old = data.draw(st.sampled_from([c for c in sorted(dag.above(last)) if not is_fixed(c)]))
    found, _, _, _ = hunt(plan_between(dag, old, last, FIX), judged(is_fixed))
    is_merge_of_a_branch_without_it = any(bug not in dag.above(parent) for parent in dag.parents[fix])
    assert isinstance(found, FirstBad) or is_merge_of_a_branch_without_it
    assert not isinstance(found, FirstBad) or found.commit == f"c{fix}"


@settings(max_examples=40, deadline=None)
@given(dag=dags(), data=st.data())
def test_an_old_bug_of_a_merged_branch_is_not_the_answer(dag: Dag, data: st.DataObject) -> None:
    """An old bug, fixed before good, is on branches that left in between; another one breaks bad."""
    last = len(dag.parents) - 1
    within = sorted(dag.above(last))
    good = data.draw(st.sampled_from(within[1:-1]))
    fix = data.draw(st.sampled_from(sorted(dag.above(good) - {0})))
    old_bug = data.draw(st.sampled_from(sorted(dag.above(fix) - {fix})))
    new_bug = data.draw(st.sampled_from(sorted(dag.above(last) - dag.above(good))))

    def is_bad(commit: int) -> bool:
        above = dag.above(commit)
        return new_bug in above or (old_bug in above and fix not in above)

    found, _, _, _ = hunt(plan_between(dag, good, last, REGRESSION), judged(is_bad))
    if isinstance(found, FirstBad):
        assert found.commit == f"c{new_bug}"


@pytest.mark.parametrize("ratio", [None, 1.2])
def test_branches_that_never_had_the_bug_cost_no_probe(ratio: float | None) -> None:
    """A long branch that left before the bug came is left out of a hunt for a fix, and counted."""
    side = [[1], *([at] for at in range(3, 42))]
    dag = Dag([[], [0], [1], *side, [2, 42], [43], [44], [45]])
    plan = plan_between(dag, 2, 46, FIX, ratio)
    found, engine, _, _ = hunt(plan, judged(lambda c: c >= 45 or 2 not in dag.above(c)))
    assert isinstance(found, FirstBad)
    assert (found.commit, found.left_out) == ("c45", 40)
    assert engine.probes <= 3


@pytest.mark.parametrize("ratio", [None, 1.2])
def test_a_fix_on_a_branch_that_left_with_the_bug_is_found_there(ratio: float | None) -> None:
    """The search goes into a branch that is left out if its branch point had the bug."""
    dag = Dag([[], [0], [1], [0], [3], [4], [2, 5], [6]])
    found, engine, _, _ = hunt(plan_between(dag, 2, 7, FIX, ratio), judged(lambda c: 4 in dag.above(c)))
    assert isinstance(found, FirstBad)
    assert found.commit == "c4"
    assert ("c0", Role.MERGE_BASE) in engine.asked


def test_a_merge_of_a_branch_that_never_had_the_bug_is_not_sure() -> None:
    """Such a merge is fixed: it took its version, or the branch has the fix too. Both are said."""
    dag = Dag([[], [0], [1], [0], [3], [2, 4], [5]])
    found, _, _, _ = hunt(plan_between(dag, 2, 6, FIX), judged(lambda c: c in (0, 3, 4, 5, 6)))
    assert isinstance(found, Inconclusive)
    assert found.candidates == ("c5",)
    assert "it merges c4, which is fixed too" in found.why


def test_a_parent_that_the_old_endpoint_contains_says_nothing() -> None:
    """A merge without fast-forward has a parent from before the bug."""
    dag = Dag([[], [0], [0, 1], [2]])
    found, _, _, _ = hunt(plan_between(dag, 1, 3, FIX), judged(lambda c: c != 1))
    assert isinstance(found, FirstBad)
    assert found.commit == "c2"


def test_the_fix_is_on_the_side_that_has_it() -> None:
    """The release has the bug and main does not: the fix is on main; if main never had it, that is said."""
    dag = Dag([[], [0], [1], [0], [3], [4], [5]])
    found, _, _, _ = hunt(plan_between(dag, 2, 6, FIX), judged(lambda c: c in (5, 6)))
    assert isinstance(found, FirstBad)
    assert found.commit == "c5"
    found, _, _, _ = hunt(plan_between(dag, 2, 6, FIX), judged(lambda c: c not in (1, 2)))
    assert isinstance(found, MergeBaseIsBad)
    assert found.merge_base == "c0"


def test_an_untestable_branch_point_leaves_the_answer_open() -> None:
    """A merge whose parent is fixed, on a branch whose beginning cannot be tested, is not confirmed."""
    dag = Dag([[], [0], [1], [0], [3], [4], [2, 5], [6]])
    judge = judged(lambda c: 4 in dag.above(c), broken=(0,))
    found, _, _, _ = hunt(plan_between(dag, 2, 7, FIX), judge)
    assert not isinstance(found, FirstBad)


@pytest.mark.parametrize("ratio", [None, 1.2])
def test_a_hunt_for_a_regression_leaves_a_branch_with_an_old_bug_out(ratio: float | None) -> None:
    """As soon as a commit before good turns out to be bad, the search goes on without such branches."""
    dag = Dag([[], [0], [1], [0], [3], [4], [2, 5], [6], [7], [8]])
    plan = plan_between(dag, 2, 9, REGRESSION, ratio)
    found, _, _, _ = hunt(plan, judged(lambda c: c >= 8 or c in (0, 3, 4, 5)))
    assert isinstance(found, FirstBad)
    assert found.commit == "c8"
    assert found.left_out == 3 or ratio is not None


def test_another_merge_of_an_old_bug_is_not_confirmed() -> None:
    """Good and bad merge the same two branches, one of which has an old bug that only good's merge fixes."""
    dag = Dag([[], [0], [0], [1, 2], [1, 2], [3, 4]])
    found, _, _, _ = hunt(plan_between(dag, 3, 5, REGRESSION), judged(lambda c: c in (2, 4, 5)))
    assert not isinstance(found, FirstBad)
