"""The last lines of a log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bisector.report.log_tail import log_tail


@pytest.mark.parametrize(
    ("content", "lines", "tail"),
    [
        pytest.param(b"", 3, [], id="empty"),
        pytest.param(b"a\nb\nc\nd\n", 3, ["b", "c", "d"], id="last lines"),
        pytest.param(b"a\nb", 3, ["a", "b"], id="fewer lines, and no newline at the end"),
        pytest.param(b"a\n\nb\n\n \n", 3, ["a", "", "b"], id="blank lines at the end"),
        pytest.param(b"\x1b[1;31mred\x1b[0m\n", 3, ["red"], id="colours"),
        pytest.param(b"\x1b]8;;https://x\x1b\\link\x1b]8;;\x07\n", 3, ["link"], id="links"),
        pytest.param(b" 10%\r 90%\r100%\r\n", 3, ["100%"], id="progress"),
        pytest.param(b"\xff\xfe\n", 3, ["\ufffd\ufffd"], id="not UTF-8"),
        pytest.param(b"a\nb\n", 0, [], id="no lines wanted"),
    ],
)
def test_last_lines(tmp_path: Path, content: bytes, lines: int, tail: list[str]) -> None:
    """The last lines are those that a terminal would show."""
    (tmp_path / "log").write_bytes(content)
    assert log_tail(tmp_path / "log", lines) == tail


def test_a_huge_log_is_read_from_its_end(tmp_path: Path) -> None:
    """Neither a long file nor a long line is read or shown as a whole."""
    with (tmp_path / "log").open("wb") as stream:
        stream.truncate(8 << 30)  # A hole: nobody could read 8 GiB here in time.
        stream.seek(0, os.SEEK_END)
        stream.write(b"\n" + b"x" * 30_000 + b"\nend\n")
    assert log_tail(tmp_path / "log") == ["x" * 399 + "…", "end"]


def test_a_line_cut_by_the_read_is_left_out(tmp_path: Path) -> None:
    """Where the read begins inside a line, the rest of that line is not shown as if it were one."""
    (tmp_path / "log").write_bytes(b"x" * 40_000 + b"\na\nb\n")
    assert log_tail(tmp_path / "log") == ["a", "b"]
    (tmp_path / "log").write_bytes(b"x" * 40_000)
    assert log_tail(tmp_path / "log") == ["x" * 399 + "…"]


def test_a_missing_log_has_no_lines(tmp_path: Path) -> None:
    """A log that is missing, a folder, a pipe or unreadable is no error."""
    os.mkfifo(tmp_path / "pipe")
    for log in (tmp_path / "missing", tmp_path, tmp_path / "pipe", Path("/proc/self/mem")):
        assert log_tail(log) == []
