"""Tests that call git: their changes stay in their slot, and no later commit sees them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import bisector, shell_history
from tests.git_history import git
from tests.sacred.snapshot import changes, snapshot

CALLS = """
git config user.email ci@example.org; git config user.name ci
test "$(git describe --tags)" = "$(cat described)" || exit 1
test "$(git remote get-url origin)" = "$ORIGIN" || exit 1
test "$(git config my.setting)" = mine || exit 1
git tag -f at-test; git branch -f scratch; git commit -q --allow-empty -m more
echo x >doc; git stash -q; git stash drop -q; git notes add -m note
git update-ref -d refs/heads/main; git remote set-url origin nowhere; git config my.setting other
git worktree add -q --detach ../other; git worktree prune; git gc -q --prune=now
git push -q origin HEAD:refs/heads/pushed 2>/dev/null && exit 1
echo 'exit 1' >.git/hooks/pre-commit; rm -rf "$(git rev-parse --git-common-dir)"
sh test.sh
"""


@pytest.mark.parametrize("place", ["", "bare", "sha256"])
def test_whatever_a_test_does_with_git(tmp_path: Path, place: str) -> None:
    """The user's repository and its origin stay unchanged, with all times, and the answer is right."""
    repo, origin = tmp_path / "user/repo", tmp_path / "user/origin"
    ids = shell_history(repo)
    if place == "sha256":
        ids = _in_sha256(repo, ids)
    git(repo, "tag", "-a", "-m", "release", "v1", ids["c0"])
    git(repo, "config", "my.setting", "mine")
    (repo / "doc").write_text("of the user\n")
    git(repo, "stash", "-q")
    if place == "bare":
        git(tmp_path, "clone", "-q", "--mirror", str(repo), str(tmp_path / "user/bare"))
        repo = tmp_path / "user/bare"
        git(repo, "config", "my.setting", "mine")
        git(repo, "remote", "remove", "origin")
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(origin))
    git(repo, "remote", "add", "origin", str(origin))
    before = snapshot(tmp_path / "user")
    done = bisector(
        *("run", "--json", "-q", "--repo", str(repo), "--good", ids["c0"], "--bad", ids["c11"]),
        *("--scratch", str(tmp_path / "scratch"), "--set", f"environment.set={{ORIGIN: '{origin}'}}"),
        *("--build", "sh build.sh; git describe --tags >described", "--test", CALLS),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["first_bad"] == ids["c8"]
    assert changes(before, snapshot(tmp_path / "user")) == {}


def _in_sha256(repo: Path, ids: dict[str, str]) -> dict[str, str]:
    """The same history with longer ids replaces the other one."""
    stream = subprocess.run(
        ["git", "fast-export", "--all"], cwd=repo, check=True, capture_output=True, timeout=60
    ).stdout
    subprocess.run(["rm", "-rf", str(repo / ".git")], check=True, timeout=60)
    git(repo, "init", "-q", "-b", "main", "--object-format=sha256")
    git(repo, "fast-import", "--quiet", stdin=stream)
    git(repo, "reset", "-q", "--hard", "main")
    newest_first = git(repo, "rev-list", "main").split()
    return {f"c{at}": commit for at, commit in enumerate(reversed(newest_first))}
