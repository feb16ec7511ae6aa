"""Traps in the judgement: counters, flaky tests."""

from __future__ import annotations

from tests.git_history import Node
from tests.worlds.draft import PATTERN, Draft, Plan
from tests.worlds.traps import trap
from tests.worlds.world import FOLDER


@trap("a counter after earlier drift", "judge", "levels", "jobs")
def counter(draft: Draft) -> None:
    """A value that is the same in every run rises slowly before and after its step."""
    draft.judge = "counter"
    draft.factor = draft.rng.choice([1.3, 1.5, 2.0, 4.0])
    creep = 0
    for _ in draft.parents:
        creep += draft.rng.random() < 0.4
        draft.drift.append(creep)
    draft.finish = 'echo "work: $value"'
    draft.hunt["predicate"] = {"name": "counter", "pattern": PATTERN, "ratio": 1.2}


@trap("judged by its output", "judge", "levels")
def output(draft: Draft) -> None:
    """A line of output decides, whatever the exit code: the hunt file says that both codes are normal."""
    draft.builds = True
    draft.finish = 'test "$value" -lt "$limit" || echo "BUG found"; exit $(($(cat n) % 2))'
    draft.hunt["predicate"] = {"name": "output_matches", "pattern": "^BUG", "exits": [0, 1]}


@trap("a step in a mode or a link", "levels", "declared", "range")
def mode(draft: Draft) -> None:
    """No file contents change, but a file becomes executable, or a link gets another target."""
    draft.elsewhere = True
    link = draft.rng.random() < 0.5
    for at in range(len(draft.parents)):
        bad = draft.levels()[at] > 0
        draft.files_of.setdefault(at, {})["flag"] = ("app" if bad else "n") if link else "the same\n"
        draft.modes_of[at] = {"flag": "120000" if link else ("100755" if bad else "100644")}
    tells = 'test "$(readlink flag)" = app' if link else "test -x flag"
    draft.test_lines.insert(0, f"{tells} && value=200")


@trap("a step in a submodule", "levels", "declared", "range", "value")
def submodule(draft: Draft) -> None:
    """The commit only moves a submodule to another commit."""
    draft.elsewhere = True
    values = sorted({draft.value(at) for at in range(len(draft.parents))})
    for before, value in zip([0, *values], values, strict=False):
        parents = [f"l{before}"] if before else []
        draft.library.append(Node(f"l{value}", parents, {"value": f"{value}\n"}))
    settings = f'[submodule "lib"]\n\tpath = lib\n\turl = {FOLDER}/lib\n'
    for at in range(len(draft.parents)):
        draft.files_of.setdefault(at, {}).update({".gitmodules": settings, "lib": f"l{draft.value(at)}"})
        draft.modes_of[at] = {"lib": "160000"}
    draft.test_lines.insert(0, "read value <lib/value")


def _fails(percent: float) -> str:
    return f"test $(od -An -N2 -tu2 /dev/urandom) -ge {round(percent / 100 * 65536)}"


@trap("flaky from the culprit on", "judge", "plans")
def flaky(draft: Draft) -> None:
    """Bad commits sometimes pass, and the hunt file does not say so."""
    percent = draft.rng.choice([40, 60, 80, 95])
    draft.finish = f'test "$value" -lt "$limit" || {_fails(percent)}'


@trap("flaky before, failing after", "judge", "plans")
def flaky_before(draft: Draft) -> None:
    """Good commits sometimes fail, and the hunt file does not say so."""
    percent = draft.rng.choice([5, 10, 20, 30])
    draft.finish = f'test "$value" -lt "$limit" && {_fails(percent)}'


@trap("flaky everywhere, without a change", "judge", "steps", "plans")
def flaky_without(draft: Draft) -> None:
    """The test fails as often at good as at bad."""
    draft.steps = {}
    draft.finish = _fails(draft.rng.choice([5, 10, 20, 30, 50]))
    draft.plans = [Plan(right=frozenset({"no-regression"}))]
