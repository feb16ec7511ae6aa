"""Raised deadlines in what is about to be committed, and the reason that its message gives (githooks(5))."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bisector.errors import HistoryError, UsageError
from bisector.history.repository import GitFailure, run_git
from bisector.watchdog.bumps import DIFF, Change, Kind, changes_in

REASON = "Deadline-Reason"
"""The trailer of a commit message (git-interpret-trailers(1)) that says why a deadline was raised."""


def staged_raises(folder: Path, index: str | None) -> list[Change]:
    """The deadlines that the files staged in `folder` raise over HEAD, for a merge over each of its parents.

    `folder` is an absolute path. `index` is the file that git names to a hook, None for the usual one.
    """
    variables = {"GIT_INDEX_FILE": str(Path(index).absolute())} if index else {}
    try:
        run_git(folder, "rev-parse", "--git-dir")
    except GitFailure as error:
        raise HistoryError(f"{folder} is not in a git repository; change to one") from error
    parents = _parents(folder)
    found = [_raised(folder, parent, variables) for parent in parents]
    everywhere = set.intersection(*({_named(one) for one in some} for some in found))
    return [one for one in found[0] if _named(one) in everywhere]


def reason_in(message: Path, folder: Path) -> str:
    """What the commit message in a file gives as the reason; '' if it gives none."""
    try:
        text = message.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the commit message {message}: {error.strerror}") from error
    trailers = run_git(folder, "interpret-trailers", "--parse", stdin=text).decode("utf-8", "replace")
    for line in trailers.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == REASON.lower() and value.strip():
            return value.strip()
    return ""


def _parents(folder: Path) -> list[str]:
    """HEAD, the others of a merge that is under way, or the empty tree before the first commit."""
    parents = []
    for name in ("HEAD", "MERGE_HEAD"):
        try:
            told = run_git(folder, "rev-parse", "--verify", "--quiet", name)
        except GitFailure:
            continue
        parents.append(told.decode().strip())
    nothing = run_git(folder, "hash-object", "-t", "tree", "--stdin", stdin=b"")
    return parents or [nothing.decode().strip()]


def _raised(folder: Path, parent: str, variables: Mapping[str, str]) -> list[Change]:
    diff = run_git(folder, *DIFF, "--cached", parent, variables=variables)
    return [one for one in changes_in(diff.decode("utf-8", "replace")) if one.kind is Kind.RAISED]


def _named(change: Change) -> tuple[str, int, str]:
    return change.shown.file, change.shown.line, change.shown.text
