"""Compares the declared inputs of builds and tests with the files that commits change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bisector.history.repository import Repository


def covered(path: str, inputs: Iterable[str]) -> bool:
    """Whether `path` is one of the files and folders `inputs` or lies in one; `.` is the whole tree."""
    return any(one in (".", path) or path.startswith(f"{one}/") for one in inputs)


def forgotten(repository: Repository, inputs: Sequence[str], commit: str, parent: str) -> list[str]:
    """The paths that `commit` changes against `parent` outside all declared `inputs`, sorted.

    If the two behave differently but their inputs are equal, one of these paths is a missing input. Both are
    full ids; a path is a tracked file (or a submodule) in either commit.
    """
    out = repository.git("diff-tree", "-r", "-z", "--no-renames", "--name-only", parent, commit)
    return sorted(path for path in _names(out) if not covered(path, inputs))


def tracked_files(repository: Repository, commit: str) -> frozenset[str]:
    """All files of a commit; symbolic links and submodules count as files."""
    return frozenset(_names(repository.git("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)))


def coming_and_going(repository: Repository, good: Sequence[str], bad: str) -> frozenset[str]:
    """The files that any commit reachable from `bad` but from no `good` adds or deletes."""
    out = repository.git(
        *("log", "--format=", "--name-only", "-z", "--no-renames", "--diff-filter=AD"),
        *("--no-ext-diff", "--diff-merges=off", bad, "--not", *good, "--"),
    )
    return frozenset(_names(out))


def _names(out: bytes) -> list[str]:
    return [name for name in out.decode("utf-8", "surrogateescape").split("\0") if name]
