"""Selects several hunts: the guests of one substrate."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bisector.hunt.ground import Ground

ALL = "all"


def grounds_of(
    configs: Sequence[str], guests: str | None = None, repo: str | None = None, settings: Sequence[str] = ()
) -> list[Ground]:
    """The hunts of these guests, in the order in which they were named.

    `configs` are hunt files as in `--config`; `guests` is `all` (every hunt file beside the first of them, or
    in `configs/`) or names separated by commas. `repo` and `settings` (`KEY=VALUE`) override each. Raises
    `UsageError` if a guest has no hunt file or two hunts have the same name.
    """
    from bisector import hunt_file
    from bisector.errors import UsageError
    from bisector.hunt.ground import Ground

    values: dict[str, object] = dict(map(hunt_file.setting, settings))
    values |= {"repository": repo} if repo else {}
    loaded = {file: hunt_file.load(file) for file in _files(configs, guests)}
    grounds = [
        Ground(hunt_file.build(values, Path.cwd(), hunt), file, os.environ) for file, hunt in loaded.items()
    ]
    names = [ground.hunt.hunt for ground in grounds]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two hunt files have the name {twice!r}; change `hunt` in one of them")
    return grounds


def _files(configs: Sequence[str], guests: str | None) -> list[Path]:
    from bisector import hunt_file
    from bisector.errors import UsageError

    named = [hunt_file.find(name, Path.cwd()) for name in configs]
    if guests is None:
        if not named:
            raise UsageError("no hunt named; use --config FILE (repeatable) or --guests all")
        return list(dict.fromkeys(named))
    folder = named[0].parent if named else Path.cwd() / "configs"
    if guests == ALL:
        found = [file for file in sorted(folder.glob("*.yaml")) if _is_guest(file)]
        if not found:
            raise UsageError(f"--guests all: there are no hunt files in {folder}; name them with --config")
        return list(dict.fromkeys([*named, *found]))
    return list(dict.fromkeys([*named, *(_of_guest(name.strip(), folder) for name in guests.split(","))]))


def _is_guest(file: Path) -> bool:
    """Whether a YAML file is a hunt file, and not one for `alarm` or something else."""
    from bisector.errors import HuntFileError
    from bisector.hunt_file.source import Source

    try:
        keys = Source(file.read_text(encoding="utf-8", errors="replace"), str(file)).data
    except HuntFileError:
        return True  # loading it reports the error
    return isinstance(keys, dict) and "test" in keys and "alarm" not in keys


def _of_guest(name: str, folder: Path) -> Path:
    from bisector.errors import UsageError

    file = folder / f"{name}.yaml"
    if not file.is_file():
        there = ", ".join(sorted(path.stem for path in folder.glob("*.yaml"))) or "none"
        raise UsageError(f"--guests {name}: no hunt file {file}; available: {there}")
    return file
