"""The kinds of values in a hunt file: revisions, commands, paths, names.

Each kind rejects invalid values with a ValueError, whose one sentence says how to fix it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictInt,
    ValidationInfo,
)

from bisector.units import Duration, Size

AnyNumber = TypeVar("AnyNumber", int, float)

AUTO = "auto"
"""The value of `good` that makes bisector find a good commit."""

LONGEST = 3650 * 86400.0
"""Seconds: longer than any hunt waits, and small enough for every system call."""

LARGEST = 2**60
"""Bytes: a larger limit would overflow the kernel's 64 bits and limit to nothing."""

_HUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE_GLOB = re.compile(r"[A-Za-z_*?\[][A-Za-z0-9_*?\[\]!-]*")


def described(value: object) -> str:
    """A value in words: `the number 3`, `the text 'x'`, `a list`, `nothing`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value[:60]!r}" if value else "an empty text"
    if isinstance(value, Mapping):
        return "keys and values"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def unwritable(text: str) -> str:
    """What a text contains that no file name, command or journal can store; empty for none."""
    if "\0" in text:
        return "a null byte"
    return "half of a surrogate pair" if any("\ud800" <= letter <= "\udfff" for letter in text) else ""


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; write a text")
    if not text.isprintable():
        raise ValueError(
            f"{text!r} has a line break or another control character; write it as one plain line"
        )
    return text


def _revision(text: str) -> str:
    _one_line(text)
    if text.startswith("-"):
        raise ValueError(f"{text!r} looks like a git option; write a branch, a tag or a commit id")
    if ".." in text and not text.startswith(":/"):
        raise ValueError(f"{text!r} is a range; write its ends as 'good' and 'bad'")
    return text


def _one_or_many(value: object) -> object:
    if value is None or isinstance(value, Mapping):
        raise ValueError(f"expected a revision or a list of revisions, got {described(value)}")
    return value if isinstance(value, list | tuple) else [value]


def _good(revisions: tuple[str, ...]) -> tuple[str, ...]:
    if not revisions:
        raise ValueError(f"is an empty list; write a revision, or {AUTO!r} to search for one")
    if AUTO in revisions and len(revisions) > 1:
        raise ValueError(f"{AUTO!r} cannot be combined with revisions; write it alone or remove it")
    return revisions


def _auto_or_names(value: object) -> object:
    if isinstance(value, str):
        if value != AUTO:
            raise ValueError(
                f"expected a list of names, or {AUTO!r} to find them, got the text {value[:60]!r}"
            )
        return [value]
    if value is None or not isinstance(value, list | tuple):
        raise ValueError(f"expected a list of names, or {AUTO!r} to find them, got {described(value)}")
    return value


def _targets(names: tuple[str, ...]) -> tuple[str, ...]:
    if AUTO in names and len(names) > 1:
        raise ValueError(f"{AUTO!r} cannot be combined with names; write it alone or remove it")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{twice!r} is listed twice; remove one")
    return names


def _command(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str):
        if not value.strip():
            raise ValueError("is empty; write a command such as 'make'")
        return value
    if not isinstance(value, list | tuple):
        raise ValueError(
            f"expected a command (text for the shell, or a list of words), got {described(value)}"
        )
    for number, word in enumerate(value, start=1):
        if not isinstance(word, str):
            raise ValueError(f"word {number} of the command is {described(word)}; put it in quotes")
    if not value or not value[0].strip():
        raise ValueError("has no program to run; write a command such as [make, all]")
    return tuple(value)


def _inside(text: str) -> str:
    """A path in the repository in its shortest form."""
    if not text.strip():
        raise ValueError("is empty; write a path in the repository")
    path = PurePosixPath(text)
    if path.is_absolute():
        raise ValueError(f"{text!r} is absolute; write it from the top of the repository")
    if ".." in path.parts:
        raise ValueError(f"{text!r} contains '..'; write it from the top of the repository, without '..'")
    return str(path)


def _target(text: str) -> str:
    path = PurePosixPath(_inside(text))
    if not path.parts:
        raise ValueError(f"{text!r} is the whole repository; name a file or a folder in it")
    if any(part.lower() == ".git" for part in path.parts):
        raise ValueError(f"{text!r} belongs to git; name a file or a folder of the project")
    return str(path)


def _pathspec(text: str) -> str:
    if text.startswith(":"):
        return _one_line(text)
    return _inside(text)


def _inputs(paths: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if paths == ():
        raise ValueError("is an empty list, so all commits would count as the same; remove the key")
    if broken := next((path for path in paths or () if "\n" in path), ""):
        raise ValueError(f"{broken[:100]!r} has a line break, which is not allowed in paths here; rename it")
    return paths


def _spelled(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError("is empty; write a path")
    return value


def resolved(path: Path, base: Path) -> Path:
    """The absolute form of `path` relative to `base`, with `~` expanded; raises ValueError if impossible."""
    try:
        found = (base / path.expanduser()).resolve()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            found.stat()  # Since Python 3.13 `resolve` does not report a link that leads back to itself.
        return found
    except (OSError, RuntimeError) as error:
        raise ValueError(f"'{path}' cannot be resolved ({error}); write another path") from error


def _beside(path: Path, info: ValidationInfo) -> Path:
    return resolved(path, base_of(info))


def base_of(info: ValidationInfo) -> Path:
    """The folder that relative paths of a hunt start from."""
    base = (info.context or {}).get("base", "")
    return Path(base)


def _hunt_name(text: str) -> str:
    if not _HUNT_NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a valid name; use up to 100 letters, digits, '.', '_' and '-'")
    return text


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a valid variable name; use letters, digits and '_'")
    return text


def _variable_glob(text: str) -> str:
    if "=" in text:
        raise ValueError(f"{text!r} sets a value; write it under 'environment.set'")
    if not _VARIABLE_GLOB.fullmatch(text):
        raise ValueError(f"{text!r} is not a valid variable name or glob; write for instance HOME or 'LC_*'")
    return text


def _heading(text: str) -> str:
    if _one_line(text).lstrip().startswith("#"):
        raise ValueError(f"{text!r} starts with '#'; write the heading without it")
    return text.strip()


def _written(value: object) -> object:
    if value is None:
        raise ValueError("is empty; write a value, or remove the key")
    return value


def _commits(text: str) -> str:
    for end in text.split(".."):
        _revision(end)
    return text


def _positive(limit: AnyNumber) -> AnyNumber:
    if limit <= 0:
        raise ValueError("is 0, so nothing could run; use a larger value, or omit it")
    return limit


def _in_a_life(seconds: float) -> float:
    if seconds > LONGEST:
        raise ValueError("is more than ten years; use a smaller value, or omit it")
    return seconds


def _in_a_machine(size: int) -> int:
    if size > LARGEST:
        raise ValueError("is more than a machine can address; use a smaller value, or omit it")
    return size


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is, in the words of the reference."""

    name: str


