"""Detects what a repository is from the names and contents of its files; runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from bisector.hunt_file.proposal_systems import SYSTEMS, script
from bisector.hunt_file.proposal_tree import Found, Install, Tree


@dataclass(frozen=True, slots=True)
class Detected:
    """The build system of a repository; `others` are those that it seems to have too."""

    best: Found
    others: tuple[str, ...]


def detect(
    files: Sequence[str],
    read: Callable[[str], str],
    installed: Callable[[str], bool] = lambda _program: True,
    *,
    is_tested: bool = False,
) -> Detected | None:
    """The build system of a tree with these `files`; None if nothing in it can be tested.

    `read` returns a file's text. `installed` says whether this machine has a program. If the user names the
    test (`is_tested`), a build system without one will do where nothing else is found.
    """
    tree = _tree(files, read, installed)
    found = [one for system in SYSTEMS if (one := system(tree)) is not None]
    if not found and is_tested:
        found = [one for system in SYSTEMS if (one := system(replace(tree, is_tested=True))) is not None]
    if not found and (alone := script(tree)):
        found = [alone]
    if not found:
        return None
    # The one nearest to the top is the project's own; at equal depth, the order of SYSTEMS decides.
    best = min(found, key=lambda one: len(PurePosixPath(one.folder).parts))
    others = tuple(one.seen for one in found if one is not best)
    if best.identity and not installed(best.identity.split()[0]):
        best = replace(best, identity="")
    return Detected(best, others)


def with_test(detected: Detected | None, command: str, folder: str = ".") -> Detected:
    """What was detected, with the test that the user named; `folder` is where it runs."""
    if detected is None:
        return Detected(Found("script", "your test", test=command, test_folder=folder), ())
    own = detected.best
    if command == own.test:
        return detected
    # What the proposal says about its own test is not true of another one.
    named = replace(own, test=command, test_folder=folder, test_notes=(), skip=(), skip_note="")
    return replace(detected, best=named)


def installs_of(files: Sequence[str], read: Callable[[str], str]) -> list[Install]:
    """The sections `setup` for a tree with these `files`; `read` returns a file's text."""
    tree = _tree(files, read, lambda _program: True)
    found = [one for system in SYSTEMS if (one := system(tree)) is not None]
    return [replace(one.setup, folder=one.folder) for one in found if one.setup is not None]


def _tree(files: Sequence[str], read: Callable[[str], str], installed: Callable[[str], bool]) -> Tree:
    # A file name with a line break could add keys to the hunt file.
    return Tree(tuple(sorted(file for file in files if file.isprintable())), read, installed)
