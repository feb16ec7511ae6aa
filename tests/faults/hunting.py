"""Real hunts on a disk or a machine that fails while they run, and what they leave behind."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bisector.errors import ExitCode
from tests.cli.running import BISECTOR, shell_history

NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@dataclass(frozen=True)
class Hunt:
    """A hunt for c8 of twelve commits, in a folder with the repository."""

    folder: Path
    ids: dict[str, str]
    before: tuple[str, ...] = ()
    """Words before the command, such as those of setpriv."""
    inside: bool = False
    """Whether its scratch folder is inside the repository."""

    @property
    def repository(self) -> Path:
        """The user's repository."""
        return self.folder / "repo"

    @property
    def scratch(self) -> Path:
        """The hunt's scratch folder."""
        return self.repository / "scratch" if self.inside else self.folder / "scratch"

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Start the hunt, or continue it."""
        work = ("--build", "sh build.sh", "--test", "sh test.sh", "--good", self.ids["c0"])
        return subprocess.run(
            [
                *self.before,
                *BISECTOR,
                "run",
                "--json",
                "-q",
                *work,
                "--scratch",
                str(self.scratch),
                *arguments,
            ],
            cwd=self.repository,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, **environment},
        )

    def readings(self) -> list[tuple[int, str, str]]:
        """Number, commit and role of each reading in the journal."""
        with closing(sqlite3.connect(self.scratch / "journal.sqlite")) as journal:
            return journal.execute("select id, commit_id, role from readings order by id").fetchall()

    def runs_of_tests(self) -> list[dict[str, object]]:
        """The run of each test in the journal."""
        with closing(sqlite3.connect(self.scratch / "journal.sqlite")) as journal:
            rows = journal.execute("select run from readings where run is not null order by id").fetchall()
        return [json.loads(text) for (text,) in rows]

    def once(self, harm: str) -> str:
        """A shell line that does `harm` to the first commit of the search, and only once."""
        done = shlex.quote(str(self.folder / "done"))
        return f"case $(cat out) in 0|11) ;; *) [ -e {done} ] || {{ touch {done}; {harm}; }};; esac"

    def assert_refused(
        self,
        done: subprocess.CompletedProcess[str],
        *words: str,
        code: ExitCode = ExitCode.ENVIRONMENT,
        concluded: bool = False,
    ) -> None:
        """It ended with one sentence about the machine, and has released its slots."""
        assert done.returncode == code, done.stderr
        assert bool(done.stdout) is concluded
        assert [line.split()[0] for line in done.stderr.splitlines()] == ["bisector:"], done.stderr
        for word in words:
            assert word in done.stderr
        assert not list(self.scratch.glob("slots/*"))
        assert not (self.repository / ".git/worktrees").exists()

    def assert_found(self, done: subprocess.CompletedProcess[str]) -> None:
        """It ended with the right answer, and has released its slots."""
        assert done.returncode == ExitCode.FIRST_BAD, done.stderr
        assert json.loads(done.stdout)["first_bad"] == self.ids["c8"]
        assert not list(self.scratch.glob("slots/*"))
        assert not (self.repository / ".git/worktrees").exists()

    def assert_goes_on(self, *arguments: str, **environment: str) -> None:
        """The same command finds the commit, and repeats nothing that was finished."""
        taken = self.readings()
        assert taken, "the harm came before the first reading"
        self.assert_found(self.run(*arguments, **environment))
        after = self.readings()
        assert after[: len(taken)] == taken
        new = [(commit, role) for _, commit, role in after[len(taken) :]]
        assert not {(commit, role) for _, commit, role in taken if role == "search"}.intersection(new)


def hunt_in(
    folder: Path, ignored: str = "out\n", before: Sequence[str] = (), *, inside: bool = False
) -> Hunt:
    """A hunt that has not started."""
    return Hunt(folder, shell_history(folder / "repo", ignored=ignored), tuple(before), inside)


@contextmanager
def mounted(folder: Path, *how: str) -> Iterator[None]:
    """`mount HOW folder`. Skips the test if this process may not mount."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *how, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def small_disk(folder: Path, size: str) -> AbstractContextManager[None]:
    """A disk of `size` at `folder`."""
    return mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "none")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that nobody can write to, including root."""
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with file.open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space left"):
        while True:
            stream.write(bytes(4096))


@contextmanager
def nobodys_folder() -> Iterator[Path]:
    """A folder of the user `nobody`, who must be able to run bisector there (`AS_NOBODY`), or else a skip."""
    with tempfile.TemporaryDirectory(prefix="bisector-nobody-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() or not shutil.which("setpriv"):
            pytest.skip("needs root and setpriv")
        give_to_nobody(folder)
        settings = "[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n"
        (folder / ".gitconfig").write_text(settings)
        done = subprocess.run(
            [*AS_NOBODY, *BISECTOR, "--version"], cwd=folder, capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("other users cannot run this bisector")
        yield folder


def give_to_nobody(folder: Path) -> None:
    """Make `nobody` the owner of everything in the folder."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
