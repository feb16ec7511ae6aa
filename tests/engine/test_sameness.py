"""Nothing known is built or tested again, with real builds, and an undeclared input is detected."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import bisector, summary_of
from tests.git_history import Node, write_history

BUILD = "echo build $BISECTOR_COMMIT >>{counts}/builds; grep -v '^#' source >out; sleep 0.05\n"
TEST = "echo test $BISECTOR_COMMIT >>{counts}/tests; test $(cat out) -lt 8 && test ! -e {broken}\n"
HUNT = """
repository: repo
good: main~11
build: {{command: sh {folder}/build.sh, inputs: [source], outputs: [out]{build}}}
test: {{command: sh {folder}/test.sh, inputs: [{inputs}]}}
scratch: scratch
{more}
"""


Files = dict[int, dict[str, str | None]]


def sample(
    folder: Path,
    files: dict[int, dict[str, str | None]],
    *,
    inputs: str = "",
    build: str = "",
    more: str = "",
) -> dict[str, str]:
    """Twelve commits. Scripts next to the repository count builds and tests."""
    folder.mkdir(exist_ok=True)
    nodes = [Node(f"c{at}", [f"c{at - 1}"] if at else [], files.get(at, {})) for at in range(12)]
    ids = write_history(folder / "repo", nodes)
    (folder / "build.sh").write_text(BUILD.format(counts=folder))
    (folder / "test.sh").write_text(TEST.format(counts=folder, broken="broken"))
    (folder / "hunt.yaml").write_text(HUNT.format(folder=folder, inputs=inputs, build=build, more=more))
    return ids


def counted(folder: Path, what: str) -> list[str]:
    """The commit of each build or test so far."""
    path = folder / what
    return [line.split()[1] for line in path.read_text().splitlines()] if path.exists() else []


EVERY: Files = {at: {"source": f"{at}\n", "doc": str(at)} for at in range(12)}


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("ahead", [True, False])
def test_every_commit_is_built_once(tmp_path: Path, jobs: int, ahead: bool) -> None:
    """Readers share the store with builds ahead, which may also be started and cancelled."""
    ids = sample(tmp_path, EVERY, build=f", ahead: {str(ahead).lower()}", inputs="doc", more=f"jobs: {jobs}")
    found = summary_of("--config", "hunt.yaml", folder=tmp_path)
    assert found["first_bad"] == ids["c8"]
    assert found["confirmed"] is True
    builds = counted(tmp_path, "builds")
    twice = {commit for commit in builds if builds.count(commit) > 1}
    assert {ids["c7"], ids["c8"]} <= {*twice} or ahead
    # Three readers may reach every commit before the builder, and start builds that turn out to be useless.
    if jobs == 1:
        assert (found["ahead"] is not None) is ahead
    if found["ahead"]:
        assert found["ahead"]["builds"] > found["ahead"]["unused"]
    if jobs == 1 and not ahead:
        assert twice == {ids["c7"], ids["c8"]}


def test_a_second_hunt_builds_nothing_anew(tmp_path: Path) -> None:
    """Another test suite over the same range, with its own test and overlay, uses builds from the store."""
    ids = sample(tmp_path, EVERY, build=", ahead: false", inputs="doc")
    summary_of("--config", "hunt.yaml", folder=tmp_path)
    before = counted(tmp_path, "builds")
    other = (tmp_path / "hunt.yaml").read_text().replace("/test.sh", "/test.sh lua")
    overlay = "overlay: [{edit: doc, find: '1', replace: '2', optional: true}]\n"
    (tmp_path / "lua.yaml").write_text(other + overlay)
    found = summary_of("--config", "lua.yaml", folder=tmp_path)
    assert found["first_bad"] == ids["c8"]
    again = counted(tmp_path, "builds")[len(before) :]
    assert not {commit for commit in again if commit in before} - {ids["c7"], ids["c8"]}


def test_the_same_bytes_are_tested_once(tmp_path: Path) -> None:
    """Commits that change only comments have identical builds, and a known build is not tested again."""
    files: Files = {at: {"source": f"# {at}\n{0 if at < 8 else 9}\n"} for at in range(12)}
    ids = sample(tmp_path, files, inputs="nothing")
    found = summary_of("--config", "hunt.yaml", folder=tmp_path)
    assert found["first_bad"] == ids["c8"]
    assert found["probes"] >= 3
    tests = counted(tmp_path, "tests")
    # The endpoints, and the answer with its parent. All builds of the search were known.
    assert sorted(set(tests)) == sorted([ids["c0"], ids["c11"], ids["c7"], ids["c8"]])
    assert [tests.count(ids[end]) for end in ("c0", "c11")] == [1, 1]


def test_a_forgotten_input_is_found_out_and_named(tmp_path: Path) -> None:
    """If the test reads an undeclared file, the confirmation fails and the answer names the file."""
    files: Files = {at: {"source": f"# {at}\n0\n"} for at in (0, 2, 4, 6, 10)}
    files |= {at: {"doc": str(at)} for at in (1, 3, 5, 9, 11)}
    files |= {7: {"doc": "7"}, 8: {"broken": "", "notes": "x"}}
    ids = sample(tmp_path, files, inputs="nothing")
    found = summary_of("--config", "hunt.yaml", folder=tmp_path)
    assert found["first_bad"] == ids["c8"]
    assert "broken, notes" in found["reason"]


def test_commits_alike_are_no_candidates_without_a_build(tmp_path: Path) -> None:
    """A hunt without a build ignores commits that change no input of the test."""
    files: Files = {at: {"doc": str(at)} for at in range(12)}
    files |= {0: {"value": "0"}, 4: {"value": "1"}, 8: {"value": "9"}}
    ids = sample(tmp_path, files)
    (tmp_path / "hunt.yaml").write_text(
        "repository: repo\ngood: main~11\nscratch: scratch\n"
        "test: {command: test $(cat value) -lt 8, inputs: [value]}\n"
    )
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert f"first bad commit {ids['c8'][:12]}" in done.stdout
    assert "4 candidate commits; 7 skipped (no declared input changed)" in done.stdout
