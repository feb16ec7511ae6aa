"""The source files of a plug-in: its own, the local modules that it imports, and files that it names."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import bisector
from bisector.probe.named_files import is_file, with_named
from bisector.probe.turned import Turned

_OURS = ("bisector", "pydantic", "abc", "typing", "builtins")


def sources(plug_in: Any) -> dict[str, str]:
    """Digests by file of the source of a third-party predicate or collector.

    Parts of a combined predicate count as well. Modules and other files count if they lie beside the
    plug-in or on PYTHONPATH; installed packages do not.
    """
    files = [file for one in _with_parts(plug_in) for file in _files(type(one))]
    found = with_named(filter(is_file, files), _own_search_path())
    return {str(file): digest for file, digest in sorted(found.items())}


def _with_parts(plug_in: Any) -> Iterator[Any]:
    yield plug_in
    if isinstance(plug_in, Turned):
        yield from _with_parts(plug_in.inner)
        return
    options = getattr(plug_in, "options", None)
    values = vars(options).values() if isinstance(options, BaseModel) else ()
    for value in values:
        for part in value if isinstance(value, tuple | list) else (value,):
            if hasattr(part, "options"):
                yield from _with_parts(part)


def _files(kind: type) -> Iterator[Path]:
    """The files that define a class and its base classes."""
    for one in kind.__mro__:
        # Ask its functions, since two files with the same name share an entry of sys.modules.
        functions = [value for value in vars(one).values() if inspect.isfunction(value)]
        if functions and one.__module__.partition(".")[0] not in _OURS:
            yield Path(functions[0].__globals__.get("__file__", ""))


def _own_search_path() -> list[Path]:
    """`sys.path` without the folders of the interpreter and of bisector."""
    own = (sys.prefix, sys.base_prefix, Path(bisector.__file__).parent.parent)
    paths = (Path(entry).resolve() for entry in sys.path)
    return [path for path in paths if not any(path.is_relative_to(one) for one in own)]
