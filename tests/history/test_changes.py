"""Any subset of a commit's changes gives the files that it should."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bisector.history.changes import Changes, changes_between
from bisector.history.private import PrivateRepository
from bisector.history.repository import Repository
from bisector.history.stand_ins import Contents, StandIn, write
from tests.git_history import Node, git, write_history

Files = dict[str, str | None]


class World:
    """A repository with a commit `after` another, and the private one that stand-ins are written to."""

    def __init__(
        self, folder: Path, before: Files, after: Files, modes: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        ids = write_history(
            folder / "repo", [Node("before", [], before), Node("after", ["before"], after, modes or {})]
        )
        self.before, self.after = ids["before"], ids["after"]
        self.private = PrivateRepository(Repository(folder / "repo"), folder / "private")
        self.changes = changes_between(self.private.repository, self.before, self.after)

    def tree(self, chosen: list[int], changes: Changes | None = None) -> dict[str, str]:
        """The files with only these changes, as `MODE CONTENTS` by path."""
        files = (changes or self.changes).entries(chosen)
        info = self.private.repository.infos([self.after])[self.after]
        (commit,) = write(self.private, [StandIn(Contents(self.before, files=files), info)])
        return self.files(commit)

    def files(self, commit: str) -> dict[str, str]:
        """The files of a commit."""
        rows = self.private.repository.git("ls-tree", "-r", "-z", commit).decode().split("\0")[:-1]
        blobs = {path: what.split() for what, path in (row.split("\t") for row in rows)}
        return {
            path: f"{mode} {self.private.repository.git('cat-file', 'blob', blob).decode()}"
            for path, (mode, _, blob) in blobs.items()
        }

    def named(self) -> list[str]:
        """What the changes are called."""
        return [str(change) for change in self.changes.all]


def numbered(*changed: int, until: int = 9) -> str:
    """Lines of which these say something else."""
    return "".join(f"{'new' if n in changed else 'line'} {n}\n" for n in range(1, until + 1))


def test_hunks_apply_one_by_one(tmp_path: Path) -> None:
    """Each hunk is a change of its own, named by its lines after the commit; the rest stays as it was."""
    world = World(tmp_path, {"a": numbered()}, {"a": numbered(2, 5, 6)})
    assert world.named() == ["a:2", "a:5-6"]
    assert world.tree([1]) == {"a": f"100755 {numbered(5, 6)}"}
    assert world.tree([0, 1]) == world.files(world.after)
    assert world.tree([]) == world.files(world.before)


def test_what_concerns_a_whole_file_is_a_change_of_its_own(tmp_path: Path) -> None:
    """A rename, a mode, a new, a deleted, an empty and a binary file, a link, and hunks beside them."""
    before: Files = {"a": numbered(), "gone": "x", "mode": "m", "bin": "\0one", "to-link": "x"}
    after: Files = {
        "a": None,
        "b": numbered(9),
        "gone": None,
        "mode": "m",
        "bin": "\0two",
        "to-link": "a",
        "new": "1\n2\n",
        "empty": "",
    }
    world = World(tmp_path, before, after, {"mode": "100644", "to-link": "120000"})
    expected = {
        "b (renamed from a)": {"b": f"100755 {numbered()}", "a": None},
        "b:9": {"a": f"100755 {numbered(9)}"},
        "bin (binary)": {"bin": "100755 \0two"},
        "empty (new file)": {"empty": "100755 "},
        "gone (deleted)": {"gone": None},
        "mode (mode 755 to 644)": {"mode": "100644 m"},
        "new:1-2": {"new": "100755 1\n2\n"},
        "to-link (another type)": {"to-link": "120000 a"},
    }
    assert sorted(world.named()) == sorted(expected)
    for at, name in enumerate(world.named()):
        files = {**world.files(world.before), **expected[name]}
        assert world.tree([at]) == {path: text for path, text in files.items() if text is not None}, name
    assert world.tree(list(range(len(world.changes)))) == world.files(world.after)


def test_a_file_without_a_last_line_end(tmp_path: Path) -> None:
    """The end of the last line belongs to its hunk."""
    world = World(tmp_path, {"a": numbered() + "end"}, {"a": numbered(1) + "end\nmore"})
    assert [world.tree([at])["a"][7:] for at in (0, 1)] == [numbered(1) + "end", numbered() + "end\nmore"]


def test_a_patch_in_a_file_is_no_patch(tmp_path: Path) -> None:
    """Lines that look like those of a patch are the file's."""
    text = "index 0123456..89abcde\n@@ -1 +1 @@\n\\ No newline\ndiff --git a/x b/x\n"
    world = World(tmp_path, {"a": numbered()}, {"a": text + numbered(4), "z": "z\n"})
    assert world.named() == ["a:1-4", "a:8", "z:1"]
    assert world.tree([0])["a"] == f"100755 {text}{numbered()}"


