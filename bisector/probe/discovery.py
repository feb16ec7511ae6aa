"""Finding predicates: the shipped and installed ones by name, a project's own by the path of a file."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import re
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from bisector.errors import UsageError
from bisector.predicate import Predicate

GROUP = "bisector.predicates"
"""The entry-point group in which a package offers predicates."""

_PATH = re.compile(r"(?P<path>.*\.py)(?::(?P<name>\w+))?")


def find_predicate(name_or_path: str, base: Path) -> type[Predicate[Any]]:
    """The predicate called so, or the one in the file `./mine.py` or `mine.py:Name`, relative to `base`.

    Raises UsageError when there is none, or not one only; the text suggests the nearest name.
    """
    if match := _PATH.fullmatch(name_or_path):
        return _from_file(base / Path(match["path"]).expanduser(), match["name"])
    offered = {point.name: point for point in _offered()}
    if name_or_path in offered:
        return _load(offered[name_or_path])
    near = difflib.get_close_matches(name_or_path, offered, n=1)
    advice = f"did you mean {near[0]!r}?" if near else "the ones there are: " + ", ".join(sorted(offered))
    raise UsageError(f"there is no predicate {name_or_path!r}; {advice}")


def shipped_predicates() -> dict[str, type[Predicate[Any]]]:
    """All predicates that bisector and installed packages offer, by name, in the order of their names."""
    return {point.name: _load(point) for point in sorted(_offered(), key=lambda point: point.name)}


def options_context(base: Path) -> dict[str, Any]:
    """The pydantic validation context for `Options`: by it `all_of` and `any_of` build their parts.

    `kind.Options.model_validate(options, context=options_context(base))`; other predicates ignore it.
    """

    def build_predicate(name_or_path: str, options: Mapping[str, Any]) -> Predicate[Any]:
        kind = find_predicate(name_or_path, base)
        return kind(kind.Options.model_validate(options, context=context))

    context = {"build_predicate": build_predicate}
    return context


def _offered() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _load(point: EntryPoint) -> type[Predicate[Any]]:
    try:
        found: object = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the predicate {point.name!r} ({point.value}) cannot be loaded: {error}") from error
    if not _is_predicate(found):
        raise UsageError(f"{point.value}, offered as predicate {point.name!r}, is no subclass of Predicate")
    return found


def _is_predicate(thing: object) -> TypeGuard[type[Predicate[Any]]]:
    return inspect.isclass(thing) and issubclass(thing, Predicate) and not inspect.isabstract(thing)


def _from_file(path: Path, name: str | None) -> type[Predicate[Any]]:
    module = _module(path)
    own = {
        key: value
        for key, value in vars(module).items()
        if _is_predicate(value) and value.__module__ == module.__name__
    }
    if name is not None:
        if name not in own:
            raise UsageError(f"{path} has no predicate class {name!r}; it has: {', '.join(own) or 'none'}")
        return own[name]
    if len(own) != 1:
        found = "none" if not own else ", ".join(own)
        raise UsageError(f"{path} must hold one predicate class (it has {found}), or write {path.name}:Name")
    return next(iter(own.values()))


def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"there is no predicate file {path}; a path is taken relative to the hunt file")
    name = f"bisector_predicate_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} cannot be loaded as a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    return module
