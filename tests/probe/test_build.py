"""A commit that is checked out in a slot and built, or restored from the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.errors import HuntFileError
from bisector.predicate import Untestable
from bisector.probe.build import Built
from bisector.probe.reading import BuildKind
from bisector.probe.step import Step
from tests.probe.building import site

MAKE = {"build__command": "cat n >app", "build__outputs": ["app"], "build__inputs": ["n"]}


def test_a_build_is_made_once_for_the_same_inputs(tmp_path: Path) -> None:
    """Another commit with the same inputs gets the outputs from the store, with the same digest."""
    here = site(tmp_path, [{"n": "1"}, {"n": "2"}, {"other": "x"}, {"n": "3"}], **MAKE)
    first, second = (here.builds.build(here.worktree, commit) for commit in here.commits[1:3])
    assert isinstance(first, Built) and isinstance(second, Built)
    assert (first.how, second.how) == (BuildKind.INCREMENTAL, BuildKind.RESTORED)
    assert first.digest == second.digest != ""
    assert (here.worktree.path / "app").read_text() == "2"
    assert (here.worktree.path / "other").exists()
    assert here.builds.is_stored(here.commits[2], False)


def test_a_build_that_fails_is_tried_again_from_clean(tmp_path: Path) -> None:
    """Leftovers of an earlier build in the slot may be the reason for the failure."""
    make = "test ! -e left && touch left"
    here = site(tmp_path, [{".gitignore": "left"}, {"n": "2"}], build__command=make)
    for commit, how in zip(here.commits, (BuildKind.INCREMENTAL, BuildKind.CLEAN), strict=True):
        built = here.builds.build(here.worktree, commit)
        assert isinstance(built, Built) and built.how is how
    assert here.steps[-2:] == [Step.BUILDING, Step.BUILDING_CLEAN]


def test_a_build_that_fails_from_clean_is_not_made_again(tmp_path: Path) -> None:
    """The commit is untestable, and the reason is kept for the next request."""
    here = site(tmp_path, [{"n": "1"}, {"n": "2"}], **{**MAKE, "build__command": "echo n:1: no; exit 1"})
    failed = here.builds.build(here.worktree, here.commits[0])
    assert isinstance(failed, Untestable) and "n:1: no" in failed.why
    tried = here.steps.count(Step.BUILDING_CLEAN)
    assert here.builds.build(here.worktree, here.commits[0]) == failed
    assert here.steps.count(Step.BUILDING_CLEAN) == tried == 1


@pytest.mark.parametrize(
    ("make", "why"),
    [("true", "does not create app"), ("ln -s /tmp out && touch app", "out/x leads out of the repository")],
)
def test_outputs_that_are_not_there_make_a_commit_untestable(tmp_path: Path, make: str, why: str) -> None:
    """A build that exits 0 without its outputs has failed."""
    said = {**MAKE, "build__command": make, "build__outputs": ["app", "out/x"] if "out" in make else ["app"]}
    here = site(tmp_path, [{"n": "1"}, {"n": "2"}], **said)
    built = here.builds.build(here.worktree, here.commits[0])
    assert isinstance(built, Untestable) and why in built.why


def test_an_overlay_that_does_not_fit_makes_a_commit_untestable(tmp_path: Path) -> None:
    """The overlay is applied before the build."""
    overlay = [{"edit": "n", "find": "9", "replace": "8"}]
    here = site(tmp_path, [{"n": "1"}, {"n": "9"}], **MAKE, overlay=overlay)
    assert isinstance(here.builds.build(here.worktree, here.commits[0]), Untestable)
    assert here.steps == [Step.LAYING_OUT]
    assert isinstance(here.builds.build(here.worktree, here.commits[1]), Built)
    assert (here.worktree.path / "app").read_text() == "8"


def test_a_sparse_hunt_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    """A hunt that cannot be sparse fails at the start, not at the first commit between the endpoints."""
    with pytest.raises(HuntFileError, match="not all inputs are declared"):
        site(tmp_path, [{"n": "1"}, {"n": "2"}], sparse=True)
