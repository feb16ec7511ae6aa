"""`bisector watchdog --staged`: the hook, run by real git, and by pre-commit if that is installed."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.git_history import git

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
SHORT, LONG = "timeout 180 sh run.sh\n", "timeout 2400 sh run.sh\n"


def entry() -> str:
    """The hook's command as it is published, with this bisector."""
    (hook,) = HOOKS
    words = shlex.split(hook["entry"])
    assert words[0] == "bisector"
    return shlex.join([sys.executable, "-m", "bisector", *words[1:]])


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A checkout with a test script, and the hook."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "test.sh").write_text(SHORT)
    git(folder, "add", "test.sh")
    git(folder, "commit", "-qm", "first")
    hook = folder / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec {entry()} "$1"\n')
    hook.chmod(0o755)
    return folder


def commit(repo: Path, message: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The result of `git commit`."""
    return subprocess.run(
        ["git", "commit", "-q", "-m", message, *arguments],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_raised_deadline_without_a_reason_is_refused(repo: Path) -> None:
    """git makes no commit, and the sentence says what was raised and what to write."""
    (repo / "test.sh").write_text(LONG)
    done = commit(repo, "Give the test more time", "-a")
    assert done.returncode == 1
    assert "test.sh:1: raised: `timeout 180" in done.stderr
    assert "Deadline-Reason:" in done.stderr
    assert git(repo, "rev-list", "--count", "HEAD").strip() == "1"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Give it more time\n\nDeadline-Reason: the fixture grew from 10 to 100 files", 0),
        ("Give it more time\n\ndeadline-reason: CI moved to a slower machine\nSigned-off-by: T <t@e.org>", 0),
        ("Give it more time\n\nDeadline-Reason:", 1),
        ("Give it more time\n\nthe text Deadline-Reason: is no trailer here\n\nmore text", 1),
    ],
)
def test_a_reason_is_a_trailer_with_a_text(repo: Path, message: str, code: int) -> None:
    """As git reads trailers: any case, beside others, at the end of the message."""
    (repo / "test.sh").write_text(LONG)
    assert commit(repo, message, "-a").returncode == code


def test_only_what_is_committed_counts(repo: Path) -> None:
    """A raised deadline that is not staged, or not among the named paths, needs no reason yet."""
    (repo / "test.sh").write_text(LONG)
    (repo / "other").write_text("1\n")
    git(repo, "add", "other")
    assert commit(repo, "other").returncode == 0
    (repo / "other").write_text("2\n")
    git(repo, "add", "test.sh", "other")
    assert commit(repo, "only other", "--", "other").returncode == 0
    assert commit(repo, "the test").returncode == 1


def test_other_changes_pass(repo: Path) -> None:
    """A lowered, a new and a removed deadline, and an amended message."""
    (repo / "test.sh").write_text("timeout 60 sh run.sh\n")
    (repo / "new.sh").write_text("timeout 600 sh new.sh\n")
    git(repo, "add", "-A")
    assert commit(repo, "lower one and add one").returncode == 0
    git(repo, "rm", "-q", "new.sh")
    assert commit(repo, "remove one").returncode == 0
    assert commit(repo, "another text", "--amend").returncode == 0


def test_a_merge_does_not_ask_again(repo: Path) -> None:
    """What a branch raised with a reason is merged without one; what only the merge raises needs one."""
    git(repo, "checkout", "-qb", "side")
    (repo / "test.sh").write_text(LONG)
    assert commit(repo, "More\n\nDeadline-Reason: a slower machine", "-a").returncode == 0
    git(repo, "checkout", "-q", "main")
    (repo / "other").write_text("1\n")
    git(repo, "add", "other")
    assert commit(repo, "other").returncode == 0
    git(repo, "merge", "-q", "--no-commit", "side")
    assert commit(repo, "merge").returncode == 0
    git(repo, "reset", "-q", "--hard", "HEAD~")
    git(repo, "merge", "-q", "--no-commit", "side")
    (repo / "test.sh").write_text("timeout 9000 sh run.sh\n")
    assert commit(repo, "merge", "-a").returncode == 1


def test_the_first_commit_of_a_repository_passes(tmp_path: Path, repo: Path) -> None:
    """There is nothing that it could raise."""
    git(tmp_path, "init", "-q", "new")
    hook = Path(".git/hooks/commit-msg")
    (tmp_path / "new/.git/hooks").mkdir(exist_ok=True)
    (tmp_path / "new" / hook).write_text((repo / hook).read_text())
    (tmp_path / "new" / hook).chmod(0o755)
    (tmp_path / "new/test.sh").write_text(LONG)
    git(tmp_path / "new", "add", "test.sh")
    done = commit(tmp_path / "new", "first")
    assert done.returncode == 0, done.stderr


def test_outside_a_repository_it_says_so(tmp_path: Path) -> None:
    """A mistake of the caller, not a raised deadline."""
    done = subprocess.run(
        [sys.executable, "-m", "bisector", "watchdog", "--staged", "message"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "is not in a git repository" in done.stderr


@pytest.mark.skipif(not importlib.util.find_spec("pre_commit"), reason="pre-commit is not installed")
def test_pre_commit_runs_the_hook(repo: Path) -> None:
    """With its manifest as published; the environment is the one of this test, not one made by pre-commit."""
    (repo / ".git/hooks/commit-msg").unlink()
    (hook,) = HOOKS
    local = {**hook, "entry": entry(), "language": "system"}
    config = {"default_install_hook_types": ["commit-msg"], "repos": [{"repo": "local", "hooks": [local]}]}
    (repo / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(repo, "add", ".pre-commit-config.yaml")
    subprocess.run([sys.executable, "-m", "pre_commit", "install"], cwd=repo, check=True, timeout=120)
    (repo / "test.sh").write_text(LONG)
    done = commit(repo, "Give it more time", "-a")
    assert done.returncode == 1
    assert "raised: `timeout 180" in done.stdout + done.stderr
    assert commit(repo, "More\n\nDeadline-Reason: a slower machine", "-a").returncode == 0


@pytest.mark.skipif(not importlib.util.find_spec("pre_commit"), reason="pre-commit is not installed")
@pytest.mark.parametrize(
    ("check", "file"),
    [("validate-manifest", ".pre-commit-hooks.yaml"), ("validate-config", ".pre-commit-config.yaml")],
)
def test_pre_commit_accepts_the_files(check: str, file: str) -> None:
    """pre-commit's own check of the manifest and of this project's configuration."""
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", check, file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
