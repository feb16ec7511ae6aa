"""The section `axes`: what is not in git, with an old and a new value."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from bisector.hunt_file.fields import Command, LocalPath, OneLine, Target
from bisector.hunt_file.overlay import Section


class Variable(Section):
    """An environment variable of builds and tests."""

    variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        description="The name of the variable.", examples=["OCAMLRUNPARAM"]
    )
    old: str | None = Field(description="Its value before; null for none.")
    new: str | None = Field(description="Its value after; null for none.")

    @property
    def name(self) -> str:
        """What the axis is called."""
        return self.variable


class File(Section):
    """A file that builds or tests read, such as data or configuration."""

    file: Target = Field(
        description="The file, from the top of the repository.", examples=["config/server.toml"]
    )
    old: LocalPath | None = Field(description="The file before, relative to the hunt file; null for none.")
    new: LocalPath | None = Field(description="The file after, relative to the hunt file; null for none.")

    @property
    def name(self) -> str:
        """What the axis is called."""
        return self.file


class Shell(Section):
    """A line of shell before build and test, such as one that chooses a compiler."""

    shell: OneLine = Field(description="A name for the axis.", examples=["compiler"])
    old: Command = Field(description="The line before.", examples=['eval "$(opam env --switch=4.14)"'])
    new: Command = Field(description="The line after.", examples=['eval "$(opam env --switch=5.2)"'])

    @property
    def name(self) -> str:
        """What the axis is called."""
        return self.shell


KINDS: dict[str, type[Section]] = {"variable": Variable, "file": File, "shell": Shell}


def _kind(value: object) -> str | None:
    if isinstance(value, dict):
        return next((key for key in KINDS if key in value), None)
    return next((key for key, kind in KINDS.items() if isinstance(value, kind)), None)


Axis = Annotated[
    Annotated[Variable, Tag("variable")] | Annotated[File, Tag("file")] | Annotated[Shell, Tag("shell")],
    Discriminator(
        _kind,
        custom_error_type="axis",
        custom_error_message="is no axis: it needs one of the keys 'variable', 'file' and 'shell'",
    ),
]
