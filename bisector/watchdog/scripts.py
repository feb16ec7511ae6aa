"""The scripts that a test command runs: those it names, those that they name, and so on."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from bisector.history.repository import GitFailure, Repository
from bisector.hunt_file import Test

_DEEPEST = 3
_NAMED = re.compile(r"[\w.@+/-]*[\w@+-]\.(?:sh|bash|zsh|py|pl|rb|mk)\b|[\w./-]*\bMakefile\b")
_OF_TOOL = {
    "make": ("GNUmakefile", "Makefile", "makefile"),
    "pytest": ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"),
    "npm": ("package.json", "jest.config.js"),
    "npx": ("package.json", "jest.config.js"),
    "yarn": ("package.json", "jest.config.js"),
    "ctest": ("CMakeLists.txt",),
}
"""Files that a tool reads implicitly from its working directory."""


def scripts_of(repository: Repository, commit: str, test: Test) -> dict[str, str]:
    """The text by path of each script that the test runs in `commit`, starting with the command's own.

    A name counts if the commit has such a file, relative to its top, to the folder of the test, or to the
    folder of the script that names it, as in `. "$(dirname "$0")/../guest/run.sh"`.
    """
    found: dict[str, str] = {}
    level = [(name, test.folder) for name in _named_by(test)]
    for _ in range(_DEEPEST):
        fresh = {
            path: text
            for name, folder in level
            for path, text in _files(repository, commit, name, folder, test.folder)
            if path not in found
        }
        found |= fresh
        level = [(name, posixpath.dirname(path)) for path, text in fresh.items() for name in _named_in(text)]
    return found


def text_at(repository: Repository, commit: str, path: str) -> str | None:
    """A file's text in a commit, with surrogates for bytes that are not UTF-8; None if it does not exist."""
    try:
        return repository.git("cat-file", "blob", f"{commit}:{path}").decode("utf-8", "surrogateescape")
    except GitFailure:
        return None


def _named_by(test: Test) -> Iterator[str]:
    try:
        words = shlex.split(test.command) if isinstance(test.command, str) else list(test.command)
    except ValueError:
        words = []
    for word in words:
        yield word
        yield from _OF_TOOL.get(posixpath.basename(word), ())
        yield from _named_in(word)


def _named_in(text: str) -> list[str]:
    """Strings outside comments that look like the path of a script."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return list(dict.fromkeys(name for line in lines for name in _NAMED.findall(line)))


def _files(repository: Repository, commit: str, name: str, *folders: str) -> Iterator[tuple[str, str]]:
    for folder in dict.fromkeys((*folders, "")):
        path = posixpath.normpath(posixpath.join(folder, name.lstrip("/")))
        if (
            not path.startswith("..")
            and path != "."
            and (text := text_at(repository, commit, path)) is not None
        ):
            yield path, text
            return
