"""Command lines as a user would type them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bisector.hunt_file.flow import in_flow
from bisector.hunt_file.origin import option_of

if TYPE_CHECKING:
    from bisector.cli.options import Chosen

_FLAGS = {"first_parent": True, "descend.follow": False, "narrow": "auto"}
"""Keys with an option that takes no value, and the value that it gives them."""
_FINDS = {"fix": ["--fixed"], "all": ["--all"]}
_REPEATABLE = {"good", "old", "paths"}
_NUMBERS = {"jobs", "confidence", "budget.probes"}


def typed(chosen: Chosen, command: str = "run") -> str:
    """The command with these options, to run in the same folder."""
    words = ["bisector", command, *(["--config", chosen.config] if chosen.config else [])]
    for key, value in chosen.values.items():
        words += option_words(key, value)
    return shlex.join(words)


def option_words(key: str, value: object) -> list[str]:
    """The words of a command line that set a dotted key."""
    option = option_of(key)
    if key == "find":
        return _FINDS.get(str(value), ["--set", f"find={value}"])
    if key in _FLAGS and _FLAGS[key] == value:
        return [option]
    if isinstance(value, list) and key in _REPEATABLE:
        return [word for one in value for word in (option, str(one))]
    if (isinstance(value, str) and not option.startswith("--set")) or key in _NUMBERS:
        return [option, str(value)]
    return ["--set", f"{key}={in_flow(value)}"]
