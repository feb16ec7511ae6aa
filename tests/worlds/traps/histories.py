"""Traps in the shape of the history: merges, several steps, no step, commits that do not build."""

from __future__ import annotations

from tests.worlds.draft import Draft, Plan
from tests.worlds.traps import trap


@trap("culprit on a side branch", "shape", "steps")
def side_branch(draft: Draft) -> None:
    """Two branches are merged. The step is on the second."""
    left, right, tail = (draft.rng.randint(1, 4) for _ in range(3))
    draft.parents = _fork(left, right, tail)
    draft.steps = {draft.rng.randint(1 + left, left + right): 1}


@trap("the merge itself is the culprit", "shape", "steps")
def evil_merge(draft: Draft) -> None:
    """Both branches are good, and their merge is bad."""
    left, right, tail = (draft.rng.randint(1, 4) for _ in range(3))
    draft.parents = _fork(left, right, tail)
    draft.steps = {1 + left + right: 1}


@trap("octopus", "shape", "steps")
def octopus(draft: Draft) -> None:
    """A merge of three to five branches, one of which has the step."""
    arms, parents, tips = draft.rng.randint(3, 5), [()], []  # type: ignore[var-annotated]
    for _ in range(arms):
        for at in range(draft.rng.randint(1, 2)):
            parents.append((0,) if at == 0 else (len(parents) - 1,))
        tips.append(len(parents) - 1)
    parents.append(tuple(tips))
    parents.append((len(parents) - 1,))
    draft.parents = parents
    draft.steps = {draft.rng.randint(1, len(parents) - 2): 1}


@trap("criss-cross merges", "shape", "steps")
def criss_cross(draft: Draft) -> None:
    """Two branches merge each other twice."""
    draft.parents = [(), (0,), (0,), (1, 2), (2, 1), (3,), (4,), (5, 6), (6, 5), (7, 8), (9,)]
    draft.steps = {draft.rng.randint(1, 9): 1}


@trap("old bug on a side branch", "shape", "steps", "range")
def old_bug(draft: Draft) -> None:
    """The side branch began before the bug was fixed, and merged it back into main after good."""
    side = draft.rng.randint(1, 3)
    # 0 is good without the bug, 1 has it, 2 is main with the fix. The side branch begins at 1.
    parents: list[tuple[int, ...]] = [(), (0,), (1,), (2,)]
    for at in range(side):
        parents.append((1,) if at == 0 else (len(parents) - 1,))
    parents += [(3, len(parents) - 1), (len(parents),)]
    draft.parents, draft.steps = parents, {1: 1, 2: -1}
    draft.plans = [Plan(good=2, right=frozenset({"inconclusive"}))]
    draft.hunt["good"] = "c2"


@trap("two steps", "steps")
def two_steps(draft: Draft) -> None:
    """A counter goes up twice. Each step is an answer."""
    one = draft.inner()
    draft.steps = {one: 1, draft.inner(one): 1}


@trap("fixed on the way", "steps")
def mended(draft: Draft) -> None:
    """Bad, good and bad again. Each beginning is an answer."""
    one, two, three = sorted(draft.rng.sample(range(1, draft.last + 1), 3))
    draft.steps = {one: 1, two: -1, three: 1}


@trap("no regression", "steps", "plans")
def no_regression(draft: Draft) -> None:
    """Nothing changes, although the user says that something did."""
    draft.steps = {}


@trap("good is bad", "steps", "plans")
def good_is_bad(draft: Draft) -> None:
    """The bug is older than the good endpoint."""
    draft.steps = {0: 1}


@trap("commits that do not build", "broken")
def unbuildable(draft: Draft) -> None:
    """One to three runs of them, anywhere between the endpoints."""
    for _ in range(draft.rng.randint(1, 3)):
        begin = draft.inner()
        draft.broken |= set(range(begin, min(begin + draft.rng.randint(1, 4), draft.last)))


@trap("the culprit does not build", "broken")
def broken_culprit(draft: Draft) -> None:
    """The answer can only be a set that contains it."""
    draft.broken |= {at for at in draft.steps if 0 < at < draft.last}


@trap("no test script in older commits", "broken", "levels")
def no_script(draft: Draft) -> None:
    """From good up to some commit, the script is in another place."""
    draft.test_script = "./test.sh"
    for at in range(1, draft.inner() + 1):
        draft.files_of.setdefault(at, {})["test.sh"] = None
        draft.broken.add(at)
        draft.files_of[at]["broken"] = None


def _fork(left: int, right: int, tail: int) -> list[tuple[int, ...]]:
    parents: list[tuple[int, ...]] = [(), *((at,) for at in range(left))]
    parents += [(0,), *((len(parents) + at,) for at in range(right - 1))]
    parents.append((left, left + right))
    return parents + [(len(parents) - 1 + at,) for at in range(tail)]
