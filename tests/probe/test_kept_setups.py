"""What `setup` installs: once for a key, the same for every commit, and never that of another key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bisector.errors import EnvironmentFault
from bisector.history.worktree import Worktree
from bisector.predicate import Untestable
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds, Built
from bisector.probe.identity import Identity
from bisector.probe.reading import BuildKind
from bisector.probe.step import Step
from tests.probe.building import Site, site
from tests.worktrees import private

IGNORED = {".gitignore": "deps/\nout\n"}
INSTALL = "echo run >>{log}; mkdir deps && cp lock deps/lock && echo $BISECTOR_COMMIT >deps/by"


def setup_of(folder: Path, command: str = INSTALL, **more: Any) -> dict[str, Any]:
    """A section that counts its runs in `folder`/runs and keeps `deps`."""
    return {"command": command.format(log=folder / "runs"), "key": ["lock"], "keeps": ["deps"], **more}


def locked(folder: Path, changes: list[Mapping[str, str | None]], **said: Any) -> Site:
    """A site whose first commit ignores `deps`, with the usual section unless `said` has another."""
    first = {**IGNORED, **changes[0]}
    return site(folder, [first, *changes[1:]], **{"setup": setup_of(folder), **said})


def runs(folder: Path) -> int:
    """How often the command has run."""
    return len((folder / "runs").read_text().splitlines()) if (folder / "runs").exists() else 0


def built(here: Site, at: int, **how: bool) -> Built:
    """The commit with this number, built."""
    result = here.builds.build(here.worktree, here.commits[at], **how)
    assert isinstance(result, Built), result
    return result


def deps(here: Site) -> dict[str, str]:
    """The files of `deps` in the slot, by name."""
    return {path.name: path.read_text().strip() for path in (here.worktree.path / "deps").iterdir()}


def test_a_section_runs_once_for_each_key(tmp_path: Path) -> None:
    """Commits with the same lock file share one run, also after commits with another."""
    here = locked(tmp_path, [{"lock": "1"}, {"n": "x"}, {"lock": "2"}, {"n": "y"}, {"lock": "1"}])
    found = []
    for at in (0, 1, 2, 3, 4, 1, 3):
        built(here, at)
        found.append((deps(here)["lock"], deps(here)["by"] == here.commits[at]))
    assert [lock for lock, _ in found] == ["1", "1", "2", "2", "1", "1", "2"]
    assert runs(tmp_path) == 2
    assert here.steps.count(Step.SETTING_UP) == 2


def test_the_slot_has_nothing_but_what_is_kept(tmp_path: Path) -> None:
    """What a section leaves beside `keeps` is there for no commit, also not for the one that it ran for."""
    more = "; touch left ../left; echo changed >lock"
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}], setup=setup_of(tmp_path, INSTALL + more))
    for at in (0, 1):
        built(here, at)
        assert deps(here)["lock"] == "1"
        assert (here.worktree.path / "lock").read_text() == "1"
        assert not (here.worktree.path / "left").exists()
        assert not (here.worktree.path.parent / "left").exists()


def test_a_section_starts_in_a_clean_slot(tmp_path: Path) -> None:
    """Files of earlier builds are gone, also ignored ones, and so is what was kept for another key."""
    command = "test ! -e out && test ! -e deps && " + INSTALL
    said = {"setup": setup_of(tmp_path, command), "build__command": "touch out"}
    here = locked(tmp_path, [{"lock": "1"}, {"lock": "2"}], **said)
    built(here, 0)
    built(here, 1)
    assert runs(tmp_path) == 2


SPOIL = {
    "a changed file": "echo evil >deps/lock",
    "a removed file": "rm deps/lock",
    "a removed folder": "rm -r deps",
    "a changed mode": "chmod a-w deps/lock",
    "a change with its time put back": "cp -p deps/lock old; echo 9 >deps/lock; touch -r old deps/lock",
    "a link in its place": "rm -r deps; ln -s /tmp deps",
    "a cache": "mkdir -p deps/.cache/a && touch deps/.cache/a/b",
    "a folder that cannot be written": "mkdir deps/a && touch deps/a/b && chmod a-w deps/a deps",
}


@pytest.mark.parametrize("spoil", SPOIL)
def test_what_a_build_does_to_it_is_gone_for_the_next_commit(tmp_path: Path, spoil: str) -> None:
    """The next commit finds what was installed. If files were only added, they are removed instead."""
    make = f"test -e n || {{ {SPOIL[spoil]}; }}"
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}, {"n": "3"}], build__command=make)
    file = here.worktree.path / "deps/lock"
    built(here, 1)
    before = file.stat()
    built(here, 0)
    built(here, 2)
    assert deps(here) == {"lock": "1", "by": here.commits[1]}
    assert file.stat().st_mode == before.st_mode
    assert (file.stat().st_ctime_ns == before.st_ctime_ns) == (spoil in list(SPOIL)[-2:])
    assert runs(tmp_path) == 1


def test_what_tests_may_keep_stays_in_it(tmp_path: Path) -> None:
    """Files that match `test.keeps` are not removed, as in the rest of the slot."""
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}], test__keeps=["deps/.cache/**"])
    built(here, 0)
    (here.worktree.path / "deps/.cache").mkdir()
    (here.worktree.path / "deps/.cache/warm").touch()
    built(here, 1)
    assert (here.worktree.path / "deps/.cache/warm").exists()


def test_a_section_that_fails_makes_commits_untestable(tmp_path: Path) -> None:
    """It runs twice, once more for another tree with the same key, and never again for the same tree.

    The first error is the reason.
    """
    command = "echo run >>{log}; echo fine; echo 'npm ERR! no such version'; echo 'npm ERR! a log'; exit 4"
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}, {"lock": "2"}], setup=setup_of(tmp_path, command))
    for commit, count in zip([*here.commits[:2], *here.commits[:2]], (2, 3, 3, 3), strict=True):
        failed = here.builds.build(here.worktree, commit)
        assert failed == Untestable("the setup fails (exit 4): npm ERR! no such version")
        assert runs(tmp_path) == count


def test_a_failure_elsewhere_makes_no_commit_untestable(tmp_path: Path) -> None:
    """The key may not name everything that makes a section fail."""
    command = "test ! -e broken || exit 1; " + INSTALL
    changes: list[Mapping[str, str | None]] = [{"lock": "1", "broken": ""}, {"broken": None}]
    here = locked(tmp_path, changes, setup=setup_of(tmp_path, command))
    assert isinstance(here.builds.build(here.worktree, here.commits[0]), Untestable)
    built(here, 1)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("true", "the setup succeeds but does not create deps"),
        ("mkdir deps && mkfifo deps/p", "the setup creates deps/p, a FIFO, which cannot be stored; write"),
        ("sleep 20", "the setup did not finish within 1 s"),
    ],
)
def test_a_section_without_a_result_says_why(tmp_path: Path, command: str, why: str) -> None:
    """One sentence, as for a build."""
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}], setup=setup_of(tmp_path, command, timeout="1s"))
    failed = here.builds.build(here.worktree, here.commits[0])
    assert isinstance(failed, Untestable) and failed.why.startswith(why)


def test_a_section_that_fails_once_is_tried_again_from_clean(tmp_path: Path) -> None:
    """A registry may have been down for a moment."""
    command = f"mkdir {tmp_path}/first && touch half && exit 1; test ! -e half && {INSTALL}"
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}], setup=setup_of(tmp_path, command))
    built(here, 0)
    assert here.steps.count(Step.SETTING_UP) == 2
    assert runs(tmp_path) == 1


def test_a_missing_installer_stops_the_hunt(tmp_path: Path) -> None:
    """That is no fault of the commit."""
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}], setup=setup_of(tmp_path, "no-such-installer x"))
    with pytest.raises(EnvironmentFault, match="the setup needs `no-such-installer`, which is not on PATH"):
        here.builds.build(here.worktree, here.commits[0])


def test_a_commit_without_a_key_file_has_a_key_of_its_own(tmp_path: Path) -> None:
    """The section runs also there, since a test without packages might fail and look bad."""
    command = "echo run >>{log}; mkdir deps; test ! -e lock || cp lock deps/lock"
    here = locked(
        tmp_path, [{"n": "0"}, {"n": "1"}, {"lock": "2"}, {"lock": None}], setup=setup_of(tmp_path, command)
    )
    for at, files in enumerate([{}, {}, {"lock": "2"}, {}]):
        built(here, at)
        assert deps(here) == files
    assert runs(tmp_path) == 2


def test_an_overlay_that_brings_the_key_file_makes_commits_alike(tmp_path: Path) -> None:
    """With one lock file for all commits there is one run; an edit of each commit's own file is a key."""
    changes = [{"lock": "1\n"}, {"lock": "2\n"}, {"lock": "3\n"}]
    overlay = [{"copy": "lock"}, {"edit": "lock", "find": "3", "replace": "4"}]
    here = locked(tmp_path, changes, overlay=overlay)
    for at in range(3):
        built(here, at)
        assert deps(here)["lock"] == "4"
    assert runs(tmp_path) == 1
    (tmp_path / "own").mkdir()
    here = locked(tmp_path / "own", changes, overlay=[{"edit": "lock", "find": "\n", "replace": "0"}])
    for at in range(3):
        built(here, at)
        assert deps(here)["lock"] == f"{at + 1}0"


