"""Where `--config NAME` is looked for."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from bisector.errors import HuntFileError

SHIPPED = "bisector.configs"
"""The package that holds the hunt files of the installed bisector."""


def find(name: str, folder: Path) -> Path:
    """The hunt file called `name`: the path itself, then `configs/` in `folder`, then the shipped ones.

    Each place is tried with the name as it is and with `.yaml` appended. Raises HuntFileError, which lists
    what there is.
    """
    places = [folder, folder / "configs", *shipped()]
    for place in places:
        for candidate in (place / name, place / f"{name}.yaml"):
            if _is_file(candidate):
                return candidate
    there = sorted({found.name for place in places[1:] for found in _hunt_files(place)})
    known = f"there are {', '.join(there)}" if there else "there are none in configs/ either"
    raise HuntFileError(f"--config {name}: no such hunt file; {known}")


def shipped(package: str = SHIPPED) -> list[Path]:
    """The folder of a package's files; none where it is not installed, or not as plain files."""
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
