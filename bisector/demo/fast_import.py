"""Writes a history to a new git repository with one `git fast-import`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bisector.demo.edits import Files
from bisector.errors import EnvironmentFault


@dataclass(frozen=True)
class NewCommit:
    """A commit to write; `parents` are indices of earlier ones."""

    files: Files
    parents: tuple[int, ...]
    subject: str
    author: str
    """In git's format: `Name <address>`."""
    date: datetime


def _git(repository: Path, *arguments: str, data: bytes | None = None) -> bytes:
    """Run git in `repository` with only its own configuration; raises EnvironmentFault if it fails."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment = inherited | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments], input=data, env=environment, capture_output=True
        )
    except FileNotFoundError:
        raise EnvironmentFault("git is not installed or not on PATH; install git 2.31 or newer") from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()
        raise EnvironmentFault(f"git {arguments[0]} failed in {repository}: {reason}")
    return done.stdout


def write(repository: Path, branch: str, commits: list[NewCommit], refs: Mapping[str, int]) -> list[str]:
    """Create `repository` with `commits`, the last one checked out as `branch`; returns their full ids.

    `refs` maps further refs (`refs/tags/good`) to indices of commits. The same input gives the same ids.
    """
    repository.mkdir(parents=True)
    _git(repository, "init", "--quiet", f"--initial-branch={branch}", "--object-format=sha1")
    marks = repository / ".git" / "demo-marks"
    stream = b"".join(_stream(branch, commits, refs))
    _git(repository, "fast-import", "--quiet", f"--export-marks={marks.resolve()}", data=stream)
    lines = marks.read_text(encoding="ascii").splitlines()
    marks.unlink()
    by_mark = dict(line.split() for line in lines)
    _git(repository, "checkout", "--quiet", "--force", branch)
    return [by_mark[f":{_mark(i)}"] for i in range(len(commits))]


def _mark(index: int) -> int:
    return index + 1


def _stream(branch: str, commits: list[NewCommit], refs: Mapping[str, int]) -> Iterator[bytes]:
    """The input of fast-import; a commit lists only the files that differ from its first parent."""
    for i, commit in enumerate(commits):
        when = f"{int(commit.date.timestamp())} {commit.date:%z}"
        yield f"commit refs/heads/{branch}\nmark :{_mark(i)}\n".encode()
        yield f"author {commit.author} {when}\ncommitter {commit.author} {when}\n".encode()
        yield _data(commit.subject + "\n")
        for word, parent in zip(("from", "merge"), commit.parents, strict=False):
            yield f"{word} :{_mark(parent)}\n".encode()
        before = commits[commit.parents[0]].files if commit.parents else {}
        for path in sorted(before.keys() - commit.files.keys()):
            yield f"D {path}\n".encode()
        for path, text in sorted(commit.files.items()):
            if before.get(path) != text:
                mode = "100755" if path.endswith(".sh") else "100644"
                yield f"M {mode} inline {path}\n".encode()
                yield _data(text)
        yield b"\n"
    for ref, index in refs.items():
        yield f"reset {ref}\nfrom :{_mark(index)}\n\n".encode()


def _data(text: str) -> bytes:
    raw = text.encode()
    return b"data %d\n%s\n" % (len(raw), raw)
