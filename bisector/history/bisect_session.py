"""Reads the user's `git bisect` session, its marks and its range, without changing it.

The sources are the refs and files in the checkout's git folder (builtin/bisect.c), and the commands and ids
in the log. Sentences that git prints are ignored.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bisector.errors import HistoryError
from bisector.history.repository import GitFailure, Repository

_BEGINNING = re.compile(r"^git bisect start\b")
_NAMED = re.compile(
    r"^(?:# (?P<told>\S+): \[(?P<id>[0-9a-f]{40,64})\]|git bisect (?P<term>\S+) (?P<rev>\S+)$)"
)
_TERM = re.compile(r"[A-Za-z0-9][\w.-]*")
_HEAD = re.compile(r"^(HEAD|@)(?=$|[~^])")


class Mark(Enum):
    """The mark of a commit; custom terms are mapped to these."""

    GOOD = "good"
    BAD = "bad"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class BisectSession:
    """An active session. All commits are full ids."""

    start: str
    """The branch or commit that was checked out before the session."""
    marks: tuple[tuple[str, Mark], ...]
    """Each marked commit once with its current mark, in the order of the log."""
    good: tuple[str, ...]
    """The good commits that the session started with."""
    bad: str
    """The bad commit that the session started with."""
    first_parent: bool = False
    paths: tuple[str, ...] = ()
    terms: tuple[str, str] = ("good", "bad")
    """The session's words for old and for new commits."""
    began: float = 0.0
    """When the session started, in seconds since the epoch."""
    without_checkout: str = ""
    """The commit to test now in a session with `--no-checkout`; else empty."""

    def moves(self, revision: str) -> bool:
        """Whether `revision` is relative to HEAD, which git moves with each step of the session."""
        return moves_with_head(revision)

    def lasting(self, revision: str) -> str:
        """`revision` with HEAD replaced by the HEAD from before the session."""
        return _HEAD.sub(lambda _: self.start, revision)


def moves_with_head(revision: str) -> bool:
    """Whether a revision is relative to HEAD."""
    return _HEAD.match(revision) is not None


def bisect_session(repository: Repository) -> BisectSession | None:
    """The session in this checkout; None if there is none.

    Raises `HistoryError` if it lacks a good or a bad commit, or is damaged.
    """
    folder = repository.own_git_folder
    start = _text(folder / "BISECT_START").strip()
    if not start:
        return None
    new, old = _terms(folder)
    marks, beginning = _marks(repository, _text(folder / "BISECT_LOG"), old, new)
    good = [commit for commit, mark in beginning.items() if mark is Mark.GOOD]
    bad = [commit for commit, mark in beginning.items() if mark is Mark.BAD]
    if not good or not bad:
        raise HistoryError(
            f"the git bisect session in {repository.path} has no {new if good else old} commit yet; "
            f"mark one with `git bisect {new if good else old} REVISION`"
        )
    return BisectSession(
        start=start,
        marks=tuple(marks.items()),
        good=tuple(good),
        bad=bad[0],
        terms=(old, new),
        first_parent=(folder / "BISECT_FIRST_PARENT").exists(),
        paths=_paths(folder),
        began=(folder / "BISECT_START").stat().st_mtime,
        without_checkout=_without_checkout(repository),
    )


def _marks(repository: Repository, log: str, old: str, new: str) -> tuple[dict[str, Mark], dict[str, Mark]]:
    """The current marks, and the marks that the session started with."""
    kinds = {old: Mark.GOOD, new: Mark.BAD, "skip": Mark.SKIP}
    now = _marked_by_refs(repository, old, new)
    marks: dict[str, Mark] = {}
    beginning: dict[str, Mark] = {}
    begun = False
    for line in log.split("\n"):  # not splitlines: a subject may contain other line breaks
        if _BEGINNING.match(line):
            begun = True
        for commit, mark in _in_line(line, kinds):
            # There is only one ref for bad, so earlier bad commits are only in the log.
            if now.get(commit, mark) is not mark or (mark is not Mark.BAD and commit not in now):
                continue
            marks.setdefault(commit, mark)
            if mark is not Mark.SKIP and (not begun or mark not in beginning.values()):
                beginning.setdefault(commit, mark)
    for commit, mark in now.items():
        marks.setdefault(commit, mark)
        if mark is not Mark.SKIP and mark not in beginning.values():
            beginning[commit] = mark
    return marks, beginning


def _in_line(line: str, kinds: dict[str, Mark]) -> Iterator[tuple[str, Mark]]:
    found = _NAMED.match(line)
    if found:
        mark = kinds.get(found["told"] or found["term"])
        commit = found["id"] or found["rev"]
        if mark and re.fullmatch(r"[0-9a-f]{40,64}", commit):
            yield commit, mark


def _marked_by_refs(repository: Repository, old: str, new: str) -> dict[str, Mark]:
    marked: dict[str, Mark] = {}
    out = repository.git("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/bisect").decode()
    for commit, name in (line.split(" ", 1) for line in out.splitlines()):
        if name.startswith("skip-"):
            marked.setdefault(commit, Mark.SKIP)
        elif name.startswith(f"{old}-"):
            marked[commit] = Mark.GOOD
        elif name == new:
            marked[commit] = Mark.BAD
    return marked


def _without_checkout(repository: Repository) -> str:
    try:
        return repository.git("rev-parse", "--verify", "--quiet", "BISECT_HEAD").decode().strip()
    except GitFailure:
        return ""


def _terms(folder: Path) -> tuple[str, str]:
    """The terms for new and old commits."""
    terms = _text(folder / "BISECT_TERMS").split()
    if not terms:
        return "bad", "good"
    if len(terms) != 2 or not all(_TERM.fullmatch(term) for term in terms):
        raise _damaged(folder / "BISECT_TERMS", "it does not contain two terms")
    return terms[0], terms[1]


def _paths(folder: Path) -> tuple[str, ...]:
    """The paths that limit the session."""
    file = folder / "BISECT_NAMES"
    try:
        words = shlex.split(_text(file))
    except ValueError as error:
        raise _damaged(file, str(error)) from error
    if any(letter < " " for word in words for letter in word):
        raise _damaged(file, "it does not contain paths")
    return tuple(word for word in words if word != "--")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _damaged(file, error.strerror or str(error)) from error


def _damaged(file: Path, why: str) -> HistoryError:
    return HistoryError(
        f"cannot read the git bisect session: {file} is damaged ({why}); end it with `git bisect reset`"
    )
