"""`scripts`: the tests of a hunt by name, each a target with a command of its own."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from bisector.hunt_file.fields import AUTO

Command = str | tuple[str, ...]


def whole_test(scripts: Mapping[str, Command]) -> str:
    """The command that runs one script after the other, as long as they pass."""
    return " && ".join(
        command if isinstance(command, str) else shlex.join(map(str, command)) for command in scripts.values()
    )


def with_scripts(data: dict[str, Any]) -> dict[str, Any]:
    """The values of a hunt with the test and the targets that its `scripts` stand for."""
    scripts, test = data.get("scripts"), data.get("test") or {}
    if not isinstance(scripts, dict) or not scripts or not isinstance(test, dict):
        return data
    if not all(isinstance(command, str | list | tuple) for command in scripts.values()):
        return data
    targets = data.get("targets") or AUTO
    return {
        **data,
        "test": {"command": whole_test(scripts), **test},
        "targets": list(scripts) if targets in (AUTO, [AUTO], (AUTO,)) else targets,
    }


def without_what_scripts_say(data: dict[str, Any]) -> dict[str, Any]:
    """The values of a hunt as they were written, so that others may override `scripts`."""
    scripts = data.get("scripts")
    if not scripts:
        return data
    if data["test"]["command"] == whole_test(scripts):
        data = {**data, "test": {key: one for key, one in data["test"].items() if key != "command"}}
    if data["targets"] == list(scripts):
        data = {key: one for key, one in data.items() if key != "targets"}
    return data
