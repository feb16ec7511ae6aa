"""Finds plug-ins: shipped and installed ones by name, a project's own by file path."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from bisector.errors import UsageError
from bisector.predicate import Predicate
from bisector.probe.guard import PATIENCE, TookTooLong, guarded, in_time

_PATH = re.compile(r"(?P<path>.*\.py)(?::(?P<name>\w+))?")
_OWN = "bisector.predicates."
_FAILURES = (Exception, SystemExit, TookTooLong)
"""What importing a module may raise; KeyboardInterrupt belongs to the user."""

PlugIn = TypeVar("PlugIn")


@dataclass(frozen=True, slots=True)
class PlugIns(Generic[PlugIn]):
    """Plug-ins of one kind: subclasses of `base`, called `word` in messages.

    `group` is the entry-point group under which packages register them.
    """

    group: str
    word: str
    base: type

    def find(self, name_or_path: str, folder: Path) -> type[PlugIn]:
        """The plug-in of this name, or from a file (`./mine.py` or `mine.py:Name`) relative to `folder`.

        Raises UsageError if there is none or more than one; the message suggests the nearest name.
        """
        if match := _PATH.fullmatch(name_or_path):
            return self._from_file(folder / Path(match["path"]).expanduser(), match["name"])
        offered = {point.name: point for point in entry_points(group=self.group)}
        if name_or_path in offered:
            return self._load(offered[name_or_path])
        near = difflib.get_close_matches(name_or_path, offered, n=1)
        advice = f"did you mean {near[0]!r}?" if near else "available: " + ", ".join(sorted(offered))
        raise UsageError(f"there is no {self.word} {name_or_path!r}; {advice}")

    def shipped(self) -> dict[str, type[PlugIn]]:
        """All plug-ins of bisector and installed packages by name, sorted by name."""
        points = sorted(entry_points(group=self.group), key=lambda point: point.name)
        return {point.name: self._load(point) for point in points}

    def _load(self, point: EntryPoint) -> type[PlugIn]:
        try:
            found: object = in_time(PATIENCE, point.load)
        except _FAILURES as error:
            raise UsageError(
                f"cannot load the {self.word} {point.name!r} ({point.value}): {_described(error)}; fix or "
                "uninstall it"
            ) from error
        if not self.is_one(found):
            raise UsageError(
                f"{point.value}, registered as {self.word} {point.name!r}, "
                f"is not a subclass of {self.base.__name__}"
            )
        return cast("type[PlugIn]", found)

    def is_one(self, thing: object) -> bool:
        """Whether this is a concrete plug-in class."""
        return inspect.isclass(thing) and issubclass(thing, self.base) and not inspect.isabstract(thing)

    def _from_file(self, path: Path, name: str | None) -> type[PlugIn]:
        module = self._module(path)
        own: dict[str, type[PlugIn]] = {
            key: value
            for key, value in vars(module).items()
            if self.is_one(value) and value.__module__ == module.__name__
        }
        if name is not None:
            if name not in own:
                there = ", ".join(own) or "none"
                raise UsageError(f"{path} has no {self.word} class {name!r}; it has: {there}")
            return own[name]
        if len(own) != 1:
            found = "none" if not own else ", ".join(own)
            raise UsageError(
                f"{path} must define one {self.word} class (it has {found}); choose one with {path.name}:Name"
            )
        return next(iter(own.values()))

    def _module(self, path: Path) -> ModuleType:
        if not path.is_file():
            raise UsageError(f"there is no {self.word} file {path}; paths are relative to the hunt file")
        name = f"bisector_{self.word}_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise UsageError(f"{path} cannot be loaded as a Python module")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))  # As for a script, but it hides no installed module.
        keeps_compiled, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            in_time(PATIENCE, spec.loader.exec_module, module)
        except _FAILURES as error:
            raise UsageError(f"cannot load {_place(path, error)}: {_described(error)}; fix it") from error
        finally:
            # The file may lie in the user's repository, where a folder `__pycache__` would be left.
            sys.dont_write_bytecode = keeps_compiled
        return module


def _described(error: BaseException) -> str:
    if isinstance(error, TookTooLong):
        return f"its import did not finish within {PATIENCE:g} s"
    return f"{type(error).__name__}: {getattr(error, 'msg', error)}"


def _place(path: Path, error: BaseException) -> str:
    """Where to fix the error: the file, and the line if the error has one."""
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == str(path) else None
    for frame in traceback.extract_tb(error.__traceback__):
        line = frame.lineno if frame.filename == str(path) else line
    return f"{path}:{line}" if line else str(path)


PREDICATES: PlugIns[Predicate[Any]] = PlugIns("bisector.predicates", "predicate", Predicate)


def find_predicate(name_or_path: str, base: Path) -> type[Predicate[Any]]:
    """The predicate of this name or file, see `PlugIns.find`; `guarded` unless it is bisector's own."""
    if own := _own(name_or_path):
        return own
    kind = PREDICATES.find(name_or_path, base)
    return kind if kind.__module__.startswith(_OWN) else guarded(kind)


def _own(name: str) -> type[Predicate[Any]] | None:
    """Bisector's own predicate, from the module of its name: faster than reading all entry points."""
    if not name.isidentifier() or importlib.util.find_spec(_OWN + name) is None:
        return None
    kinds = vars(importlib.import_module(_OWN + name)).values()
    return next((kind for kind in kinds if PREDICATES.is_one(kind) and kind.name == name), None)


def shipped_predicates() -> dict[str, type[Predicate[Any]]]:
    """All predicates of bisector and installed packages, by name."""
    return PREDICATES.shipped()


def options_context(base: Path) -> dict[str, Any]:
    """The pydantic validation context for `Options`, with which `all_of` and `any_of` build their parts.

    `kind.Options.model_validate(options, context=options_context(base))`; other predicates ignore it.
    """

    def build_predicate(name_or_path: str, options: Mapping[str, Any]) -> Predicate[Any]:
        kind = find_predicate(name_or_path, base)
        return kind(kind.Options.model_validate(options, context=context))

    context = {"build_predicate": build_predicate}
    return context
