"""Files that a script outside the repository reads: what it sources, includes, imports or names.

Scripts are searched as text. A name that is only mentioned counts too, which costs some readings but is never
wrong. A name that a program computes is not found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bisector.errors import EnvironmentFault
from bisector.probe.contents import file_digest
from bisector.probe.python_imports import imported

_LARGEST = 1024 * 1024
"""Largest file in bytes that is searched for names."""
_MOST = 500
"""Files after which no more are searched."""
_OF_THE_SYSTEM = (
    "/dev/",
    "/proc/",
    "/sys/",
    "/bin/",
    "/sbin/",
    "/lib",
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/lib",
)
"""Where no file counts: devices, and programs such as that of a script's first line."""
_NAME = re.compile(
    r"(?P<written>(?:>|\btee(?: -a)?|(?<!\w)-o)\s*['\"]?)?"
    r"(?P<name>[\w./+@-]*\w)"
    r"(?P<opened>['\"]?(?:,\s*['\"][wax]|\)+\.(?:write_|touch|unlink)))?"
)
_IMPORTS = re.compile(
    r"(?:^|[\s;&(])(?:\.|source|[-s]?include|import|from|require|require_relative|use|load|dofile)[\s('\"]+([\w./+@-]+)",
    re.MULTILINE,
)
_CODE = "sh bash zsh fish awk sed jq mk mak make py js mjs cjs ts rb pl pm lua tcl r php ml"
_SETTINGS = "json yaml yml toml ini cfg conf env properties"
_DATA = "txt csv tsv xml sql dat in tmpl tpl expected golden lst list md html css so wasm jar"
_SUFFIXES = frozenset(f".{suffix}" for suffix in f"{_CODE} {_SETTINGS} {_DATA}".split())
"""Of files that count by any name; others need an absolute path, or an import that names them. Logs, locks
and databases do not count, since tests write them."""
_INTERPRETED = (("python", ".py"), ("node", ".js"), ("ruby", ".rb"), ("perl", ".pm"), ("lua", ".lua"))
"""Words in the first line of a script without a suffix, and the suffix of the modules that it imports."""
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py")


def with_named(files: Iterable[Path], search: Sequence[Path] = ()) -> dict[Path, str]:
    """`files` and everything they name, directly or not, with digests of the contents.

    Names are looked up beside the file that contains them, beside `files`, and in the folders `search`.
    Raises `EnvironmentFault` for an unreadable file.
    """
    found: dict[Path, str] = {}
    waiting = list(files)
    search = tuple(dict.fromkeys([*(file.parent for file in waiting), *search]))
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        try:
            digest, size = file_digest(file), file.stat().st_size
            text = file.read_bytes() if len(found) < _MOST and size <= _LARGEST else b""
        except PermissionError as error:
            raise EnvironmentFault(f"cannot read {file}, named in a command; fix its permissions") from error
        except FileNotFoundError:
            continue  # Another program has just deleted it.
        found[file] = digest
        if b"\0" not in text:
            waiting += _named(file, text.decode(errors="replace"), search)
    return found


def module(name: str, folders: Iterable[Path], suffix: str = ".py") -> Iterator[Path]:
    """The files of a module, dotted or with slashes, and of the packages that contain it."""
    parts = [part for part in re.split(r"[./]", name) if part]
    for folder in folders:
        for at in range(1, len(parts) + 1):
            base = folder.joinpath(*parts[:at])
            inside = (base / f"{entry}{suffix}" for entry in ("__init__", "__main__", "index"))
            yield from filter(is_file, (base.with_name(base.name + suffix), *inside))


def _named(file: Path, text: str, search: Sequence[Path]) -> Iterator[Path]:
    folders = tuple(dict.fromkeys((file.parent, *search)))
    for match in _NAME.finditer(text):
        name = match["name"]
        if match["written"] or match["opened"]:
            continue
        if name.startswith("/") or Path(name).suffix.lower() in _SUFFIXES:
            yield from _files(name, folders)
    suffix = file.suffix or _interpreted(text)
    for match in _IMPORTS.finditer(text):
        yield from _files(match[1], folders)
        if suffix:
            yield from module(match[1], folders, suffix)
    if suffix == ".py":
        for name, where in imported(text, file, folders):
            yield from module(name, where)
    if _TEST_FILE.fullmatch(file.name):
        # pytest reads them without being told.
        yield from filter(is_file, (above / "conftest.py" for above in file.parents))


def _interpreted(text: str) -> str:
    """The suffix of the modules of a script without one; '' if its first line names no known interpreter."""
    first = text.partition("\n")[0] if text.startswith("#!") else ""
    return next((suffix for word, suffix in _INTERPRETED if word in first), "")


def _files(name: str, folders: Sequence[Path]) -> Iterator[Path]:
    """The file of this name; a leading slash may follow a variable, as in `$folder/name`."""
    if name.startswith("/") and not name.startswith(_OF_THE_SYSTEM) and is_file(Path(name)):
        yield Path(name)
    for folder in folders:
        path = Path(os.path.normpath(folder / name.lstrip("/")))
        if is_file(path):
            yield path


def is_file(path: Path) -> bool:
    """Whether it is a file with contents; an empty one only marks a state."""
    try:
        return path.is_file() and path.stat().st_size > 0
    except (OSError, ValueError):
        return False
