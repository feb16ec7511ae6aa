"""The section `overlay`: changes to every commit before its build (edits, files, patches, picked commits)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    Tag,
    model_validator,
)

from bisector.hunt_file.fields import Kind, LocalPath, Revision, Target, described
from bisector.hunt_file.origin import KeyPath
from bisector.pattern import Bounded

_WHOLE_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Section(BaseModel):
    """Base class of all parts of a hunt: unknown keys are errors, values are immutable."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, serialize_by_alias=True, allow_inf_nan=False
    )


def _two(value: object) -> object:
    if isinstance(value, str) and value.count("..") == 1:
        raise ValueError(f"{value!r} is a range; write [{value.replace('..', ', ')}]")
    if not isinstance(value, list | tuple) or len(value) != len(("A", "B")):
        raise ValueError(f"expected two revisions such as [v1.0, v1.2], got {described(value)}")
    return value


Ends = Annotated[
    tuple[Revision, Revision],
    BeforeValidator(_two, json_schema_input_type=list[str]),
    Kind("list of two revisions"),
]


class When(Section):
    """Which commits get a change. All keys in it must hold; without `when`, every commit gets it."""

    between: Ends | None = Field(
        default=None,
        description="Only the commits of `A..B` as git means it: reachable from B, but not from A. So B is "
        "one of them, and A is not.",
        examples=[["v1.0", "v1.2"]],
    )
    touches: Target | None = Field(
        default=None,
        description="Only commits that have this file or folder. Files that the overlay brings do not count.",
        examples=["lib/old-parser"],
    )
    contains: Revision | None = Field(
        default=None,
        description="Only this commit and its descendants.",
        examples=["v1.1"],
    )

    fails: StrictBool = Field(
        default=False,
        description="Only commits that do not build without it: a *fix-up*. The build is tried without it, "
        "then with each fix-up alone, then with all of them.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> When:
        if self == When.model_construct():
            raise ValueError(f"says nothing; write one of {', '.join(type(self).model_fields)}")
        return self


class _Change(Section):
    when: When | None = Field(
        default=None, description="Which commits get this change, see [when](#when). Default: all."
    )
    optional: StrictBool = Field(
        default=False,
        description="Whether to test a commit without this change if it does not apply. By default such "
        "a commit is untestable.",
    )

    @property
    def target(self) -> str | None:
        """The path that it writes to, from the top of the repository; None if there may be several."""
        return None

    @model_validator(mode="after")
    def _is_left_out_anyway(self) -> Self:
        if self.is_fix_up and self.optional:
            raise ValueError(
                "a change with `fails` is left out anyway if it does not apply; remove 'optional'"
            )
        return self

    @property
    def is_fix_up(self) -> bool:
        """Whether only commits get it that do not build without it."""
        return self.when is not None and self.when.fails

    @property
    def words(self) -> str:
        """The change for people: its kind, and what identifies it."""
        key = next(key for key, kind in KINDS.items() if isinstance(self, kind))
        value = self.target or next(
            value for name, value in self if name not in _Change.model_fields and value is not None
        )
        told = value.name if isinstance(value, Path) else str(value)
        return f"{key} {told[:12] if _WHOLE_ID.fullmatch(told) else told}"

    @property
    def is_everywhere(self) -> bool:
        """Whether every commit gets it, and no commit is tested if it does not apply."""
        return self.when is None and not self.optional

    def revisions(self) -> dict[KeyPath, str]:
        """The revisions that it names, by their keys."""
        if self.when is None:
            return {}
        ends = self.when.between or ()
        found: dict[KeyPath, str] = {("when", "between", at): one for at, one in enumerate(ends)}
        return found | ({("when", "contains"): self.when.contains} if self.when.contains else {})

    def at_ids(self, ids: Mapping[str, str]) -> Self:
        """The same change with commit ids instead of the revisions in `ids`."""
        if self.when is None:
            return self
        ends, contains = self.when.between, self.when.contains
        named = {
            "between": ends and tuple(ids.get(one, one) for one in ends),
            "contains": contains and ids.get(contains, contains),
        }
        return self.model_copy(update={"when": self.when.model_copy(update=named)})


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

    def revisions(self) -> dict[KeyPath, str]:
        """The revisions that it names, by their keys."""
        return {("from",): self.from_, **super().revisions()}

    def at_ids(self, ids: Mapping[str, str]) -> Self:
        """The same change with commit ids instead of the revisions in `ids`."""
        return super().at_ids(ids).model_copy(update={"from_": ids.get(self.from_, self.from_)})


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


class CherryPick(_Change):
    """Applies the changes of another commit, as `git cherry-pick --no-commit` does.

    A commit that contains it already stays as it is. If there are conflicts, it does not apply.
    """

    cherry_pick: Revision = Field(
        description="The commit whose changes are applied; of a merge, those against its first parent.",
        examples=["4f2a91c"],
    )

    def revisions(self) -> dict[KeyPath, str]:
        """The revisions that it names, by their keys."""
        return {("cherry_pick",): self.cherry_pick, **super().revisions()}

    def at_ids(self, ids: Mapping[str, str]) -> Self:
        """The same change with commit ids instead of the revisions in `ids`."""
        picked = ids.get(self.cherry_pick, self.cherry_pick)
        return super().at_ids(ids).model_copy(update={"cherry_pick": picked})


Change = Edit | Copy | Place | Patch | CherryPick
"""An entry of any kind."""

KINDS: dict[str, type[_Change]] = {
    "edit": Edit,
    "copy": Copy,
    "file": Place,
    "patch": Patch,
    "cherry_pick": CherryPick,
}
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
    | Annotated[Patch, Tag("Patch")]
    | Annotated[CherryPick, Tag("CherryPick")],
    Discriminator(_kind),
]
