"""Files beside a slot's work tree: bisector's own, and those that builds and tests make."""

from __future__ import annotations

import os
from pathlib import Path

from bisector.history.worktree import OWN_FOLDER, Worktree
from bisector.probe.dune_root import scripts_of
from bisector.probe.sandbox import private_tmp_of


def copies_of(slot: Path) -> Path:
    """The folder beside a slot with copies of files that tests damage; remove it together with the slot."""
    return slot.parent / f".{slot.name}-start"


def aside_of(slot: Path) -> Path:
    """The folder beside a slot with undeclared files of builds; remove it together with the slot."""
    return slot.parent / f".{slot.name}-aside"


def made_beside(worktree: Worktree) -> list[str]:
    """Files that builds and tests made beside a scratch work tree, as `../name`; folders as `../name/`."""
    if not worktree.is_scratch:
        return []
    own = own_beside(worktree.path)
    with os.scandir(worktree.path.parent) as entries:
        return [
            f"../{entry.name}/" if entry.is_dir(follow_symlinks=False) else f"../{entry.name}"
            for entry in entries
            if f"../{entry.name}" not in own
        ]


def own_beside(tree: Path) -> frozenset[str]:
    """Bisector's own files beside a work tree, and the tree itself."""
    own = (tree, tree.parent / OWN_FOLDER, copies_of(tree), aside_of(tree), private_tmp_of(tree))
    return frozenset(f"../{path.name}" for path in (*own, scripts_of(tree)))
