"""A folder for the temporary files of one run, empty when it begins and gone when it has ended."""

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
    """The environment with a TMPDIR of this run alone, in the folder that TMPDIR names, if that is there.

    Raises `InfrastructureFault` where it cannot be made or taken away.
    """
    folder = Path(environment.get(_VARIABLE) or "/tmp") / f"{_PREFIX}{new_token()}"
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        yield environment
        return
    except OSError as error:
        raise InfrastructureFault(
            f"no temporary folder can be made in {folder.parent} ({error.strerror}); make room, or set TMPDIR"
        ) from error
    try:
        yield {**environment, _VARIABLE: str(folder)}
    finally:
        take_away(folder)


def remove_orphaned() -> None:
    """Take away what runs left whose bisector was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if is_orphaned(folder.name.removeprefix(_PREFIX)):
            shutil.rmtree(folder, ignore_errors=True)
