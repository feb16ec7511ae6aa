"""Traps in the files that tests and builds leave behind, in the slot and outside it."""

from __future__ import annotations

from tests.worlds.draft import Draft
from tests.worlds.traps import trap

_REMEMBER = "test -e {0} || echo $value >{0}; read value <{0}"


@trap("the test leaves an ignored file", "dirt")
def ignored(draft: Draft) -> None:
    """The next test in that slot uses it."""
    draft.ignored.append("/memory")
    draft.test_lines.append(_REMEMBER.format("memory"))


@trap("the test leaves an untracked file", "dirt")
def untracked(draft: Draft) -> None:
    """The next test in that slot uses it."""
    draft.test_lines.append(_REMEMBER.format("memory"))


@trap("the test changes a tracked file", "dirt")
def tracked(draft: Draft) -> None:
    """The next test in that slot uses it."""
    draft.files["memory"] = "nothing\n"
    draft.test_lines.append(
        'read old <memory; test "$old" = nothing && echo $value >memory; read value <memory'
    )


@trap("the test leaves a file that each run makes worse", "dirt")
def counts(draft: Draft) -> None:
    """Every run finds the file of the run before, and fails because of it."""
    draft.ignored.append("/runs")
    draft.test_lines.append("test ! -e runs || value=9999; touch runs")


@trap("the test eats its build", "dirt")
def eats(draft: Draft) -> None:
    """The test removes, truncates, changes or locks the build output."""
    draft.builds = True
    if draft.rng.random() < 0.7:
        draft.build.setdefault("outputs", ["out"])
    meals = ["rm -r out", ": >out/app", "echo 1 >out/app", "echo 9999 >>out/app", "chmod 000 out/app"]
    meals += ["mv out/app out/gone", "echo 9999 >out/new; mv out/new out/app", "chmod 555 out"]
    draft.test_lines.append(draft.rng.choice(meals))


@trap("the build goes beside the tree", "dirt", "value")
def beside(draft: Draft) -> None:
    """The build writes to ../build, as users do by hand."""
    draft.builds = True
    if "outputs" in draft.build:
        draft.may_be_refused()
    draft.build_lines.append("mkdir -p ../build; cp app ../build/app")
    draft.test_lines.append("read value <../build/app")


@trap("a cache at home", "dirt")
def cache(draft: Draft) -> None:
    """The first test writes it, and every other test uses it."""
    draft.test_lines.append(
        'mkdir -p "$HOME/.cache/project"; ' + _REMEMBER.format('"$HOME/.cache/project/v"')
    )


@trap("a file in the temporary folder", "dirt")
def temporary(draft: Draft) -> None:
    """It has a fixed name: the first test writes it, and every other test uses it."""
    draft.private.append("project-memory")
    draft.test_lines.append(_REMEMBER.format('"${TMPDIR:-/tmp}/project-memory"'))


@trap("a process that outlives its test", "dirt")
def survivor(draft: Draft) -> None:
    """It would run for a minute, and keeps the output open."""
    kinds = ["sleep 60 &", "setsid sleep 60 &", "(trap '' TERM HUP; sleep 60) &"]
    draft.test_lines.append(draft.rng.choice(kinds))


@trap("tests that call git", "git")
def git(draft: Draft) -> None:
    """They change configuration, tags, branches, the stash and the index of the repository around them."""
    calls = [
        "git config user.nickname tester",
        "git tag -f tested",
        "echo x >>n; git stash -q",
        "git branch -f tested-branch",
        "echo x >>n; git commit -q -am tested",
        "git update-ref -d refs/heads/main",
        "git checkout -q -B work",
        "git gc -q --prune=now",
        "git rm -q --cached n",
    ]
    chosen = draft.rng.sample(calls, draft.rng.randint(1, 3))
    draft.test_lines += [f"({call}) >/dev/null 2>&1 || :" for call in chosen]
