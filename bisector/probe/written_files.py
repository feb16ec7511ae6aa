"""The files that a test writes and its predicate reads (`Predicate.files`)."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from glob import escape
from pathlib import Path, PurePosixPath

from bisector.probe.inside import leads_out
from bisector.units import format_size

LARGEST = 16 * 1024 * 1024
"""Bytes that the files of one run may have in all."""

_MAGIC = "*?["


class TooLarge(Exception):
    """The files of a run are too large to be read; the text says so in one sentence."""


def refusal(path: str, folder: str) -> str:
    """Why a test in `folder` (in the repository) cannot name this path or glob; empty if it can.

    The text is the end of a sentence that begins with the path.
    """
    whole = PurePosixPath(posixpath.normpath(posixpath.join(folder, path)))
    if not path.strip() or not path.isprintable():
        return "is not a path; write one in a plain line"
    if path.startswith("/"):
        return "is absolute; write it from the folder in which the test runs"
    if ".." in whole.parts or ".." in _from_first_glob(path):
        return "leads out of the repository; let the test write to a file inside it"
    if any(part.lower() == ".git" for part in whole.parts):
        return "belongs to git; let the test write to another file"
    if whole == PurePosixPath(folder):
        return "is the test's folder; name a file in it"
    if any("**" in part and part != "**" for part in whole.parts):
        return "has '**' beside other characters; write it as a whole part, as in 'out/**/*.xml'"
    return ""


class WrittenFiles:
    """The files below `slot` that match `files`, as of now; `read` returns those written since.

    `files` are paths or globs without `refusal`, relative to `folder`, which is relative to the slot.
    """

    def __init__(self, slot: Path, folder: str, files: Sequence[str]) -> None:
        self._slot = slot
        self._folder = folder
        self._files = files
        # By time, not by path: a report that is moved out of the way is no new report at its new path.
        self._before = frozenset(path.stat().st_mtime_ns for path in self._found().values())

    def read(self) -> dict[str, str]:
        """The texts of the files written since, by path relative to `folder`, sorted by path.

        Bytes that are not UTF-8 become U+FFFD. Raises TooLarge.
        """
        written = {
            name: path for name, path in self._found().items() if path.stat().st_mtime_ns not in self._before
        }
        size = sum(path.stat().st_size for path in written.values())
        if size > LARGEST:
            named = next(iter(written)) if len(written) == 1 else f"{len(written)} files"
            raise TooLarge(
                f"the test wrote {format_size(size)} to {named}, more than the {format_size(LARGEST)} that "
                "are read; let it write less, or name fewer files"
            )
        readable = {name: path for name, path in written.items() if os.access(path, os.R_OK)}
        return {name: path.read_bytes().decode(errors="replace") for name, path in readable.items()}

    def _found(self) -> dict[str, Path]:
        """Regular files in the slot, also behind links that stay in it."""
        top = self._slot / self._folder
        found = {path for glob in self._files for path in self._matching(glob)}
        return {
            posixpath.relpath(path, top): path
            for path in sorted(found)
            if path.is_file() and not leads_out(self._slot, str(path.relative_to(self._slot)))
        }

    def _matching(self, glob: str) -> Iterator[Path]:
        if not any(sign in glob for sign in _MAGIC):
            return iter([self._slot / posixpath.normpath(posixpath.join(self._folder, glob))])
        return self._slot.glob(posixpath.normpath(posixpath.join(escape(self._folder), glob)))


def _from_first_glob(path: str) -> Sequence[str]:
    """The parts from the first glob on, after which `..` would depend on what the glob matches."""
    parts = path.split("/")
    first = next((at for at, part in enumerate(parts) if any(sign in part for sign in _MAGIC)), len(parts))
    return parts[first:]