def test_sections_run_in_order_and_depend_on_earlier_ones(tmp_path: Path) -> None:
    """A later section finds what earlier ones keep, and runs again if their keys change."""
    first = setup_of(tmp_path)
    later = {
        "command": f"echo >>{tmp_path}/later; cat deps/lock more >both",
        "key": ["more"],
        "keeps": ["both"],
    }
    changes: list[Mapping[str, str | None]] = [{"lock": "1", "more": "a"}, {"more": "b"}, {"lock": "2"}]
    here = locked(tmp_path, changes, setup=[first, later])
    for at, both in ((0, "1a"), (1, "1b"), (2, "2b"), (0, "1a")):
        built(here, at)
        assert (here.worktree.path / "both").read_text() == both
    assert runs(tmp_path) == 2
    assert len((tmp_path / "later").read_text().splitlines()) == 3


def test_a_clean_build_rests_on_no_other_commit(tmp_path: Path) -> None:
    """A confirmation installs for its own tree, unless that is what the search used."""
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}, {"n": "3"}])
    built(here, 1)
    built(here, 2)
    assert deps(here)["by"] == here.commits[1]
    built(here, 1, clean=True)
    assert runs(tmp_path) == 1
    for _ in range(2):
        built(here, 2, clean=True)
        assert deps(here)["by"] == here.commits[2]
    assert runs(tmp_path) == 2
    built(here, 2)
    assert deps(here)["by"] == here.commits[1]


