"""Changes for commits that do not build without them: each build is tried as it is, then with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bisector.predicate import Untestable
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds, Built
from bisector.probe.fix_ups import without_tried
from bisector.probe.identity import Identity
from tests.probe.building import Site, site

HISTORY = [{"n": "1", "mk": "ok"}, {"n": "2"}, {"n": "3", "mk": "bad"}, {"n": "4", "mk": "ok"}]


def _site(folder: Path, overlay: list[dict[str, Any]], **said: Any) -> Site:
    """A site whose builds add a line to a log outside, with what they saw."""
    log = folder / "log"
    make = f"paste -d, n mk x y >>{log} 2>&1; grep -q ok mk && test ! -e x -o -e y"
    entries = [{**entry, "when": {"fails": True}} for entry in overlay]
    return site(folder, HISTORY, build__command=make, overlay=entries, **said)


def _mended(**with_: str) -> dict[str, Any]:
    return {"edit": "mk", "find": "bad", "replace": "ok", **with_}


def _builds(folder: Path) -> int:
    """The number of builds so far."""
    return len((folder / "log").read_text().splitlines())


def test_a_commit_that_builds_gets_none(tmp_path: Path) -> None:
    """Its build is that of a hunt without fix-ups, under the same key."""
    here = _site(tmp_path, [_mended()])
    built = here.builds.build(here.worktree, here.commits[1])
    assert isinstance(built, Built) and built.fix_ups == ""
    assert _builds(tmp_path) == 1


def test_a_commit_that_does_not_build_is_built_with_a_fix_up_and_remembered(tmp_path: Path) -> None:
    """Twice without (once from clean), once with; from then on, also in another hunt's process, with it."""
    here = _site(tmp_path, [_mended()])
    first = here.builds.build(here.worktree, here.commits[2])
    assert isinstance(first, Built) and first.fix_ups == "edit mk"
    assert _builds(tmp_path) == 3
    assert "ok" in (here.worktree.path / "mk").read_text()
    identity = here.builds.kept._identity
    again = Builds(here.setup, identity, ArtefactStore(tmp_path / "store"))
    second = again.build(here.worktree, here.commits[2])
    assert isinstance(second, Built) and second.fix_ups == "edit mk"
    assert _builds(tmp_path) == 4
    third = again.build(here.worktree, here.commits[3])
    assert isinstance(third, Built) and third.fix_ups == ""


def test_each_is_tried_alone_and_then_all_together(tmp_path: Path) -> None:
    """One that does not apply is passed over; two that need each other are found."""
    (tmp_path / "f").write_text("f")
    nowhere = {"edit": "nowhere", "find": "a", "replace": "b"}
    x, y = ({"file": str(tmp_path / "f"), "to": name} for name in "xy")
    here = _site(tmp_path, [nowhere, x, y])
    failed = here.builds.build(here.worktree, here.commits[2])
    assert isinstance(failed, Untestable)
    assert without_tried(failed.why).startswith("the build fails (exit 1)")
    for words in (
        "edit nowhere: the overlay edits",
        "file x: the build",
        "edit nowhere and file x and file y:",
    ):
        assert f"with the overlay's {words}" in failed.why
    both = tmp_path / "both"
    both.mkdir()
    there = _site(both, [_mended(replace="ok2"), {**x, "file": str(tmp_path / "f")}, y])
    built = there.builds.build(there.worktree, there.commits[2])
    assert isinstance(built, Built) and built.fix_ups == "edit mk"


def test_builds_with_and_without_have_their_own_keys(tmp_path: Path) -> None:
    """The store never gives a commit what another fix-up built; without one, the key is as ever."""
    here = _site(tmp_path, [_mended()])
    identity: Identity = here.builds.kept._identity
    plain, fixed = (identity.build_key(here.commits[2], False, chosen) for chosen in ((), (0,)))
    whole = identity.builds([here.commits[2]])[0]
    assert len({plain, fixed, whole}) == 3
    without = Identity(
        here.setup.hunt.model_copy(update={"overlay": ()}),
        identity.repository,
        identity.environment,
        identity.ends,
    )
    assert without.builds([here.commits[2]]) == [plain]


def test_a_fix_up_of_a_setup(tmp_path: Path) -> None:
    """What cannot be installed is installed with the fix-up."""
    install = {"command": "grep -q ok mk && mkdir -p deps && cp mk deps/", "key": ["mk"], "keeps": ["deps"]}
    entry = {**_mended(), "when": {"fails": True}}
    here = site(tmp_path, HISTORY, setup=install, build__command="test -f deps/mk", overlay=[entry])
    built = here.builds.build(here.worktree, here.commits[2])
    assert isinstance(built, Built) and built.fix_ups == "edit mk"
    built = here.builds.build(here.worktree, here.commits[3])
    assert isinstance(built, Built) and built.fix_ups == ""
