"""A test that reads the sources of the user's checkout, not those of the commit, gives no answer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import bisector, summary_of
from tests.git_history import chain, git, write_history

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def written(folder: Path) -> dict[str, str]:
    """A history in which c3 adds a check that passes, and c7 breaks the program."""
    commits: dict[int, dict[str, str | None]] = {at: {"n": str(at)} for at in range(12)}
    commits[0] |= {"src/app.py": "x = 1\n", "check.sh": "cd $(dirname $0) && grep -q 1 src/app.py\n"}
    commits[7] |= {"src/app.py": "x = 2\n"}
    return write_history(folder / "repo", chain(12, commits))


@needs_strace
@pytest.mark.parametrize(
    "test", ["grep -q 1 {top}/src/app.py", "sh {top}/check.sh", "cat {top}/src/*.py | grep -q 1"]
)
def test_an_absolute_path_into_the_checkout_is_refused(tmp_path: Path, test: str) -> None:
    """The sentence names the file, and how to mend it; no commit is named."""
    ids, top = written(tmp_path), tmp_path / "repo"
    command = test.format(top=top)
    done = bisector("run", "--good", ids["c0"], "--bad", ids["c11"], "--test", command, folder=top)
    said = " ".join((done.stdout + done.stderr).split())
    if command.startswith("grep"):
        # The command names the file, so it is meant; good and bad are then alike.
        assert done.returncode != 0
        return
    assert done.returncode == 2, said
    assert "reads src/app.py of your checkout, not of the commit" in said
    assert "PYTHONPATH: src" in said


@needs_strace
@pytest.mark.parametrize("is_compiled", [False, True])
def test_an_editable_install_of_the_checkout_is_refused(tmp_path: Path, is_compiled: bool) -> None:
    """Python opens the compiled modules of the checkout rather than their tracked sources."""
    ids, top = written(tmp_path), tmp_path / "repo"
    (top / ".gitignore").write_text("__pycache__\n")
    test = f"env -u PYTHONDONTWRITEBYTECODE PYTHONPATH={top}/src python3 -c 'import app; assert app.x == 1'"
    if is_compiled:
        subprocess.run(test, shell=True, check=False)
        assert (top / "src/__pycache__").is_dir()
    done = bisector("run", "--good", ids["c0"], "--bad", ids["c11"], "--test", test, folder=top)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert "reads src/app.py of your checkout, not of the commit" in said


@needs_strace
def test_a_build_product_of_the_checkout_is_refused(tmp_path: Path) -> None:
    """It is ignored there, and found through PATH; the slot has one of its own."""
    ids, top = written(tmp_path), tmp_path / "repo"
    build = "mkdir -p bin && printf '#!/bin/sh\\ngrep -q 1 src/app.py\\n' > bin/app && chmod +x bin/app"
    subprocess.run(build, shell=True, check=True, cwd=top)
    done = bisector(
        *("run", "--good", ids["c0"], "--bad", ids["c11"], "--build", build, "--test", "app"),
        folder=top,
        PATH=f"{top}/bin:{os.environ['PATH']}",
    )
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert "reads bin/app of your checkout, not of the commit" in said


@needs_strace
@pytest.mark.parametrize("build", ["make -C {top} DESTDIR=$PWD", "cp $(echo {top})/src/app.py built"])
def test_a_build_of_the_checkout_is_refused(tmp_path: Path, build: str) -> None:
    """A build that takes its sources from the checkout builds the same program for every commit."""
    commits: dict[int, dict[str, str | None]] = {at: {"n": str(at)} for at in range(8)}
    commits[0] |= {"src/app.py": "x = 1\n", "Makefile": "all:\n\tcp src/app.py $(DESTDIR)/built\n"}
    commits[5] |= {"src/app.py": "x = 2\n"}
    ids, top = write_history(tmp_path / "repo", chain(8, commits)), tmp_path / "repo"
    ends = ("--good", ids["c0"], "--bad", ids["c7"])
    command = build.format(top=top)
    done = bisector("run", *ends, "--build", command, "--test", "grep -q 1 built", folder=top)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert "build.command: the build of" in said
    assert "src/app.py" in said


@needs_strace
@pytest.mark.parametrize(
    "git", ["git -C {top}", "git --git-dir={top}/.git", "GIT_DIR={top}/.git git", "cd {top}/src && git"]
)
def test_git_that_reads_the_checkout_is_refused(tmp_path: Path, git: str) -> None:
    """There HEAD is always what the user checked out, so every commit would give the same verdict."""
    ids, top = written(tmp_path), tmp_path / "repo"
    test = f"{git.format(top=top)} show HEAD:src/app.py | grep -q 1"
    done = bisector("run", "--good", ids["c0"], "--bad", ids["c11"], "--test", test, folder=top)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert f"reads the git repository of your checkout ({top}/.git/" in said
    assert "run git in the current folder" in said


@needs_strace
def test_a_build_whose_git_reads_a_linked_worktree_is_refused(tmp_path: Path) -> None:
    """A linked worktree has a HEAD of its own, in the folder of the main one."""
    ids, top = written(tmp_path), tmp_path / "linked"
    git(tmp_path / "repo", "worktree", "add", "--quiet", str(top), ids["c11"])
    build = f"git -C {top} show HEAD:src/app.py >built.py"
    done = bisector(
        *("run", "--good", ids["c0"], "--bad", ids["c11"], "--build", build, "--test", "grep -q 1 built.py"),
        folder=top,
    )
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert "build.command: the build of" in said
    assert "reads the git repository of your checkout" in said


def test_git_in_the_slot_is_not_traced(tmp_path: Path) -> None:
    """Its repository has all commits and refs; bisector's own git, which reads the user's, does not count."""
    ids, top = written(tmp_path), tmp_path / "repo"
    traced = tmp_path / "traced"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/strace").write_text(f"#!/bin/sh\ntouch {traced}\nexit 1\n")
    (tmp_path / "bin/strace").chmod(0o755)
    test = "sleep 0.2; git show main:check.sh >of-main.sh && git show HEAD:src/app.py | grep -q 1"
    found = summary_of(
        *("--good", ids["c0"], "--bad", ids["c11"], "--build", "touch built", "--test", test, "--jobs", "2"),
        folder=top,
        PATH=f"{tmp_path}/bin:{os.environ['PATH']}",
    )
    assert (found["first_bad"], found["confirmed"]) == (ids["c7"], True)
    assert not traced.exists()


def test_a_script_of_the_checkout_may_test_every_commit(tmp_path: Path) -> None:
    """A tracked script that the command names by its absolute path is meant to test all commits."""
    ids, top = written(tmp_path), tmp_path / "repo"
    (top / "own.sh").write_text("grep -q 1 src/app.py\n")
    found = summary_of("--good", ids["c0"], "--bad", ids["c11"], "--test", f"sh {top}/own.sh", folder=top)
    assert (found["first_bad"], found["confirmed"]) == (ids["c7"], True)