def test_outputs_are_restored_with_it(tmp_path: Path) -> None:
    """Restored outputs meet the packages of their own commit, and the digest covers these."""
    said = {"build__command": "cat n >out", "build__outputs": ["out"], "build__inputs": ["n"]}
    changes: list[Mapping[str, str | None]] = [{"lock": "1", "n": "0"}, {"n": "1"}, {"lock": "2"}, {"n": "2"}]
    here = locked(tmp_path, changes, **said)
    first, second, again = built(here, 1), built(here, 2), built(here, 1)
    assert deps(here)["lock"] == "1"
    assert again.how is BuildKind.RESTORED
    assert again.digest == first.digest != second.digest
    assert (here.worktree.path / "out").read_text() == "1"


def test_what_a_build_writes_into_it_is_an_undeclared_output(tmp_path: Path) -> None:
    """An endpoint's build is restored with it, and the check of outputs hears of it."""
    make = "cat n >out; cat n >deps/made; rm deps/by"
    said = {"build__command": make, "build__outputs": ["out"]}
    here = locked(tmp_path, [{"lock": "1", "n": "0"}, {"n": "1"}], **said)
    built(here, 0)
    assert here.builds.kept.undeclared(here.worktree, here.commits[0]) == ("deps/by", "deps/made")
    built(here, 1)
    assert built(here, 0).how is BuildKind.RESTORED
    assert deps(here) == {"lock": "1", "made": "0"}
    assert here.builds.lay_out_alone(here.worktree, here.commits[0])
    assert set(deps(here)) == {"lock", "by"}


def another_slot(here: Site, folder: Path, name: str) -> Site:
    """The same hunt in another slot, with its own memory of what is installed there."""
    worktree = Worktree(private(folder / "repo"), folder / name)
    worktree.create(here.commits[0])
    identity: Identity = here.builds.kept._identity
    builds = Builds(here.setup, identity, ArtefactStore(folder / "store"))
    return Site(here.commits, worktree, here.setup, builds, here.steps)


def test_another_slot_gets_it_from_the_store(tmp_path: Path) -> None:
    """One run serves all slots, and what happens in one slot does not reach the other."""
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}])
    built(here, 0)
    (here.worktree.path / "deps/lock").write_text("evil")
    there = another_slot(here, tmp_path, "other")
    built(there, 1)
    assert deps(there)["lock"] == "1"
    assert runs(tmp_path) == 1


@pytest.mark.parametrize("write", ["pwd >deps/at", "pwd >deps/at; printf '\\0' >>deps/at"])
def test_what_contains_the_path_of_its_slot_is_installed_once_in_each(tmp_path: Path, write: str) -> None:
    """As a virtual environment of Python does; neither slot replaces what the other one has."""
    setup = setup_of(tmp_path, f"{INSTALL}; {write}")
    here = locked(tmp_path, [{"lock": "1"}, {"lock": "2"}], setup=setup)
    there = another_slot(here, tmp_path, "other")
    for at in (0, 1, 0, 1):
        for one in (here, there):
            built(one, at)
            assert deps(one)["at"].rstrip("\0\n") == str(one.worktree.path)
    assert runs(tmp_path) == 4


def test_a_store_that_is_too_small_is_said_so(tmp_path: Path) -> None:
    """Two sections that do not fit would be installed forever."""
    big = {"command": "head -c 9000 /dev/urandom >big", "key": ["lock"], "keeps": ["big"]}
    here = locked(tmp_path, [{"lock": "1"}, {"n": "2"}], setup=[setup_of(tmp_path), big])
    builds = Builds(here.setup, here.builds.kept._identity, ArtefactStore(tmp_path / "small", limit=4000))
    with pytest.raises(EnvironmentFault, match="store: too small for what `setup` keeps; raise it"):
        builds.build(here.worktree, here.commits[0])
