"""Files that are opened are told without tracing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from bisector.probe.execution import GivenUp
from bisector.probe.opened_files import OpenedFiles

DESCRIPTORS = Path("/proc/self/fd")


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


def test_a_watch_that_is_not_read_is_closed(tmp_path: Path) -> None:
    """What stops a run also ends the watch, so that no descriptor stays open."""
    (tmp_path / "file").write_text("x")
    before = len(list(DESCRIPTORS.iterdir()))
    with suppress(GivenUp), OpenedFiles(tmp_path, ["file"]):
        assert len(list(DESCRIPTORS.iterdir())) > before
        raise GivenUp
    assert len(list(DESCRIPTORS.iterdir())) == before


def test_each_opening_is_counted(tmp_path: Path) -> None:
    """Two openings with another in between are two."""
    for name in ("one", "two"):
        (tmp_path / name).write_text("x")
    (tmp_path / "top").mkdir()
    with OpenedFiles(tmp_path / "top", [str(tmp_path / "one"), str(tmp_path / "two")]) as opened:
        for name in ("one", "two", "one"):
            (tmp_path / name).read_text()
        opened.found()
    assert opened.times == {str(tmp_path / "one"): 2, str(tmp_path / "two"): 1}
