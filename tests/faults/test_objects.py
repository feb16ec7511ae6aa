"""Objects that the repository lacks: never an untestable commit, and the hunt goes on once they are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.hunting import hunt_in
from tests.git_history import git


def _missing(file: Path) -> None:
    file.unlink()


def _cut_off(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:5])


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        pytest.param(_missing, "{}:build.sh", id="file missing"),
        pytest.param(_missing, "{}^{{tree}}", id="tree missing"),
        pytest.param(_cut_off, "{}^{{tree}}", id="tree cut off"),
    ],
)
def test_an_object_that_is_not_there(tmp_path: Path, harm: Callable[[Path], None], what: str) -> None:
    """The sentence names the mend; with the object, the same command finds the commit."""
    hunt = hunt_in(tmp_path)
    files: dict[Path, bytes] = {}
    for commit in ("c4", "c5", "c6"):
        identity = git(hunt.repository, "rev-parse", what.format(hunt.ids[commit])).strip()
        file = hunt.repository / ".git/objects" / identity[:2] / identity[2:]
        files[file] = file.read_bytes()
        harm(file)
    hunt.assert_refused(hunt.run(), "git fsck")
    for file, content in files.items():
        file.unlink(missing_ok=True)
        file.write_bytes(content)
    hunt.assert_goes_on()
