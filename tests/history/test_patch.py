"""What a commit changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.history.patch import FILE_LINES, FILES, LINES, CommitPatch, FilePatch, patch_of
from bisector.history.repository import Repository
from tests.git_history import Node, git, write_history

BEFORE = {
    "edited": "".join(f"line {n}\n" for n in range(9)),
    "moved": "".join(f"part {n}\n" for n in range(9)),
    "gone": "old\n",
    "mode": "same\n",
    "image": "\0old\n",
    "a b": "space\n",
}
AFTER = {
    "edited": "".join(f"line {n if n != 4 else 'four'}\n" for n in range(9)),
    "moved": None,
    "elsewhere": "".join(f"part {n}\n" for n in range(9)),
    "gone": None,
    "mode": "same\n",
    "image": "\0new\n",
    "a b": "SPACE\n",
    "new": "hello",
}


def change(folder: Path, before: dict[str, str | None], after: dict[str, str | None]) -> CommitPatch:
    """The patch from one tree to another."""
    modes = {"mode": "100644"}
    nodes = [Node("one", files=before), Node("two", ["one"], after, modes)]
    ids = write_history(folder / "repo", nodes)
    return patch_of(Repository(folder / "repo"), ids["two"])


def test_every_kind_of_change(tmp_path: Path) -> None:
    """Edited, renamed, deleted, new and binary files and changed modes, have what git shows of them."""
    found = {file.name: file for file in change(tmp_path, {**BEFORE}, {**AFTER}).files}
    assert set(found) == {"edited", "elsewhere", "gone", "mode", "image", "a b", "new"}
    edited = found["edited"]
    assert (edited.added, edited.removed) == (1, 1)
    assert edited.lines[0].startswith("@@ -2,7 +2,7 @@")
    assert edited.lines[4:6] == ("-line 4", "+line four")
    assert found["elsewhere"].lines == ("similarity index 100%", "rename from moved", "rename to elsewhere")
    assert found["gone"].lines[0].startswith("deleted file mode")
    assert found["mode"].lines == ("old mode 100755", "new mode 100644")
    assert found["image"] == FilePatch("image", (), is_binary=True)
    assert found["new"].lines[-1] == "\\ No newline at end of file"


def test_the_first_commit_adds_everything(tmp_path: Path) -> None:
    """A commit without parents is compared with nothing."""
    ids = write_history(tmp_path / "repo", [Node("one", files={"a": "1\n"})])
    (file,) = patch_of(Repository(tmp_path / "repo"), ids["one"]).files
    assert (file.name, file.added) == ("a", 1)


def test_the_users_settings_change_nothing(tmp_path: Path) -> None:
    """Programs and formats that the user configured for `git diff` are not used."""
    plain = change(tmp_path, {"a": "1\n"}, {"a": "2\n"})
    repo = tmp_path / "repo"
    for key, value in (
        ("diff.external", "touch ran"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("color.diff", "always"),
        ("diff.hex.textconv", "touch ran; od -c"),
    ):
        git(repo, "config", key, value)
    (repo / ".git/info/attributes").write_text("* diff=hex\n")
    assert patch_of(Repository(repo), git(repo, "rev-parse", "main").strip()) == plain
    assert not (repo / "ran").exists()


@pytest.mark.parametrize("name", ["*", ":(top)a", "-x", "a\tb", 'qu"ote', "ä", "\x1b[2J", "a b/c d"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    """A name is never a pattern or an option, and its patch is found."""
    patch = change(tmp_path, {name: "1\n", "other": "1\n"}, {name: "2\n"})
    assert [(file.added, file.removed) for file in patch.files] == [(1, 1)]
    assert patch.left_out == 0


def test_a_large_change_is_bounded(tmp_path: Path) -> None:
    """Files, lines of a file, lines in all and characters of a line have a bound; the rest is counted."""
    many: dict[str, str | None] = {f"{n:03}": "x\n" * (FILE_LINES * 2) for n in range(FILES + 5)}
    many["000"] = "y" * 5000
    patch = change(tmp_path, {"a": "1\n"}, many)
    assert (len(patch.files), patch.left_out) == (FILES, 5)
    assert sum(len(file.lines) for file in patch.files) == LINES
    assert max(len(line) for file in patch.files for line in file.lines) == 400
    assert patch.files[1].added == FILE_LINES * 2
    assert patch.files[1].left_out == FILE_LINES * 2 + 2 - FILE_LINES


def test_a_huge_file_is_not_compared(tmp_path: Path) -> None:
    """git counts a file of more than 256 KiB as binary here, so that its patch needs no memory."""
    (file,) = change(tmp_path, {"a": "x\n" * 200_000}, {"a": "y\n" * 200_000}).files
    assert (file.name, file.is_binary, file.lines) == ("a", True, ())