def test_hunks_split_into_lines(tmp_path: Path) -> None:
    """Line by line, a replaced line is one change; added and removed ones follow."""
    world = World(tmp_path, {"a": "1\n2\n3\n"}, {"a": "one\ntwo\nmore\n3\n"})
    split, lines = world.changes.by_line([0])
    assert [str(split.all[at]) for at in lines] == ["a:1", "a:2", "a:3"]
    assert world.tree([1], split)["a"] == "100755 1\ntwo\n3\n"
    assert world.tree([0, 2], split)["a"] == "100755 one\n2\nmore\n3\n"


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "-x", "+y", "@@ -1 +1 @@", ""]), max_size=8).map("\n".join)
TREES = st.dictionaries(st.sampled_from(["p", "q", "r/s", "ü t"]), TEXTS, min_size=1)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, TREES, st.data())
def test_all_changes_give_the_commit_and_none_the_parent(
    before: dict[str, str], after: dict[str, str], data: st.DataObject
) -> None:
    """Also of any texts; and what a subset leaves for later, the rest adds to the same commit."""
    folder = Path(tempfile.mkdtemp())
    try:
        gone: Files = {path: None for path in before if path not in after}
        world = World(folder, dict(before), {**gone, **after})
        every = list(range(len(world.changes)))
        assert world.tree([]) == world.files(world.before)
        assert world.tree(every) == world.files(world.after)
        split, lines = world.changes.by_line(every)
        assert world.tree(list(lines), split) == world.files(world.after)
        chosen = data.draw(st.sets(st.sampled_from(every))) if every else set()
        paths = {world.changes.all[at].path for at in chosen}
        untouched = {p: t for p, t in world.files(world.before).items() if p not in paths}
        some = world.tree(sorted(chosen))
        assert untouched.items() <= some.items() | {
            (path, text) for path, text in untouched.items() if _is_renamed(world, path, chosen)
        }
    finally:
        shutil.rmtree(folder)


def _is_renamed(world: World, path: str, chosen: set[int]) -> bool:
    return any(world.changes.all[at].what == f"renamed from {path}" for at in chosen)


def test_the_smallest_patch_applies(tmp_path: Path) -> None:
    """git applies the difference between the parent and some changes to the parent."""
    world = World(tmp_path, {"a": numbered()}, {"a": numbered(2, 8)})
    info = world.private.repository.infos([world.after])[world.after]
    contents = [Contents(world.before, files=world.changes.entries(chosen)) for chosen in ((), (1,))]
    sides = write(world.private, [StandIn(one, info) for one in contents])
    patch = world.private.repository.git("diff-tree", "-p", *sides)
    git(tmp_path / "repo", "checkout", "--quiet", world.before)
    subprocess.run(["git", "apply"], cwd=tmp_path / "repo", input=patch, check=True)
    assert (tmp_path / "repo/a").read_text() == numbered(8)
