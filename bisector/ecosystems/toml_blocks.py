"""Lock files that are TOML with one `[[package]]` table for each package, edited as text: the rest stays."""

from __future__ import annotations

import re
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bisector.ecosystems.by_file import Change, in_order
from bisector.ecosystems.contract import Files, LockFileFault, NotWritten, text_of

Table = Mapping[str, Any]

_PACKAGE = re.compile(r"\[\[\s*package\s*\]\]")
_INSIDE = re.compile(r"\[{1,2}\s*package\s*\.")
_HEADER = re.compile(r"\[")


@dataclass(frozen=True, slots=True)
class Block:
    """The table of one package: its text, what it says, and whether it is a package of the project itself."""

    name: str
    label: str
    text: str
    table: Table
    is_local: bool = False

    @property
    def key(self) -> str:
        """Tells the blocks of one file apart."""
        return self.name if self.is_local else f"{self.name} {self.label}"


@dataclass(frozen=True, slots=True)
class BlockFile:
    """The text of a lock file: `head`, the packages, `tail`."""

    head: str
    blocks: tuple[Block, ...]
    tail: str

    def locked(self) -> dict[str, str]:
        """The versions of the packages that are not the project's own, by name."""
        labels: dict[str, set[str]] = {}
        for block in self.blocks:
            if not block.is_local:
                labels.setdefault(block.name, set()).add(block.label)
        return {name: ", ".join(sorted(found)) for name, found in labels.items()}

    def of(self, name: str) -> list[Block]:
        """The blocks of one package."""
        return [block for block in self.blocks if block.name == name]


def read(path: str, content: bytes, describe: Callable[[Table], tuple[str, str, bool]]) -> BlockFile:
    """The blocks of a lock file; `describe` gives name, label and whether it is local, for each table.

    Raises `LockFileFault` if it is no TOML, or laid out in another way than its package manager writes it.
    """
    text = text_of(path, content)
    try:
        whole = tomllib.loads(text).get("package", [])
        head, texts, tail = _cut(text)
        tables = [tomllib.loads(one)["package"][0] for one in texts]
        if tables != whole:
            raise LockFileFault(f"{path} is not laid out as its package manager writes it; lock again")
        blocks = tuple(
            Block(*described[:2], one, table, described[2])
            for one, table in zip(texts, tables, strict=True)
            for described in [describe(table)]
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        what = f"has no {error} for a package" if isinstance(error, KeyError) else f"is damaged ({error})"
        raise LockFileFault(f"{path} {what}; restore it, or lock again") from error
    return BlockFile(head, blocks, tail)


def _cut(text: str) -> tuple[str, list[str], str]:
    parts, now = {"head": "", "tail": ""}, "head"
    texts: list[str] = []
    for line in text.splitlines(keepends=True):
        if _PACKAGE.match(line):
            now = "package"
            texts.append(line)
        elif _HEADER.match(line) and not _INSIDE.match(line) and now == "package":
            now = "tail"
            parts[now] += line
        elif now == "package":
            texts[-1] += line
        else:
            parts[now] += line
    return parts["head"], texts, parts["tail"]


class BlockChange(Change, ABC):
    """What a commit does to a lock file of blocks. Subclasses know what the tables mean."""

    def __init__(self, path: str, before: Files, after: Files) -> None:
        self._files, self._new_files = before, after
        self._before = read(path, before[path], self.describe)
        self._after = read(path, after[path], self.describe)
        self._old_keys = {block.key for block in self._before.blocks}
        self._new_keys = {block.key for block in self._after.blocks}
        super().__init__(path, self._before.locked(), self._after.locked())

    @abstractmethod
    def describe(self, table: Table) -> tuple[str, str, bool]:
        """Name, label (version, with the commit for git) and whether it is a package of the project."""

    @abstractmethod
    def requires(self, table: Table) -> Iterable[str]:
        """The names of the packages that this one requires, where they are locked."""

    @abstractmethod
    def fits(self, dependent: Block, dependency: str, locked: Sequence[Block]) -> bool:
        """Whether what the dependent requires is met, the two being from different sides."""

    @abstractmethod
    def with_parts(self, old: Block, new: Block, moved: Collection[str]) -> str:
        """The text of a package that both sides have, which requires those `moved` as the new one does."""

    def manifests(self, moved: Collection[str]) -> dict[str, bytes]:
        """The manifests that change."""
        return {}

    def tail(self, manifests: Files) -> str:
        """What follows the packages."""
        return self._before.tail

    def is_new(self, block: Block) -> bool:
        """Whether only the new lock file has this package at this version."""
        return block.key not in self._old_keys

    def drawn(self, moved: frozenset[str]) -> frozenset[str]:
        """What must move too: what a moved package requires and does not find, or what no longer fits it."""
        found: set[str] = set()
        # What is the same on both sides goes with either version.
        old = [one for one in self._before.blocks if one.key not in self._new_keys and one.name not in moved]
        new = [one for one in self._after.blocks if one.key not in self._old_keys and one.name in moved]
        for block in [*old, *new]:
            is_new = block.name in moved
            for name in {*self.requires(block.table)} & {*self.names}:
                side = self._after if name in moved else self._before
                if (name in moved) != is_new and not self.fits(block, name, side.of(name)):
                    found.add(name if is_new else block.name)
        return frozenset(found)

    def mixed(self, moved: frozenset[str]) -> dict[str, bytes]:
        """The lock file with the blocks of these packages as in the new one, and the manifests."""
        blocks = self._mixed_blocks(moved)
        self._check(blocks, moved)
        texts = [block.text for block in blocks]
        # The last block of a file has no empty line after it.
        spaced = [one.rstrip("\r\n") + "\n" for one in texts]
        manifests = self.manifests(moved)
        tail = self.tail(manifests)
        whole = self._before.head + "\n".join(spaced) + (f"\n{tail}" if tail else "")
        return {self.path: whole.encode(), **manifests}

    def _mixed_blocks(self, moved: frozenset[str]) -> list[Block]:
        old = {block.key: block for block in self._before.blocks}
        new = {block.key: block for block in self._after.blocks}
        kept = [key for key, block in old.items() if block.name not in moved or key in new]
        taken = [key for key, block in new.items() if block.name in moved]
        return [
            self._carried(old[key], new.get(key), moved) if key in old else new[key]
            for key in in_order([*old], [*new], [*kept, *taken], lambda key: key.partition(" ")[0])
        ]

    def _carried(self, old: Block, new: Block | None, moved: frozenset[str]) -> Block:
        if new is None or old.table == new.table or not moved:
            return old
        text = self.with_parts(old, new, moved)
        return Block(old.name, old.label, text, tomllib.loads(text)["package"][0], old.is_local)

    def _check(self, blocks: Sequence[Block], moved: frozenset[str]) -> None:
        there = {block.name for block in blocks}
        for block in blocks:
            missing = sorted({*self.requires(block.table)} - there - self._absent(block))
            if missing:
                raise NotWritten(
                    f"bisector cannot write a {self.path} that moves only {', '.join(sorted(moved))}: "
                    f"{block.name} needs {missing[0]}"
                )

    def _absent(self, block: Block) -> set[str]:
        """What the lock file of either side lacks too, although this package requires it."""
        found: set[str] = set()
        for side in (self._before, self._after):
            names = {one.name for one in side.blocks}
            if any(one.key == block.key for one in side.blocks):
                found |= {*self.requires(block.table)} - names
        return found
