"""What a commit changes, as git's own patch, bounded in size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bisector.history.repository import Repository

FILES = 30
"""Files of a commit that are shown."""
FILE_LINES = 400
"""Lines shown of the patch of one file."""
LINES = 2000
"""Lines shown in all."""
_LINE = 400
"""Characters shown of a line."""
_CONFIG = ("-c", "core.bigFileThreshold=256k", "-c", "core.quotePath=false", "--literal-pathspecs")
"""git calls a larger file binary, and does not compare it."""
_OPTIONS = ("--no-commit-id", "-r", "-M", "--no-ext-diff", "--no-textconv")
_HUNK = re.compile(r"@@ -(\d+)")
_HEAD = ("diff --git ", "index ", "--- ", "+++ ")
"""Lines of a file's head that only repeat its name."""


@dataclass(frozen=True, slots=True)
class FilePatch:
    """The patch of one file: lines as git prints them, without those that only repeat the name.

    `added` and `removed` count all lines of the patch, `left_out` those that are not in `lines`.
    """

    name: str
    lines: tuple[str, ...]
    added: int = 0
    removed: int = 0
    left_out: int = 0
    is_binary: bool = False
    """Whether git compared no lines: a binary file, or one of more than 256 KiB."""


@dataclass(frozen=True, slots=True)
class CommitPatch:
    """What a commit changes against its first parent. All texts are hostile.

    `diffstat` is git's summary; `left_out` counts the changed files that are not in `files`.
    """

    diffstat: str = ""
    files: tuple[FilePatch, ...] = ()
    left_out: int = 0


def patch_of(repository: Repository, commit: str) -> CommitPatch:
    """The patch of `commit`; raises GitFailure if git cannot read the files."""
    parent = repository.parents(commit)[:1]
    trees = [*parent, commit] if parent else ["--root", commit]
    changed = list(_changed(repository.git("diff-tree", *_OPTIONS, "--numstat", "-z", *trees)))
    paths = [path for names in changed[:FILES] for path in names]
    out = repository.git(*_CONFIG, "diff-tree", *_OPTIONS, "--patch", *trees, "--", *paths) if paths else b""
    files = tuple(_bounded(_parsed(out)))
    return CommitPatch(repository.diffstat(commit), files, max(len(changed) - len(files), 0))


def parsed(patch: str) -> tuple[FilePatch, ...]:
    """The files of a patch, bounded in size as those of `patch_of`."""
    return tuple(_bounded(_parsed(patch.encode(errors="surrogateescape"))))


def places(file: FilePatch) -> Iterator[tuple[int, int, str]]:
    """Each added or removed line of a file: its position in `lines`, place in the file before, and text."""
    before = 0
    for at, line in enumerate(file.lines):
        if found := _HUNK.match(line):
            before = int(found[1])
        elif line.startswith(("+", "-")):
            yield at, before, line
            before += line.startswith("-")
        elif line.startswith(" "):
            before += 1


def _changed(numstat: bytes) -> Iterator[tuple[str, ...]]:
    """The path of each changed file, or both paths of a renamed one (git-diff-tree(1), `--numstat -z`)."""
    fields = iter(numstat.decode(errors="surrogateescape").split("\0"))
    for field in fields:
        name = field.split("\t", 2)[2:]
        if name == [""]:
            yield next(fields), next(fields)
        elif name:
            yield tuple(name)


def _parsed(patch: bytes) -> Iterator[FilePatch]:
    for block in re.split(rb"^(?=diff --git )", patch, flags=re.MULTILINE)[1:]:
        yield _file(block.decode(errors="replace").rstrip("\n").split("\n"))


def _file(block: list[str]) -> FilePatch:
    start = next((at for at, line in enumerate(block) if line.startswith("@@")), len(block))
    head, body = block[:start], block[start:]
    is_binary = any(line.startswith("Binary files ") for line in head)
    said = [line for line in head if not line.startswith((*_HEAD, "Binary files "))]
    return FilePatch(
        name=_name(head),
        lines=tuple(_cut(line) for line in [*said, *body]),
        added=sum(line.startswith("+") for line in body),
        removed=sum(line.startswith("-") for line in body),
        is_binary=is_binary,
    )


def _name(head: list[str]) -> str:
    """The name after the commit, or before it if it deletes the file; as git quotes it."""
    named = dict(line.split(" ", 1) for line in head if line.startswith(("--- ", "+++ ")))
    for side in ("+++", "---"):
        name = named.get(side, "/dev/null").rstrip("\t")
        if name != "/dev/null":
            return name.replace("b/" if side == "+++" else "a/", "", 1)
    renamed = next((line for line in head if line.startswith("rename to ")), "")
    # The same name twice, `a/NAME b/NAME`: no file has lines that say so.
    both = head[0].removeprefix("diff --git ")
    return renamed.removeprefix("rename to ") or both[: len(both) // 2].replace("a/", "", 1)


def _cut(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


def _bounded(files: Iterator[FilePatch]) -> Iterator[FilePatch]:
    left = LINES
    for file in files:
        kept = file.lines[: min(FILE_LINES, left)]
        left -= len(kept)
        yield replace(file, lines=kept, left_out=len(file.lines) - len(kept))
