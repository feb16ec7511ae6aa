"""Objects that the repository lacks make only the commits that need them untestable."""

from __future__ import annotations

import json
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
    """The hunt still finds its commit, and the next one uses the object as soon as it exists."""
    hunt = hunt_in(tmp_path)
    files: dict[Path, bytes] = {}
    for commit in ("c4", "c5", "c6"):
        identity = git(hunt.repository, "rev-parse", what.format(hunt.ids[commit])).strip()
        file = hunt.repository / ".git/objects" / identity[:2] / identity[2:]
        files[file] = file.read_bytes()
        harm(file)
    hunt.assert_found(hunt.run())
    for file, content in files.items():
        file.unlink(missing_ok=True)
        file.write_bytes(content)
    mended = hunt.run(
        "--restart", "--set", f"skip=['{hunt.ids['c7']}', '{hunt.ids['c3']}']", "--set", "jobs=3"
    )
    assert mended.returncode == 4, mended.stderr
    assert set(json.loads(mended.stdout)["any_of"]) == {hunt.ids["c7"], hunt.ids["c8"]}
