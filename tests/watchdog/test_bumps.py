"""Raised deadlines are found in real diffs, also in moved lines and renamed files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.errors import HistoryError
from bisector.history.repository import Repository
from bisector.watchdog.bumps import changes_between, changes_in
from tests.git_history import Node, write_history


def changed(folder: Path, before: dict[str, str], after: dict[str, str | None]) -> list[tuple[str, str, int]]:
    """Kind, text and line of each change between two commits."""
    ids = write_history(folder / "repo", [Node("c0", files=before), Node("c1", ["c0"], after)])
    found = changes_between(Repository(folder / "repo"), ids["c0"], ids["c1"])
    return [(change.kind.value, str(change), change.shown.line) for change in found]


PADDING = "".join(f"echo {number}\n" for number in range(20))

CASES = [
    ("t.sh", "timeout 180 a\n", "timeout 2400 a\n", [("raised", "`timeout 180` -> `timeout 2400`", 1)]),
    ("t.sh", "timeout 5m a\n", "timeout 280 a\n", [("lowered", "`timeout 5m` -> `timeout 280`", 1)]),
    ("t.sh", "timeout 5m a\n", "timeout 300 a\n", []),
    ("t.sh", "timeout 180 a\n", "echo\ntimeout 180 a\n", []),
    (
        "t.sh",
        "timeout 180 a\necho x\n",
        "echo x\necho y\ntimeout 240 b\n",
        [("raised", "`timeout 180` -> `timeout 240`", 3)],
    ),
    (
        "t.sh",
        f"timeout 180 a\n{PADDING}echo\n",
        f"echo\n{PADDING}timeout 240 a\n",
        [("raised", "`timeout 180` -> `timeout 240`", 22)],
    ),
    (
        "t.sh",
        f"timeout 180 a\n{PADDING}echo\n",
        f"echo\n{PADDING}timeout 180 a\n",
        [],
    ),
    (
        "ci.yml",
        "a:\n  timeout-minutes: 10\nb:\n  timeout-minutes: 20\n",
        "a:\n  timeout-minutes: 10\nb:\n  timeout-minutes: 60\n",
        [("raised", "`timeout-minutes: 20` -> `timeout-minutes: 60`", 4)],
    ),
    (
        "t.sh",
        "A_TIMEOUT=10\nB_TIMEOUT=20\n",
        "B_TIMEOUT=25\nA_TIMEOUT=5\n",
        [
            ("raised", "`B_TIMEOUT=20` -> `B_TIMEOUT=25`", 1),
            ("lowered", "`A_TIMEOUT=10` -> `A_TIMEOUT=5`", 2),
        ],
    ),
    (
        "t.sh",
        "timeout -k 5 180 a\n",
        "timeout --foreground 2400 a\n",
        [("raised", "`timeout -k 5 180` -> `timeout --foreground 2400`", 1)],
    ),
    (
        "t.sh",
        "timeout 180 a\n",
        'WATCHDOG=2400\ntimeout "$WATCHDOG" a\n',
        [("raised", "`timeout 180` -> `WATCHDOG=2400`", 1)],
    ),
    ("t.sh", "a\n", "timeout 60 a\n", [("added", "`timeout 60`", 1)]),
    ("t.sh", "timeout 60 a\n", "a\n", [("removed", "`timeout 60`", 1)]),
    (
        "jest.config.js",
        "testTimeout: 5000,\n",
        "testTimeout: 30_000,\n",
        [("raised", "`testTimeout: 5000` -> `testTimeout: 30_000`", 1)],
    ),
    ("README.md", "timeout 180 a\n", "timeout 2400 a\n", []),
    ("t.sh", "timeout 180 a", "timeout 240 a", [("raised", "`timeout 180` -> `timeout 240`", 1)]),
    (
        "t.sh",
        "timeout 180 a\r\n\f\n",
        "timeout 240 a\r\n\f\n",
        [("raised", "`timeout 180` -> `timeout 240`", 1)],
    ),
    ("größe.sh", "timeout 180 a\n", "timeout 240 a\n", [("raised", "`timeout 180` -> `timeout 240`", 1)]),
]


@pytest.mark.parametrize(("name", "before", "after", "expected"), CASES)
def test_what_a_change_does_to_deadlines(
    tmp_path: Path, name: str, before: str, after: str, expected: list[tuple[str, str, int]]
) -> None:
    """Deadlines are paired by their meaning. A moved line is not a change."""
    assert changed(tmp_path, {name: before, "other": "x"}, {name: after}) == expected


def test_a_renamed_file_keeps_its_deadlines(tmp_path: Path) -> None:
    """The value in the old file is compared with that in the new file."""
    before = f"timeout 180 a\n{PADDING}"
    after: dict[str, str | None] = {"old.sh": None, "new.sh": before.replace("180", "999")}
    found = changed(tmp_path, {"old.sh": before}, after)
    assert found == [("raised", "`timeout 180` -> `timeout 999`", 1)]


def test_a_new_and_a_deleted_file_bring_and_take_deadlines(tmp_path: Path) -> None:
    """A new or deleted file does not raise a deadline."""
    after: dict[str, str | None] = {"old.sh": None, "new.yaml": "timeout: 9\nx: 1\n"}
    kinds = [kind for kind, _, _ in changed(tmp_path, {"old.sh": "timeout 180 a\n", "k": "k"}, after)]
    assert sorted(kinds) == ["added", "removed"]


def test_a_diff_that_is_none_is_refused() -> None:
    """An invalid diff is refused in one sentence."""
    with pytest.raises(HistoryError, match="cannot read"):
        changes_in("--- a/x.sh\n+++ b/x.sh\n@@ -1,9 +1,1 @@\n-timeout 1 a\n?\n")
