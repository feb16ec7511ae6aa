"""The commit that fixes failed builds: found by a small hunt, tried as a fix-up, written to the hunt file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.running import bisector, summary_of
from tests.cli.test_fixups import history
from tests.git_history import Node, git, write_history

HUNT = """# Where did it break?
good: {good}   # the last release
bad: main
build: {{command: 'test -f config.mk || {{ echo "n.c:12: error: no config.mk"; exit 2; }}'}}
test: {{command: test ! -f bug}}
scratch: ../scratch
jobs: 1
overlay:
  - {{edit: n0, find: '0', replace: zero}}
"""


def written(folder: Path, ids: dict[str, str], more: str = "") -> Path:
    """A hunt file in the repository, and the folder in which it is."""
    (folder / "r/h.yaml").write_text(HUNT.format(good=ids["c0"]) + more)
    return folder / "r"


def fixed(repo: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The output of `bisector fixup --json ARGUMENTS`."""
    done = bisector("fixup", "--config", "h.yaml", "--json", *arguments, folder=repo)
    assert done.returncode == code, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_fixes_the_build_is_found_tried_and_written(tmp_path: Path) -> None:
    """Before, the answer is a set of commits; after it, the same command finds the first bad commit."""
    ids = history(tmp_path)
    repo = written(tmp_path, ids)
    before = summary_of("--config", "h.yaml", folder=repo)
    assert (before["conclusion"], before["exit_code"]) == ("any-of", 4)
    found = fixed(repo, "--write")
    assert (found["fixed_by"], found["untestable"]) == (ids["c8"], {})
    assert found["testable"] == before["untestable_groups"][0]["commits"]
    text = (repo / "h.yaml").read_text()
    assert "# Where did it break?" in text and "# the last release" in text and "replace: zero" in text
    after = summary_of("--config", "h.yaml", folder=repo)
    assert (after["first_bad"], after["exit_code"]) == (ids["c5"], 0)
    assert git(repo, "status", "--porcelain") == "?? h.yaml\n"


def test_a_range_is_narrowed_by_a_hunt_of_its_own(tmp_path: Path) -> None:
    """The hunt has left commits untested between the last that fails and the next that builds."""
    ids = history(tmp_path, bad_at=1, lacks=range(8, 13), length=17)
    repo = written(tmp_path, ids)
    before = summary_of("--config", "h.yaml", "--set", "budget.probes=2", folder=repo)
    (group,) = before["untestable_groups"]
    assert group["fixed_by"] is None and group["range"], group
    found = fixed(repo, "--set", "budget.probes=2")
    assert found["fixed_by"] == ids["c13"]
    assert found["add"].replace("'", "") == f"overlay: [{{cherry_pick: {ids['c13']}, when: {{fails: true}}}}]"
    assert "c13" in found["markdown"]


def test_a_fix_that_does_not_apply(tmp_path: Path) -> None:
    """The commit is found, but its changes conflict with the overlay's, so nothing is proposed."""
    nodes = [Node("c0", (), {"config.mk": "x\n", "n0": "0\n"}), Node("c1", ["c0"], {"config.mk": None})]
    nodes += [Node("c2", ["c1"], {"bug": "x"}), Node("c3", ["c2"], {"config.mk": "x\n", "n0": "000\n"})]
    ids = write_history(tmp_path / "r", nodes)
    repo = written(tmp_path, ids)
    assert summary_of("--config", "h.yaml", folder=repo)["exit_code"] == 4
    found = fixed(repo, "--write", code=1)
    assert (found["fixed_by"], found["testable"], found["add"]) == (ids["c3"], [], None)
    assert all("conflicts in n0" in why for why in found["untestable"].values())
    assert "cherry_pick" not in (repo / "h.yaml").read_text()


def test_a_hunt_whose_commits_all_build(tmp_path: Path) -> None:
    """There is nothing to fix, and a hunt that has not begun is named."""
    ids = history(tmp_path, lacks=range(20, 20))
    repo = written(tmp_path, ids)
    done = bisector("fixup", "--config", "h.yaml", folder=repo)
    assert done.returncode == 2 and "h" in done.stderr
    assert summary_of("--config", "h.yaml", folder=repo)["first_bad"] == ids["c5"]
    assert fixed(repo, code=3)["fixed_by"] is None
