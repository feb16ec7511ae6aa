"""Which submodules a commit moves, and whether their history between the two commits is there."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.history.repository import Repository

_GITLINK = "160000"


@dataclass(frozen=True, slots=True)
class Pointer:
    """The submodule at `path`, moved from the commit `old` to `new`."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Moves:
    """What differs between two commits: the submodules that were moved, and the paths of all else."""

    pointers: tuple[Pointer, ...]
    others: tuple[str, ...]
    added: tuple[str, ...] = ()
    """Paths of submodules that only the later commit has; they are among the others too."""


def moves(repository: Repository, before: str, after: str) -> Moves:
    """What differs between two commits; both are full ids."""
    how = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", before, after)
    tokens = repository.git(*how).decode(errors="surrogateescape").split("\0")
    pointers, others, added = [], [], []
    for what, path in zip(tokens[:-1:2], tokens[1::2], strict=False):
        mode, mode_after, old, new, _ = what.removeprefix(":").split()
        if mode == mode_after == _GITLINK:
            pointers.append(Pointer(path, old, new))
            continue
        others.append(path)
        if mode_after == _GITLINK:
            added.append(path)
    return Moves(tuple(pointers), tuple(others), tuple(added))


def is_whole(repository: Repository, old: str, new: str) -> bool:
    """Whether a clone of a submodule has all history between two commits: no shallow commit cuts it off."""
    if not repository.is_shallow:
        return True
    between = repository.git("rev-list", f"{old}...{new}").decode().split()
    return set((repository.git_folder / "shallow").read_text().split()).isdisjoint(between)
