"""Where the caches of compilers are, and which builds use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.hunt_file.work import Build
from bisector.probe.compiler_caches import with_caches


@pytest.mark.parametrize(
    "line", ["dune build", "cd x && /opt/bin/dune build @all", ("sh", "-c", "dune build")]
)
def test_dune_is_given_a_cache_that_is_there_already(tmp_path: Path, line: str | tuple[str, ...]) -> None:
    """Two builds that start at the same time would both create its folders, and one would fail."""
    made = with_caches({"PATH": "/bin"}, Build(command=line), tmp_path / "slot", tmp_path / "caches")
    assert made["DUNE_CACHE"] == "enabled"
    assert made["DUNE_CACHE_ROOT"] == str(tmp_path / "caches/dune")
    assert made["XDG_CACHE_HOME"] == str(tmp_path / "caches")
    assert (tmp_path / "caches/dune/db/files/v4").is_dir()
    assert (tmp_path / "caches/dune/db/meta/v4").is_dir()


@pytest.mark.parametrize(
    ("environment", "line"),
    [({}, "make dunes"), ({"DUNE_CACHE": "disabled"}, "dune build"), ({}, "cmake --build dune.d")],
)
def test_others_are_left_alone(tmp_path: Path, environment: dict[str, str], line: str) -> None:
    """Builds without dune, or with a cache that the user has configured, are not changed."""
    made = with_caches(environment, Build(command=line), tmp_path / "slot", tmp_path / "caches")
    assert made == environment
    assert not (tmp_path / "caches").exists()


def test_a_folder_that_cannot_be_made_is_left_to_the_build(tmp_path: Path) -> None:
    """The build reports what is wrong, and where."""
    (tmp_path / "caches").write_text("no folder")
    made = with_caches({}, Build(command="dune build"), tmp_path / "slot", tmp_path / "caches")
    assert made["DUNE_CACHE"] == "enabled"
