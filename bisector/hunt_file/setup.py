"""The section `setup`: what a commit needs before its build, installed once for commits that share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bisector.hunt_file.fields import Command, Inside, Kind, Limit, Target, described
from bisector.hunt_file.overlay import Section

_MINUTE = 60.0


def _paths(paths: tuple[str, ...]) -> tuple[str, ...]:
    if not paths:
        raise ValueError("is an empty list; name at least one file or folder")
    if broken := next((path for path in paths if "\n" in path), ""):
        raise ValueError(f"{broken[:100]!r} has a line break, which is not allowed in paths here; rename it")
    return paths


Paths = Annotated[tuple[Target, ...], AfterValidator(_paths)]


class Dependencies(Section):
    """What commits need before their build, such as installed packages. A section, or a list of sections.

    It is installed once for all commits with the same key files, and restored for the others.
    """

    command: Command = Field(
        description="Command that installs: a string for the shell, or a list of words to run without a "
        "shell. It runs in a slot that contains nothing but the commit and what earlier sections keep.",
        examples=["npm ci"],
    )
    key: Paths = Field(
        description="Files and folders that decide what the command installs, such as a lock file. They "
        "are inputs of every build. Commits that do not differ in them share one run of the command. In a "
        "list, a section also depends on the keys of earlier sections.",
        examples=[["package-lock.json"]],
    )
    keeps: Paths = Field(
        description="Files and folders that the command makes and that builds and tests need. bisector "
        "keeps them for other commits with the same key, and deletes everything else that the command "
        "makes in the slot.",
        examples=[["node_modules"]],
    )
    folder: Inside = Field(
        default=".", description="Folder that the command runs in, relative to the top of the repository."
    )
    timeout: Limit = Field(
        default=30 * _MINUTE, description="Time limit. A command that takes longer has failed."
    )


def _one_or_many(value: object) -> object:
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, Mapping | Dependencies):
        return [value]
    raise ValueError(
        f"expected keys and values, or a list of such sections, got {described(value)}; the keys are "
        f"{', '.join(Dependencies.model_fields)}"
    )


Setups = Annotated[
    tuple[Dependencies, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=Dependencies | list[Dependencies]),
    Kind("[section](#setup) or list of sections"),
]
"""All sections, in the order in which they run."""


def keeps_of(sections: Sequence[Dependencies]) -> tuple[str, ...]:
    """What all sections keep, each path once."""
    return tuple(dict.fromkeys(path for section in sections for path in section.keeps))
