"""A folder for the temporary files of one run: empty at its start, deleted at its end."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.removal import take_away
from bisector.probe.ownership import is_orphaned, new_token

_PREFIX = "bisector-"
_VARIABLE = "TMPDIR"


@contextlib.contextmanager
def temporary_folder(environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The environment with a private TMPDIR below the folder that TMPDIR names, if that exists.

    Raises `InfrastructureFault` if it cannot be created or deleted.
    """
    folder = Path(environment.get(_VARIABLE) or "/tmp") / f"{_PREFIX}{new_token()}"
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        yield environment
        return
    except OSError as error:
        raise InfrastructureFault(
            f"cannot create a temporary folder in {folder.parent} ({error.strerror}); "
            "free some space or set TMPDIR"
        ) from error
    try:
        yield {**environment, _VARIABLE: str(folder)}
    finally:
        take_away(folder)


@contextlib.contextmanager
def tool_folder() -> Iterator[Path]:
    """An empty folder for the files of a tool that a test runs under, outside of the slot.

    Raises `InfrastructureFault` if it cannot be created or deleted.
    """
    folder = Path(tempfile.gettempdir()).resolve() / f"{_PREFIX}{new_token()}"
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise InfrastructureFault(
            f"cannot create a folder for a tool's files in {folder.parent} ({error.strerror}); "
            "free some space or set TMPDIR"
        ) from error
    try:
        yield folder
    finally:
        take_away(folder)


def remove_orphaned() -> None:
    """Delete temporary folders of runs whose bisector was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if is_orphaned(folder.name.removeprefix(_PREFIX)):
            shutil.rmtree(folder, ignore_errors=True)
