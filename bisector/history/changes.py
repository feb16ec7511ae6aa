"""A commit as separate changes: hunks, files, renames, modes, submodules; any subset of them gives files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bisector.history.repository import Repository
from bisector.history.stand_ins import Entry

Kind = Literal["hunk", "file", "mode", "rename", "submodule"]

_DIFF = ("diff-tree", "-r", "-M", "--full-index", "--no-ext-diff", "--no-textconv")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_INDEX = re.compile(rb"index ([0-9a-f]+)\.\.([0-9a-f]+)")
_REGULAR = ("100644", "100755")
_NONE = "000000"
_LINK = "160000"


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest part of a commit that can be applied by itself.

    A `hunk` replaces the lines `start` to `end` (0-based, half open) of the file before with `added`;
    `removed` are those lines. Any other kind concerns the whole file. `path` is the path after the commit;
    of a file that it deletes, the path before.
    """

    kind: Kind
    path: str
    start: int = 0
    end: int = 0
    line: int = 0
    """The number of the first line of `added` in the file after the commit, 1-based."""
    removed: tuple[bytes, ...] = ()
    added: tuple[bytes, ...] = ()
    what: str = ""
    """What is done to the whole file, such as `new file`."""

    def __str__(self) -> str:
        if self.kind != "hunk":
            return f"{self.path} ({self.what})"
        if not self.added:
            lines = "a line" if len(self.removed) == 1 else f"{len(self.removed)} lines"
            return f"{self.path}:{self.line} ({lines} removed)"
        last = self.line + len(self.added) - 1
        return f"{self.path}:{self.line}" if last == self.line else f"{self.path}:{self.line}-{last}"


@dataclass(frozen=True)
class _File:
    """One file before and after, and the positions of its changes."""

    status: str
    path_before: str
    path: str
    mode_before: str
    mode: str
    blob_before: str
    blob: str
    changes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Changes:
    """The changes between two commits or trees of a repository."""

    all: tuple[Change, ...]
    _files: tuple[_File, ...] = ()
    _lines: dict[str, list[bytes]] = field(default_factory=dict)
    """The lines of the files with hunks before, by blob."""

    def __len__(self) -> int:
        return len(self.all)

    def entries(self, chosen: Collection[int]) -> dict[str, Entry | None]:
        """The files that differ from those before if only these changes are made; None for no file."""
        taken, found = set(chosen), dict[str, Entry | None]()
        for file in self._files:
            here = taken.intersection(file.changes)
            if here:
                found.update(self._made(file, here))
        return found

    def outside(self, paths: Collection[str]) -> Changes:
        """The same without the files at these paths."""
        files = [file for file in self._files if file.path not in paths]
        kept = [at for file in files for at in file.changes]
        at = {old: new for new, old in enumerate(kept)}
        moved = [replace(file, changes=tuple(at[n] for n in file.changes)) for file in files]
        return Changes(tuple(self.all[n] for n in kept), tuple(moved), self._lines)

    def by_line(self, chosen: Collection[int]) -> tuple[Changes, tuple[int, ...]]:
        """The same with each of these hunks split into its lines, and the positions of those lines."""
        split: list[Change] = []
        moved: dict[int, range] = {}
        for at, change in enumerate(self.all):
            parts = list(_lines_of(change)) if at in chosen and change.kind == "hunk" else [change]
            moved[at] = range(len(split), len(split) + len(parts))
            split += parts
        files = (replace(f, changes=tuple(n for at in f.changes for n in moved[at])) for f in self._files)
        lines = tuple(n for at in sorted(chosen) for n in moved[at])
        return Changes(tuple(split), tuple(files), self._lines), lines

    def _made(self, file: _File, here: Collection[int]) -> Iterator[tuple[str, Entry | None]]:
        """A file with some of its changes."""
        chosen = [self.all[at] for at in sorted(here)]
        kinds = {change.kind for change in chosen}
        if kinds & {"file", "submodule"}:
            yield file.path, None if file.status == "D" else Entry(file.mode, blob=file.blob)
            return
        path = file.path if "rename" in kinds else file.path_before
        mode = file.mode if "mode" in kinds or file.status == "A" else file.mode_before
        if path != file.path_before:
            yield file.path_before, None
        hunks = [change for change in chosen if change.kind == "hunk"]
        if hunks or file.status == "A":
            yield path, Entry(mode, data=self._merged(file.blob_before, hunks))
        else:
            yield path, Entry(mode, blob=file.blob_before)

    def _merged(self, blob: str, hunks: Sequence[Change]) -> bytes:
        """The file before with these hunks."""
        before, out, at = self._lines.get(blob, []), list[bytes](), 0
        for hunk in sorted(hunks, key=lambda one: (one.start, one.end)):
            out += [*before[at : hunk.start], *hunk.added]
            at = hunk.end
        return b"".join([*out, *before[at:]])


