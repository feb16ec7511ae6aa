"""Traps in the hunt file: forgotten inputs and outputs, or correct ones."""

from __future__ import annotations

from tests.worlds.draft import Draft
from tests.worlds.traps import trap


def _with_outputs(draft: Draft) -> None:
    draft.builds = True
    draft.build["outputs"] = ["out/app"]


@trap("inputs declared as they are", "declared")
def declared(draft: Draft) -> None:
    """Commits with the same inputs share builds and readings."""
    _with_outputs(draft)
    draft.build["inputs"] = ["app", "build.sh", "broken"]
    if draft.rng.random() < 0.7:
        draft.test["inputs"] = ["test.sh"]


@trap("a forgotten build input", "declared")
def forgotten_input(draft: Draft) -> None:
    """The build reads an undeclared file, which has the step."""
    _with_outputs(draft)
    draft.build["inputs"] = ["build.sh", "broken"]


@trap("a forgotten test input", "declared")
def forgotten_test_input(draft: Draft) -> None:
    """The test reads an undeclared file, which has the step."""
    _with_outputs(draft)
    draft.build["inputs"] = ["build.sh", "broken"]
    draft.test["inputs"] = ["test.sh"]
    draft.test_lines.insert(0, "read value <app")
    if draft.rng.random() < 0.5 and "overlay" not in draft.hunt:
        draft.hunt["sparse"] = True


@trap("a forgotten output", "declared")
def forgotten_output(draft: Draft) -> None:
    """The build writes two files, and the hunt file names the wrong one."""
    _with_outputs(draft)
    draft.may_be_refused()
    draft.build_lines.append("cp app out/data")
    draft.test_lines.insert(0, "read value <out/data")
    if draft.rng.random() < 0.5:
        draft.build["inputs"] = ["app", "build.sh", "broken"]


@trap("a forgotten output elsewhere", "declared")
def untracked_output(draft: Draft) -> None:
    """The build writes a file next to the sources that git does not ignore."""
    _with_outputs(draft)
    draft.may_be_refused()
    draft.build_lines.append("mkdir -p gen; cp app gen/data")
    draft.test_lines.insert(0, "read value <gen/data")


@trap("an empty folder in the outputs", "declared")
def empty_folder(draft: Draft) -> None:
    """The test needs an empty folder and a link from the build."""
    draft.builds = True
    draft.build["outputs"] = ["out"]
    draft.build_lines.append("mkdir -p out/tmp; ln -sfn nowhere out/dangling; chmod 640 out/app")
    draft.test_lines.append("test -d out/tmp && test -L out/dangling || exit 125")


@trap("a build that rebuilds nothing", "declared")
def incremental(draft: Draft) -> None:
    """The build uses leftovers of an earlier build in the slot, as with a careless makefile."""
    draft.builds = True
    draft.build_lines.append("test -e out/copy || cp app out/copy")
    draft.test_lines.insert(0, "read value <out/copy")
