"""The state of the user's own checkout, read without changing it: to tell what a command there left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bisector.errors import HistoryError
from bisector.history.repository import Repository

_UNTRACKED = ("??", "!!")
_MANY = 1000
"""Changed files beyond which their times are not compared."""


@dataclass(frozen=True)
class CheckoutState:
    """HEAD (a full id, '' before the first commit), and what differs from it.

    `entries` has git's two letters of every changed, untracked and ignored file or folder by name; `times`
    the size and time of the changed ones.
    """

    head: str
    entries: dict[str, str]
    times: dict[str, tuple[int, int]]

    @property
    def changed(self) -> tuple[str, ...]:
        """Tracked files with local changes, sorted."""
        return tuple(sorted(name for name, code in self.entries.items() if code not in _UNTRACKED))

    def left_by(self, after: CheckoutState) -> tuple[str, ...]:
        """What is new, changed or gone `after` a command ran, sorted; `HEAD` first if it moved."""
        names = {name for name, _ in self.entries.items() ^ after.entries.items()}
        names |= {name for name, _ in self.times.items() ^ after.times.items()}
        return (*(["HEAD"] if self.head != after.head else []), *sorted(names))


def state_of(repository: Repository) -> CheckoutState:
    """The state of the checkout of `repository`, which must have one; git writes nothing, not even its index.

    Raises `GitFailure` if git cannot read it.
    """
    assert repository.work_tree is not None
    out = repository.git(
        *("--no-optional-locks", "status", "--porcelain", "-z", "--no-renames"),
        *("--untracked-files=normal", "--ignored=traditional", "--ignore-submodules=dirty"),
        folder=repository.work_tree,
    )
    lines = [entry.decode(errors="surrogateescape") for entry in out.split(b"\0") if entry]
    entries = {line[3:]: line[:2] for line in lines}
    changed = [name for name, code in entries.items() if code not in _UNTRACKED][:_MANY]
    return CheckoutState(_head(repository), entries, _times(repository.work_tree, changed))


def _times(top: Path, names: list[str]) -> dict[str, tuple[int, int]]:
    found = {}
    for name in names:
        try:
            status = (top / name).lstat()
        except OSError:
            continue
        found[name] = status.st_size, status.st_mtime_ns
    return found


def _head(repository: Repository) -> str:
    try:
        return repository.resolve("HEAD")
    except HistoryError:
        return ""
