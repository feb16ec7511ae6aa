"""What lies beside a slot's work tree: what is bisector's own there, and what builds and tests have made."""

from __future__ import annotations

import os
from pathlib import Path

from bisector.history.worktree import OWN_FOLDER, Worktree
from bisector.probe.dune_root import scripts_of
from bisector.probe.sandbox import private_tmp_of


def copies_of(slot: Path) -> Path:
    """The folder beside a slot with copies of what tests spoil; whoever removes the slot removes it too."""
    return slot.parent / f".{slot.name}-start"


def aside_of(slot: Path) -> Path:
    """The folder beside a slot with what builds have left there; whoever removes the slot removes it too."""
    return slot.parent / f".{slot.name}-aside"


def made_beside(worktree: Worktree) -> list[str]:
    """What builds and tests have put beside a scratch work tree, as `../name`; `../name/` for a folder."""
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
    """What bisector puts beside a work tree, and the tree itself."""
    own = (tree, tree.parent / OWN_FOLDER, copies_of(tree), aside_of(tree), private_tmp_of(tree))
    return frozenset(f"../{path.name}" for path in (*own, scripts_of(tree)))
