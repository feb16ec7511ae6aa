"""What decides the files of a checkout besides the commit: git's configuration and attributes of the user."""

from __future__ import annotations

import hashlib
import re
from os import environ
from pathlib import Path

from bisector.history.repository import Repository

_DECIDES = re.compile(r"filter\..*|core\.(autocrlf|eol|symlinks|attributesfile)", re.DOTALL)
_COMMANDS = re.compile(r"filter\..*\.(smudge|process)", re.DOTALL)
_OF_ALL = Path("/etc/gitattributes")


def checkout_settings(repository: Repository) -> dict[str, list[str]]:
    """By setting its values in the order in which git reads them, and by attributes file its digest.

    Raises `GitFailure` if git fails.
    """
    found: dict[str, list[str]] = {}
    for setting in repository.git("config", "--list", "--null").decode(errors="surrogateescape").split("\0"):
        key, _, value = setting.partition("\n")
        if _DECIDES.fullmatch(key):
            found.setdefault(key, []).append(value)
    for file in (_OF_ALL, _attributes(found), repository.git_folder / "info/attributes"):
        try:
            found[str(file)] = [hashlib.sha256(file.read_bytes()).hexdigest()]
        except OSError:
            continue  # Most users have none of them.
    return found


def filter_commands(settings: dict[str, list[str]]) -> list[str]:
    """The command lines that git runs to write files; of several values of a key, the last one counts."""
    return [values[-1] for key, values in sorted(settings.items()) if _COMMANDS.fullmatch(key)]


def _attributes(settings: dict[str, list[str]]) -> Path:
    """The user's own attributes file (gitattributes(5))."""
    home = environ.get("HOME", "")
    above = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    named = settings.get("core.attributesfile", [f"{above}/git/attributes"])[-1]
    return Path(home + named[1:] if named.startswith("~/") else named)
