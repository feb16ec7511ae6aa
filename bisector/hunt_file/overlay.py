"""The section `overlay`: changes to every commit before its build (edits, copies, files, patches)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, Tag, model_validator

from bisector.hunt_file.fields import LocalPath, Revision, Target
from bisector.pattern import Bounded


class Section(BaseModel):
    """Base class of all parts of a hunt: unknown keys are errors, values are immutable."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, serialize_by_alias=True, allow_inf_nan=False
    )


class _Change(Section):
    optional: StrictBool = Field(
        default=False,
        description="Whether to test a commit without this change if it does not apply. By default such "
        "a commit is untestable.",
    )

    @property
    def target(self) -> str | None:
        """The path that it writes to, from the top of the repository; None if there may be several."""
        return None


class Edit(_Change):
    """Replaces a text everywhere in a file."""

    edit: Target = Field(description="The file to change.", examples=["lib/erlang/conformance.sh"])
    find: str = Field(description="The text to replace, at every occurrence.", examples=["timeout 120"])
    replace: str = Field(
        description="The new text. With `regex` it may use `\\1` and `\\g<name>`.",
        examples=["timeout 600"],
    )
    regex: StrictBool = Field(
        default=False, description="Whether `find` is a Python regular expression, matched line by line."
    )

    @property
    def target(self) -> str:
        """The file itself."""
        return self.edit

    @model_validator(mode="after")
    def _changes_something(self) -> Edit:
        if not self.find:
            raise ValueError("'find' is empty; write the text to replace")
        if self.regex:
            _try(self.find, self.replace)
        elif self.find == self.replace:
            raise ValueError("'find' and 'replace' are the same, so nothing would change")
        return self


def _try(find: str, replace: str) -> None:
    """Raise ValueError unless both are valid; `sub` checks its template even if nothing matches."""
    try:
        re.compile(find, re.MULTILINE).sub(replace, "")
        Bounded(find, re.MULTILINE).replaced(replace, "")
    except (re.error, ValueError, LookupError, OverflowError, RecursionError) as error:
        raise ValueError(
            f"'find' and 'replace' are not a valid regular expression and template: {error}"
        ) from error


class Copy(_Change):
    """Copies a file or folder from another commit."""

    copy_: Target = Field(alias="copy", description="The file or folder to take.", examples=["lib/erlang"])
    to: Target | None = Field(default=None, description="Where to put it. Default: the same path.")
    from_: Revision = Field(
        default="bad",
        alias="from",
        description="The commit to take it from: `good`, `bad`, `old`, `new` or any revision. If there are "
        "several good ones, `good` is the first.",
    )

    @property
    def target(self) -> str:
        """The path of the copy, from the top of the repository."""
        return self.to or self.copy_


class Place(_Change):
    """Adds a file or folder that the history does not have."""

    file: LocalPath = Field(
        description="The file or folder to add, relative to the hunt file.", examples=["bench/perf-smoke.sx"]
    )
    to: Target = Field(description="Where to put it in the repository.", examples=["lib/perf-smoke.sx"])

    @property
    def target(self) -> str:
        """The path of the file or folder, from the top of the repository."""
        return self.to


class Patch(_Change):
    """Applies a patch, as `git apply` does."""

    patch: LocalPath = Field(
        description="The patch file, relative to the hunt file.", examples=["timer.patch"]
    )


KINDS: dict[str, type[_Change]] = {"edit": Edit, "copy": Copy, "file": Place, "patch": Patch}
"""The kinds of overlay entries, by the key that identifies each."""


def _kind(value: object) -> str | None:
    """The class name of an entry; None unless it has exactly one of the identifying keys."""
    if isinstance(value, _Change):
        return type(value).__name__
    found = [key for key in KINDS if isinstance(value, Mapping) and key in value]
    return KINDS[found[0]].__name__ if len(found) == 1 else None


Overlay = Annotated[
    Annotated[Edit, Tag("Edit")]
    | Annotated[Copy, Tag("Copy")]
    | Annotated[Place, Tag("Place")]
    | Annotated[Patch, Tag("Patch")],
    Discriminator(_kind),
]
