"""Finding plug-ins: the shipped and installed ones by name, a project's own by the path of a file."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from bisector.errors import UsageError
from bisector.predicate import Predicate

_PATH = re.compile(r"(?P<path>.*\.py)(?::(?P<name>\w+))?")
PlugIn = TypeVar("PlugIn")


@dataclass(frozen=True, slots=True)
class PlugIns(Generic[PlugIn]):
    """The plug-ins of one kind: subclasses of `base`, called `word` in messages.

    `group` is the entry-point group in which a package offers them.
    """

    group: str
    word: str
    base: type

    def find(self, name_or_path: str, folder: Path) -> type[PlugIn]:
        """The one called so, or the one in the file `./mine.py` or `mine.py:Name`, relative to `folder`.

        Raises UsageError when there is none, or not one only; the text suggests the nearest name.
        """
        if match := _PATH.fullmatch(name_or_path):
            return self._from_file(folder / Path(match["path"]).expanduser(), match["name"])
        offered = {point.name: point for point in entry_points(group=self.group)}
        if name_or_path in offered:
            return self._load(offered[name_or_path])
        near = difflib.get_close_matches(name_or_path, offered, n=1)
        advice = f"did you mean {near[0]!r}?" if near else "the ones there are: " + ", ".join(sorted(offered))
        raise UsageError(f"there is no {self.word} {name_or_path!r}; {advice}")

    def shipped(self) -> dict[str, type[PlugIn]]:
        """All that bisector and installed packages offer, by name, in the order of their names."""
        points = sorted(entry_points(group=self.group), key=lambda point: point.name)
        return {point.name: self._load(point) for point in points}

    def _load(self, point: EntryPoint) -> type[PlugIn]:
        try:
            found: object = point.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(
                f"the {self.word} {point.name!r} ({point.value}) cannot be loaded: {error}"
            ) from error
        if not self._is_one(found):
            raise UsageError(
                f"{point.value}, offered as {self.word} {point.name!r}, "
                f"is no subclass of {self.base.__name__}"
            )
        return cast("type[PlugIn]", found)

    def _is_one(self, thing: object) -> bool:
        return inspect.isclass(thing) and issubclass(thing, self.base) and not inspect.isabstract(thing)

    def _from_file(self, path: Path, name: str | None) -> type[PlugIn]:
        module = self._module(path)
        own: dict[str, type[PlugIn]] = {
            key: value
            for key, value in vars(module).items()
            if self._is_one(value) and value.__module__ == module.__name__
        }
        if name is not None:
            if name not in own:
                there = ", ".join(own) or "none"
                raise UsageError(f"{path} has no {self.word} class {name!r}; it has: {there}")
            return own[name]
        if len(own) != 1:
            found = "none" if not own else ", ".join(own)
            raise UsageError(
                f"{path} must hold one {self.word} class (it has {found}), or write {path.name}:Name"
            )
        return next(iter(own.values()))

    def _module(self, path: Path) -> ModuleType:
        if not path.is_file():
            raise UsageError(
                f"there is no {self.word} file {path}; a path is taken relative to the hunt file"
            )
        name = f"bisector_{self.word}_{path.stem}"
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


PREDICATES: PlugIns[Predicate[Any]] = PlugIns("bisector.predicates", "predicate", Predicate)


def find_predicate(name_or_path: str, base: Path) -> type[Predicate[Any]]:
    """The predicate called so, or the one in a file; see `PlugIns.find`."""
    return PREDICATES.find(name_or_path, base)


def shipped_predicates() -> dict[str, type[Predicate[Any]]]:
    """All predicates that bisector and installed packages offer, by name."""
    return PREDICATES.shipped()


def options_context(base: Path) -> dict[str, Any]:
    """The pydantic validation context for `Options`: by it `all_of` and `any_of` build their parts.

    `kind.Options.model_validate(options, context=options_context(base))`; other predicates ignore it.
    """

    def build_predicate(name_or_path: str, options: Mapping[str, Any]) -> Predicate[Any]:
        kind = find_predicate(name_or_path, base)
        return kind(kind.Options.model_validate(options, context=context))

    context = {"build_predicate": build_predicate}
    return context
