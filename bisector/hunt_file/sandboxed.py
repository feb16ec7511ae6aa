"""What commands in the sandbox can see of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from bisector.hunt_file.fields import LocalPath

EMPTY = (Path("/tmp"), Path("/run"))
"""Folders that are empty in the sandbox: daemons keep sockets there, which no read-only mount blocks."""
_KEPT = Path("/run/current-system")
"""Where NixOS has its programs."""


def is_hidden(path: Path) -> bool:
    """Whether an absolute path is not there in the sandbox unless the hunt file names it."""
    return any(path.is_relative_to(folder) for folder in EMPTY) and not path.is_relative_to(_KEPT)


def _below(path: Path) -> Path:
    if path in EMPTY:
        raise ValueError(f"{path} would take the sandbox's own away; name a folder in it")
    if not is_hidden(path):
        raise ValueError(f"{path} can be read in the sandbox anyway; name only what is in /tmp or /run")
    return path


Shown = Annotated[LocalPath, AfterValidator(_below)]
"""A path that stays visible in the sandbox."""
