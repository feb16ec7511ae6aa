"""Finds the hunt file: the one for `--config NAME`, or `hunt.yaml` where the user is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from bisector.errors import HuntFileError

SHIPPED = "bisector.configs"
"""The package with the hunt files that come with bisector."""
USUAL = "hunt.yaml"
"""The hunt file that a command uses if none is named; `bisector init` writes it."""

_HAS_A_TEST = re.compile(r"^test\s*:", re.MULTILINE)
"""What tells a hunt file from the other YAML files of a folder."""
_MOST_READ = 128 * 1024


def usual(folder: Path) -> Path | None:
    """The nearest `hunt.yaml` in `folder` or above it, up to the top of the git work tree; None without one.

    Outside a work tree, only `folder` itself counts.
    """
    upwards = [folder, *folder.parents]
    top = next((at for at, one in enumerate(upwards) if os.path.lexists(one / ".git")), 0)
    return next((one / USUAL for one in upwards[: top + 1] if _is_file(one / USUAL)), None)


def find(name: str, folder: Path) -> Path:
    """The hunt file called `name`: the path itself, else in `configs/` in `folder`, else a shipped one.

    Tries each place with the name unchanged and with `.yaml` appended. Raises HuntFileError, which lists the
    available ones, those in `folder` first.
    """
    places = [folder, folder / "configs", *shipped()]
    for place in places:
        for candidate in (place / name, place / f"{name}.yaml"):
            if _is_file(candidate):
                return candidate
    there = sorted({found.name for place in places[1:] for found in _hunt_files(place)})
    known = list(dict.fromkeys([*_beside(folder), *there]))
    close = get_close_matches(name, known, 1, cutoff=0.85)
    listed = f"available: {', '.join(known)}" if known else "there is none here or in configs/"
    listed = f"did you mean {close[0]}? {listed}" if close else listed
    raise HuntFileError(f"--config {name}: no such hunt file; {listed}")


def _beside(folder: Path) -> Iterator[str]:
    """The hunt files in `folder`, by name, and the usual one above it, by relative path."""
    yield from sorted(path.name for path in _hunt_files(folder) if _has_a_test(path))
    above = usual(folder)
    if above is not None and above.parent != folder:
        yield os.path.relpath(above, folder)


def _has_a_test(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return _HAS_A_TEST.search(file.read(_MOST_READ)) is not None
    except OSError:
        return False


def shipped(package: str = SHIPPED) -> list[Path]:
    """The folder of a package's files; none if it is not installed, or not as plain files."""
    try:
        found = resources.files(package).joinpath(".")
    except ModuleNotFoundError:
        return []
    return [found] if isinstance(found, Path) else []


def _is_file(path: Path) -> bool:
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


def _hunt_files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.yaml") if path.is_file()] if folder.is_dir() else []
