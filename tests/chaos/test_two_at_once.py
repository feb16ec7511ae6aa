"""Two hunts at once, and a hunt while the user works, do not disturb each other."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bisector.errors import EnvironmentFault
from bisector.history.worktree import Worktree
from tests.chaos.scene import PLAN, Scene
from tests.cli.running import BISECTOR
from tests.git_history import git
from tests.worktrees import private

SLOW = {"test": {"command": "sleep 0.3; sh test.sh", "timeout": "60s"}}


def begin(hunt_file: Path) -> subprocess.Popen[str]:
    """Start a hunt without waiting for it."""
    command = [*BISECTOR, "run", "--config", str(hunt_file), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for a hunt. Returns its summary (empty if there is none) and its error output."""
    out, complaint = process.communicate(timeout=120)
    return json.loads(out)["first_bad"] if out else "", complaint


def until(ready: Callable[[], object]) -> None:
    """Wait, at most a minute."""
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def gate(scene: Scene) -> tuple[Path, dict[str, dict[str, str]]]:
    """A file that tests wait for, and the test that does. Each test records the slot in which it runs."""
    opened, where = scene.folder / "gate", scene.folder / "where"
    line = f"pwd >>{where}; until test -e {opened}; do sleep 0.02; done; sh test.sh"
    return opened, {"test": {"command": line, "timeout": "60s"}}


def slots_used(scene: Scene) -> set[str]:
    """The slots of the tests that reached the gate."""
    where = scene.folder / "where"
    return set(where.read_text().split()) if where.exists() else set()


@pytest.mark.parametrize("scratch", ["one scratch folder", "two scratch folders"])
def test_two_hunts_on_one_repository(tmp_path: Path, scratch: str) -> None:
    """Two hunts test at the same time, each in its own slot, and both find the commit."""
    scene = Scene(tmp_path, "verdicts")
    opened, gated = gate(scene)
    one = scene.write_hunt("verdicts", hunt="one", **gated)
    other_scratch = scene.scratch if scratch.startswith("one") else tmp_path / "scratch2"
    longer = {"test": {**gated["test"], "timeout": "61s"}}  # Another test command makes another hunt.
    two = scene.write_hunt("verdicts", hunt="two", scratch=str(other_scratch), **longer)
    hunts = [begin(one)]
    until(lambda: len(slots_used(scene)) == 1)
    hunts.append(begin(two))
    until(lambda: len(slots_used(scene)) == 2)
    opened.touch()
    complaints = []
    for hunt in hunts:
        found, complaint = end(hunt)
        assert found == scene.ids["c15"], complaint
        complaints.append(complaint)
    if other_scratch == scene.scratch:
        assert re.search("slots? 1.* in use by another hunt; using other slots", complaints[1])
    assert scene.plan.read_text().count("<!-- bisector:") == 2
    assert [line for line in scene.plan.read_text().splitlines() if "<!--" not in line] == PLAN.splitlines()
    assert not scene.left()


def test_the_same_hunt_twice_names_who_has_it(tmp_path: Path) -> None:
    """The second start is refused with the id of the running process, which continues undisturbed."""
    scene = Scene(tmp_path, "verdicts")
    opened, gated = gate(scene)
    hunt_file = scene.write_hunt("verdicts", **gated)
    first = begin(hunt_file)
    until(lambda: slots_used(scene))
    second = begin(hunt_file)
    _, complaint = end(second)
    assert second.returncode == 6
    assert f"already running in process {first.pid}" in complaint
    assert len(slots_used(scene)) == 1
    opened.touch()
    assert end(first)[0] == scene.ids["c15"]
    assert not scene.left()


USERS_WORK = [
    ["commit", "-q", "--allow-empty", "-m", "work"],
    ["gc", "-q", "--prune=now"],
    ["worktree", "prune", "--expire=now"],
    ["rebase", "-q", "--force-rebase", "HEAD~3"],
    ["worktree", "prune"],
    ["stash", "push", "-q", "--include-untracked"],
    ["stash", "pop", "-q"],
    ["checkout", "-q", "-b", "topic", "HEAD~5"],
    ["checkout", "-q", "main"],
    ["branch", "-q", "-D", "topic"],
    ["reflog", "expire", "--expire=now", "--all"],
    ["gc", "-q", "--prune=now", "--aggressive"],
    ["repack", "-q", "-a", "-d"],
    ["worktree", "add", "-q", "--detach", "../mine", "HEAD~2"],
    ["worktree", "remove", "../mine"],
]


def test_a_hunt_while_the_user_works(tmp_path: Path) -> None:
    """Commits, a rebase, gc and prune work and do not disturb the hunt. The user's state is unchanged."""
    scene = Scene(tmp_path, "three jobs")
    git(scene.repository, "branch", "kept", "main")
    hunt = begin(scene.write_hunt("three jobs", bad="kept", **SLOW))
    until(lambda: list(scene.scratch.glob("logs/*/*-premise-*.log")))
    (scene.repository / "untracked").write_text("mine\n")
    done = 0
    while hunt.poll() is None or not done:
        git(scene.repository, *USERS_WORK[done % len(USERS_WORK)])
        done += 1
    assert done >= len(USERS_WORK)
    while done % len(USERS_WORK):
        git(scene.repository, *USERS_WORK[done % len(USERS_WORK)])
        done += 1
    found, complaint = end(hunt)
    assert found == scene.ids["c15"], complaint
    assert git(scene.repository, "worktree", "list").count("\n") == 1
    assert (scene.repository / "untracked").read_text() == "mine\n"
    assert git(scene.repository, "log", "-1", "--format=%s").strip() == "work"
    assert not {name: what for name, what in scene.left().items() if name != "repository"}


def test_git_throws_away_no_commit_that_a_hunt_needs(tmp_path: Path) -> None:
    """If bad's branch is deleted and all unreachable objects are pruned, the hunt still finds the commit."""
    scene = Scene(tmp_path, "no store")
    opened, gated = gate(scene)
    git(scene.repository, "branch", "doomed", "main")
    git(scene.repository, "reset", "-q", "--hard", scene.ids["c3"])
    hunt = begin(scene.write_hunt("no store", bad="doomed", **gated))
    until(lambda: slots_used(scene))
    throw_away(scene, "doomed")
    opened.touch()
    found, complaint = end(hunt)
    assert found == scene.ids["c15"], complaint
    assert not {name: what for name, what in scene.left().items() if name != "repository"}
    assert not (scene.repository / ".git/worktrees").exists()
    throw_away(scene)
    worktree = Worktree(private(scene.repository), tmp_path / "slot")
    with pytest.raises(EnvironmentFault, match=r"commit .* is no longer in .*fetch it again"):
        worktree.create(scene.ids["c20"])


def throw_away(scene: Scene, *branches: str) -> None:
    """Delete branches, and all objects that become unreachable."""
    for branch in branches:
        git(scene.repository, "branch", "-q", "-D", branch)
    git(scene.repository, "update-ref", "-d", "ORIG_HEAD")
    git(scene.repository, "reflog", "expire", "--expire=now", "--all")
    git(scene.repository, "gc", "-q", "--prune=now")