OneLine = Annotated[str, AfterValidator(_one_line)]
Heading = Annotated[str, AfterValidator(_heading)]
HuntName = Annotated[str, AfterValidator(_hunt_name), Kind("name")]
Revision = Annotated[str, AfterValidator(_revision), Kind("revision")]
Commits = Annotated[str, AfterValidator(_commits), Kind("revision or range")]
Revisions = Annotated[
    tuple[Revision, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=str | list[str]),
    AfterValidator(_good),
    Kind("revision or list of revisions"),
]
Targets = Annotated[
    tuple[OneLine, ...],
    BeforeValidator(_auto_or_names, json_schema_input_type=str | list[str]),
    AfterValidator(_targets),
    Kind("`auto` or list of names"),
]
Command = Annotated[
    str | tuple[str, ...],
    PlainValidator(_command, json_schema_input_type=str | list[str]),
    PlainSerializer(lambda command: command if isinstance(command, str) else list(command)),
    Kind("command"),
]
Inside = Annotated[str, AfterValidator(_inside), Kind("path")]
"""A path in the repository, from its top; `.` is the whole repository."""
Target = Annotated[str, AfterValidator(_target), Kind("path")]
"""A path in the repository that a hunt may write to."""
Pathspec = Annotated[str, AfterValidator(_pathspec), Kind("pathspec")]
Inputs = Annotated[tuple[Inside, ...] | None, AfterValidator(_inputs)]
LocalPath = Annotated[
    Path, BeforeValidator(_spelled, json_schema_input_type=str), AfterValidator(_beside), Kind("local path")
]
"""A path on this machine, relative to the hunt file; absolute after validation."""
Variable = Annotated[str, AfterValidator(_variable), Kind("name")]
VariableGlob = Annotated[str, AfterValidator(_variable_glob), Kind("glob")]
Wait = Annotated[Duration, BeforeValidator(_written), AfterValidator(_in_a_life), Kind("duration")]
Limit = Annotated[Wait, AfterValidator(_positive)]
SizeLimit = Annotated[
    Size,
    BeforeValidator(_written),
    AfterValidator(_positive),
    AfterValidator(_in_a_machine),
    Kind("size"),
]
Count = Annotated[StrictInt, Field(ge=1, le=1_000_000)]
