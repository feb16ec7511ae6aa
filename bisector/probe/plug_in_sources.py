"""The source files of a plug-in: its own, and the modules beside it that it imports."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import bisector
from bisector.probe.contents import digest_of

_OURS = ("bisector", "pydantic", "abc", "typing", "builtins")


def sources(plug_in: Any) -> dict[str, str]:
    """Digests by file of all that makes up a predicate or collector which is not bisector's own.

    The parts of a combined predicate count as well. Modules count where they lie beside the plug-in, or where
    PYTHONPATH leads to; installed packages do not.
    """
    seen: dict[Path, str] = {}
    waiting = [file for one in _with_parts(plug_in) for file in _files(type(one))]
    search = _own_search_path()
    while waiting:
        file = waiting.pop()
        if file not in seen and file.is_file():
            seen[file] = digest_of(file)
            waiting += _imported(file, [file.parent, *search])
    return {str(file): digest for file, digest in sorted(seen.items())}


def _with_parts(plug_in: Any) -> Iterator[Any]:
    yield plug_in
    options = getattr(plug_in, "options", None)
    values = vars(options).values() if isinstance(options, BaseModel) else ()
    for value in values:
        for part in value if isinstance(value, tuple | list) else (value,):
            if hasattr(part, "options"):
                yield from _with_parts(part)


def _files(kind: type) -> Iterator[Path]:
    """The files in which a class and those above it are written."""
    for one in kind.__mro__:
        # By its functions, since two files of one name share an entry of sys.modules.
        functions = [value for value in vars(one).values() if inspect.isfunction(value)]
        if functions and one.__module__.partition(".")[0] not in _OURS:
            yield Path(functions[0].__globals__.get("__file__", ""))


def _own_search_path() -> list[Path]:
    """Where modules are looked for, without the interpreter's own folders and bisector's."""
    own = (sys.prefix, sys.base_prefix, Path(bisector.__file__).parent.parent)
    paths = (Path(entry).resolve() for entry in sys.path)
    return [path for path in paths if not any(path.is_relative_to(one) for one in own)]


def _imported(file: Path, folders: Sequence[Path]) -> Iterator[Path]:
    """The files of the modules that a file imports, as far as they lie in `folders`."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _found(alias.name, folders)
        elif isinstance(node, ast.ImportFrom):
            # One dot is the folder of the file itself, each more one further up.
            above = [file.parents[node.level - 1]] if 0 < node.level <= len(file.parents) else folders
            for alias in node.names:
                yield from _found(f"{node.module or ''}.{alias.name}".strip("."), above)


def _found(name: str, folders: Sequence[Path]) -> Iterator[Path]:
    """The files of a dotted name: of each package on the way, and of the module itself."""
    parts = name.split(".")
    for folder in folders:
        for at in range(1, len(parts) + 1):
            base = folder.joinpath(*parts[:at])
            yield from (path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file())
