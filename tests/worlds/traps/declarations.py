"""Traps in the hunt file: inputs and outputs that are forgotten, or declared as they are."""

from __future__ import annotations

from tests.worlds.draft import Draft
from tests.worlds.traps import trap
from tests.worlds.world import REFUSED


def _with_outputs(draft: Draft) -> None:
    draft.builds = True
    draft.build["outputs"] = ["out/app"]


def _may_be_refused(draft: Draft) -> None:
    """A hunt file that is at fault may be sent back, with a sentence that says where."""
    for plan in draft.plans:
        plan.honest |= {REFUSED}


@trap("inputs declared as they are", "declared")
def declared(draft: Draft) -> None:
    """Commits that are alike in them share builds and readings."""
    _with_outputs(draft)
    draft.build["inputs"] = ["app", "build.sh", "broken"]
    if draft.rng.random() < 0.7:
        draft.test["inputs"] = ["test.sh"]


@trap("a forgotten build input", "declared")
def forgotten_input(draft: Draft) -> None:
    """The build reads a file that nobody named: the one that the step is in."""
    _with_outputs(draft)
    draft.build["inputs"] = ["build.sh", "broken"]


@trap("a forgotten test input", "declared")
def forgotten_test_input(draft: Draft) -> None:
    """The test reads a file that nobody named: the one that the step is in."""
    _with_outputs(draft)
    draft.build["inputs"] = ["build.sh", "broken"]
    draft.test["inputs"] = ["test.sh"]
    draft.test_lines.insert(0, "read value <app")
    if draft.rng.random() < 0.5:
        draft.hunt["sparse"] = True


@trap("a forgotten output", "declared")
def forgotten_output(draft: Draft) -> None:
    """The build makes two files, and the hunt file names the other one."""
    _with_outputs(draft)
    _may_be_refused(draft)
    draft.build_lines.append("cp app out/data")
    draft.test_lines.insert(0, "read value <out/data")
    if draft.rng.random() < 0.5:
        draft.build["inputs"] = ["app", "build.sh", "broken"]


@trap("a forgotten output elsewhere", "declared")
def untracked_output(draft: Draft) -> None:
    """The build makes a file beside the sources that git does not ignore."""
    _with_outputs(draft)
    _may_be_refused(draft)
    draft.build_lines.append("mkdir -p gen; cp app gen/data")
    draft.test_lines.insert(0, "read value <gen/data")


@trap("an empty folder in the outputs", "declared")
def empty_folder(draft: Draft) -> None:
    """The test needs an empty folder and a link that the build made."""
    draft.builds = True
    draft.build["outputs"] = ["out"]
    draft.build_lines.append("mkdir -p out/tmp; ln -sfn nowhere out/dangling; chmod 640 out/app")
    draft.test_lines.append("test -d out/tmp && test -L out/dangling || exit 125")


@trap("a build that makes nothing anew", "declared")
def incremental(draft: Draft) -> None:
    """It keeps what an earlier build left in the slot, as a careless makefile does."""
    draft.builds = True
    draft.build_lines.append("test -e out/copy || cp app out/copy")
    draft.test_lines.insert(0, "read value <out/copy")
