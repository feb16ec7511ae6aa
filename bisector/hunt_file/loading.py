"""Loads a hunt from a file, from the command line, or from both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bisector.errors import HuntFileError
from bisector.hunt_file.fields import unwritable
from bisector.hunt_file.model import Hunt
from bisector.hunt_file.origin import KeyPath, Origin, option_of
from bisector.hunt_file.scripts import without_what_scripts_say
from bisector.hunt_file.sentences import refusal
from bisector.hunt_file.source import Source

MAX_BYTES = 128 * 1024


def load(path: Path) -> Hunt:
    """The hunt that a file describes.

    Raises HuntFileError, with one line per mistake, such as
    `tcl.yaml:12: build.comand: unknown key; did you mean 'command'?`
    """
    source = Source(_text(path), str(path))
    if source.data is None:
        raise HuntFileError(f"{path}:1: the file is empty; write at least 'good' and 'test'")
    if not isinstance(source.data, dict):
        raise HuntFileError(f"{path}:1: expected keys and values such as 'good: v1.0', one key per line")
    data = {"hunt": _name_of(path), **source.data}
    return _validated(data, path.parent, Origin(str(path), source.marks))


def build(overrides: Mapping[str, object], base: Path, hunt: Hunt | None) -> Hunt:
    """`hunt` (None: no values yet), overridden by values from the command line.

    Keys are dotted (`build.command`); relative paths start from `base`; None removes a key, which restores
    its default. If `repository` is overridden, a progress log inside the repository moves with it. Raises
    HuntFileError, which names the option.
    """
    data = without_what_scripts_say(hunt.model_dump(mode="json")) if hunt else {}
    origin = hunt.origin if hunt else Origin()
    options: dict[KeyPath, str] = {}
    for key, value in sorted(overrides.items()):
        option = option_of(key)
        if found := next(filter(None, map(unwritable, _texts(value))), ""):
            raise HuntFileError(f"{option}: a text contains {found}; remove it")
        path = tuple(key.split("."))
        _put(data, path, {"name": value} if key == "predicate" and isinstance(value, str) else value, option)
        options[path] = option
    result = _validated(data, base, origin.overridden(options))
    if hunt and hunt.progress_log and "progress_log" not in overrides:
        moved = _moved(hunt.progress_log, hunt.repository, result.repository)
        return result.model_copy(update={"progress_log": moved})
    return result


def setting(text: str) -> tuple[str, object]:
    """Key and value of `--set KEY=VALUE`, where the value is YAML; raises HuntFileError."""
    key, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[a-z_]+(\.[\w-]+)*", key):
        raise HuntFileError(f"--set {text}: expected KEY=VALUE; write for instance --set build.timeout=20m")
    return key, Source(value, f"--set {key}", one_line=True).data


def options_refused(
    hunt: Hunt, error: ValidationError, options: type[BaseModel], *at: str | int
) -> HuntFileError:
    """The error for invalid predicate options at the key path `at` (by default the hunt's predicate)."""
    path: KeyPath = at or ("predicate",)
    data: Any = hunt.model_dump(mode="json")
    for part in path:
        data = data[part]
    return refusal(error, data, options, hunt.origin, path)


def _validated(data: Mapping[str, object], base: Path, origin: Origin) -> Hunt:
    try:
        hunt = Hunt.model_validate(data, context={"base": base})
    except ValidationError as error:
        raise refusal(error, data, Hunt, origin) from error
    return hunt.written_at(origin)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise HuntFileError(f"{path}: cannot be read ({reason}); check the path") from error
    if len(raw) > MAX_BYTES:
        raise HuntFileError(
            f"{path}: larger than {MAX_BYTES // 1024} KiB, too large for a hunt file; check the path"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise HuntFileError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error


def _name_of(path: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+|^[^A-Za-z0-9]+", "-", path.stem).strip("-_.")[:100] or "hunt"


def _put(data: dict[str, object], path: KeyPath, value: object, option: str) -> None:
    *sections, last = path
    for section in sections:
        if data.get(str(section)) is None:
            data[str(section)] = {}
        inner = data[str(section)]
        if not isinstance(inner, dict):
            raise HuntFileError(f"{option}: '{section}' has no keys; set it as a whole")
        data = inner
    if value is None:
        data.pop(str(last), None)
    else:
        data[str(last)] = deepcopy(value)


def _moved(path: Path, old: Path, new: Path) -> Path:
    return new / path.relative_to(old) if path.is_relative_to(old) else path


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str | Path):
        yield str(value)
    elif isinstance(value, Mapping):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