def changes_between(repository: Repository, before: str, after: str) -> Changes:
    """The changes from one commit or tree to another, in the order of paths and lines.

    Raises `GitFailure` if git cannot read them.
    """
    files = list(_files(repository.git(*_DIFF, "--raw", "-z", before, after)))
    hunks = _hunks(repository.git(*_DIFF, "--patch", "-U0", "--no-color", before, after))
    changes, kept, lines = list[Change](), list[_File](), dict[str, list[bytes]]()
    for file in files:
        found = list(_changes_of(file, hunks.get((file.blob_before, file.blob), [])))
        kept.append(replace(file, changes=tuple(range(len(changes), len(changes) + len(found)))))
        changes += found
        if file.mode_before != _NONE and any(one.kind == "hunk" for one in found):
            lines[file.blob_before] = _split(repository.git("cat-file", "blob", file.blob_before))
    return Changes(tuple(changes), tuple(kept), lines)


def _files(raw: bytes) -> Iterator[_File]:
    """The changed files (git-diff-tree(1), RAW OUTPUT FORMAT)."""
    fields = iter(raw.decode(errors="surrogateescape").split("\0"))
    for head in fields:
        if not head.startswith(":"):
            continue
        mode_before, mode, blob_before, blob, status = head[1:].split(" ")
        path_before = next(fields)
        path = next(fields) if status[0] == "R" else path_before
        yield _File(status[0], path_before, path, mode_before, mode, blob_before, blob)


def _changes_of(file: _File, hunks: Sequence[Change]) -> Iterator[Change]:
    path = file.path
    if _LINK in (file.mode_before, file.mode):
        yield Change("submodule", path, what=_submodule(file))
        return
    regular = file.mode_before in (*_REGULAR, _NONE) and file.mode in (*_REGULAR, _NONE)
    if file.status in "DT" or not regular or (file.status == "A" and not hunks):
        what = {"A": "new file", "D": "deleted", "T": "another type"}.get(file.status, "link")
        yield Change("file", path, what=what, removed=_words(hunks, "removed"), added=_words(hunks, "added"))
        return
    if file.status == "M" and file.blob_before != file.blob and not hunks:
        yield Change("file", path, what="binary")
        return
    if file.path_before != path:
        yield Change("rename", path, what=f"renamed from {file.path_before}")
    if file.mode_before != file.mode and file.status != "A":
        yield Change("mode", path, what=f"mode {file.mode_before[3:]} to {file.mode[3:]}")
    yield from (replace(hunk, path=path) for hunk in hunks)


def _words(hunks: Sequence[Change], side: Literal["removed", "added"]) -> tuple[bytes, ...]:
    return tuple(line for hunk in hunks for line in getattr(hunk, side))


def _submodule(file: _File) -> str:
    if file.mode_before == _NONE:
        return "new submodule"
    return "submodule removed" if file.mode == _NONE else f"submodule moved to {file.blob[:12]}"


def _hunks(patch: bytes) -> dict[tuple[str, str], list[Change]]:
    """The hunks of a patch without context, by the blobs before and after."""
    found: dict[tuple[str, str], list[Change]] = {}
    lines, at, here = _split(patch), 0, list[Change]()
    while at < len(lines):
        if named := _INDEX.match(lines[at]):
            here = []
            found[named[1].decode(), named[2].decode()] = here
        elif head := _HUNK.match(lines[at]):
            start, removed, line, added = (1 if part is None else int(part) for part in head.groups())
            body, at = _body(lines, at + 1, removed + added)
            gone = tuple(one[1:] for one in body[:removed])
            new = tuple(one[1:] for one in body[removed:])
            # Of a hunk that removes nothing, git gives the line before.
            first = start - 1 if removed else start
            here.append(Change("hunk", "", first, first + removed, line, gone, new))
            continue
        at += 1
    return found


def _body(lines: Sequence[bytes], at: int, wanted: int) -> tuple[list[bytes], int]:
    """The lines of a hunk, removed ones first, and where the next one begins."""
    body: list[bytes] = []
    while len(body) < wanted or (at < len(lines) and lines[at].startswith(b"\\")):
        if lines[at].startswith(b"\\"):  # "\ No newline at end of file" is of the line before.
            body[-1] = body[-1].removesuffix(b"\n")
        else:
            body.append(lines[at])
        at += 1
    return body, at


def _lines_of(hunk: Change) -> Iterator[Change]:
    """The single lines of a hunk: those that replace one, then those that only add or only remove."""
    for n in range(max(len(hunk.removed), len(hunk.added))):
        start = hunk.start + min(n, len(hunk.removed))
        end = start + (n < len(hunk.removed))
        line = hunk.line + min(n, max(len(hunk.added) - 1, 0))
        removed, added = hunk.removed[n : n + 1], hunk.added[n : n + 1]
        yield replace(hunk, start=start, end=end, line=line, removed=removed, added=added)


def _split(text: bytes) -> list[bytes]:
    """The lines, each with its end."""
    return re.findall(rb"[^\n]*\n|[^\n]+", text)
