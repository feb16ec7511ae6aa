"""The name of a hunt that the user gave none: from its test command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from bisector.probe import command_words

UNNAMED = "hunt"
"""The name of a hunt whose command says nothing."""
_WORDS = 4
_LONGEST = 40
_TELLING = re.compile(r"(?!-)[\w./:+-]+")
"""A word that is no option, assignment, address or pattern."""


def hunt_name(command: str | Sequence[str]) -> str:
    """The script's name without its ending, else the first words: `./check.sh` gives `check`.

    Contains only what the name of a hunt may, and no values of variables.
    """
    scripts = command_words.scripts(command)
    if scripts:
        return _allowed(PurePosixPath(scripts[0]).stem)
    line = command if isinstance(command, str) else " ".join(command)
    first = re.split(r"[;&|\n]", line, maxsplit=1)[0]
    words = [word for word in first.split() if _TELLING.fullmatch(word) and "://" not in word]
    return _allowed("-".join(words[:_WORDS]))


def _allowed(text: str) -> str:
    """`text` with only the characters of a hunt's name; begins and ends with a letter or digit."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:_LONGEST].strip("-_.") or UNNAMED
