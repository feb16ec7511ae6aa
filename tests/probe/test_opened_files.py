"""Files that are opened are told without tracing."""

from __future__ import annotations

from pathlib import Path

from bisector.probe.opened_files import OpenedFiles


def test_only_opened_files_that_were_asked_for_are_told(tmp_path: Path) -> None:
    """Listing a folder, or looking whether a file exists, opens no file."""
    (tmp_path / "src/deep").mkdir(parents=True)
    for name in ("top", "src/read", "src/deep/odd \udcff", "src/only seen", "src/other"):
        (tmp_path / name).write_text("x")
    names = ["top", "src/read", "src/deep/odd \udcff", "src/only seen", "gone/file"]
    opened = OpenedFiles(tmp_path, names)
    for name in ("top", "src/read", "src/deep/odd \udcff", "src/other"):
        (tmp_path / name).read_text()
    assert (tmp_path / "src/only seen").exists() and list((tmp_path / "src").iterdir())
    assert opened.found() == {"top", "src/read", "src/deep/odd \udcff"}


def test_nothing_opened_is_nothing(tmp_path: Path) -> None:
    """A test that stays in its slot needs no trace."""
    (tmp_path / "file").write_text("x")
    assert OpenedFiles(tmp_path, ["file"]).found() == frozenset()
