"""What a commit does to an npm lock file, and a lock file with only some of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from bisector.ecosystems.by_file import Change, beside, in_order
from bisector.ecosystems.contract import Files, NotWritten
from bisector.ecosystems.npm.edges import Edge, Edges
from bisector.ecosystems.npm.legacy import legacy_dependencies
from bisector.ecosystems.npm.tree import (
    SECTIONS,
    Entry,
    Tree,
    called,
    entries_of,
    is_local,
    label,
    old_versions,
    parsed,
)
from bisector.ecosystems.npm.writing import written

Side = Literal["old", "new"]

_FLAGS = ("dev", "optional", "devOptional", "peer")
"""They leave a package out of some installations."""


def npm_change(path: str, before: Files, after: Files) -> Change:
    """The change of one lock file; one of npm 6 can only be read."""
    old, new = parsed(path, before[path]), parsed(path, after[path])
    entries = entries_of(path, old), entries_of(path, new)
    if entries[0] is None or entries[1] is None:
        return OldNpmChange(path, old, new)
    return NpmChange(path, before, after, (old, new), (Tree(entries[0]), Tree(entries[1])))


class OldNpmChange(Change):
    """A lock file of npm 6 on one of the sides."""

    def __init__(self, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        super().__init__(path, _versions(path, old), _versions(path, new))

    def mixed(self, moved: frozenset[str]) -> dict[str, bytes]:
        """Not possible."""
        raise NotWritten(
            f"bisector cannot write a mixed {self.path} of npm 6 (lockfileVersion 1); npm 7 or newer "
            "upgrades it: `npm install --package-lock-only`"
        )


class NpmChange(Change):
    """A lock file whose `packages` are the folders that npm makes.

    A package whose version changes moves with all copies of other packages inside its folder. A copy that
    changes inside a package that stays is a bump of its own.
    """

    def __init__(
        self,
        path: str,
        before: Files,
        after: Files,
        documents: tuple[dict[str, Any], dict[str, Any]],
        trees: tuple[Tree, Tree],
    ) -> None:
        self._files, self._new_files = before, after
        self._documents = documents
        self._old_tree, self._new_tree = trees
        self._unit = dict(self._units())
        self._edges = Edges(*trees, self._unit)
        super().__init__(path, *(self._labels(tree) for tree in trees))

    def along(self, moved: Collection[str]) -> frozenset[str]:
        """These packages, and whatever is on the way to a package that would not be in its range."""
        found, since = frozenset(moved), frozenset(moved)
        while since := self._edges.drawn(found, since) - found:
            found |= since
        return found

    def mixed(self, moved: frozenset[str]) -> dict[str, bytes]:
        """The lock file, and the `package.json` of the project and of its workspaces."""
        for edge in self._edges.broken(moved):
            only = ", ".join(sorted(moved))
            raise NotWritten(f"bisector cannot write a {self.path} that moves only {only}: {_told(edge)}")
        return self._written(moved, True)

    def held(self, moved: frozenset[str]) -> dict[str, bytes]:
        """The same, but the project requires no package that it did not require before."""
        return self._written(moved, False)

    def misfits(self, moved: frozenset[str]) -> list[str]:
        """What `held` would leave out of its range, as sentences without a stop."""
        return [_told(edge) for edge in self._edges.broken(moved, may_add=False)]

    def _written(self, moved: frozenset[str], may_add: bool) -> dict[str, bytes]:
        entries = self._mixed(moved, may_add)
        document = {**self._documents[0], "packages": entries}
        if "dependencies" in document:
            sides = [("new" if self._is_new(key, moved) else "old") for key in entries]
            document["dependencies"] = legacy_dependencies(entries, sides, self._documents)
        found = {self.path: written(document, self._files[self.path])}
        for key in filter(is_local, entries):
            path = beside(self.path, f"{key}/package.json" if key else "package.json")
            if path in self._files and path in self._new_files:
                old, new = parsed(path, self._files[path]), parsed(path, self._new_files[path])
                merged = self._sections(key, old, new, moved, may_add)
                found[path] = self._files[path] if merged == old else written(merged, self._files[path])
        return found

    def _units(self) -> Iterator[tuple[str, str]]:
        """Each key that changes, with the bump that it belongs to."""
        old, new = self._old_tree.entries, self._new_tree.entries
        changed = {key for key in {*old, *new} if _differs(key, old.get(key), new.get(key))}
        for key in changed:
            above = [key[: found.end()] for found in re.finditer(r"node_modules/(@[^/]+/)?[^/]+", key)]
            owner = next(one for one in above if one in changed)
            yield key, called(owner, new.get(owner) or old[owner])

    def _labels(self, tree: Tree) -> dict[str, str]:
        """The versions by package; an entry of the same version but other contents has its hash too."""
        found: dict[str, str] = {}
        for key, unit in self._unit.items():
            entry = tree.entries.get(key)
            if entry is not None and called(key, entry) == unit:
                found[unit] = label(entry) if self._is_told(key) else f"{label(entry)} ({_hash(entry)})"
        return found

    def _is_told(self, key: str) -> bool:
        old, new = self._old_tree.entries.get(key), self._new_tree.entries.get(key)
        return old is None or new is None or label(old) != label(new)

    def _is_new(self, key: str, moved: frozenset[str]) -> bool:
        return self._unit.get(key) in moved

    def _mixed(self, moved: frozenset[str], may_add: bool) -> dict[str, Entry]:
        old, new = self._old_tree.entries, self._new_tree.entries
        kept = [key for key in old if not self._is_new(key, moved)]
        taken = [key for key in new if self._is_new(key, moved)]
        found: dict[str, Entry] = {}
        for key in in_order([*old], [*new], [*kept, *taken]):
            if self._is_new(key, moved):
                found[key] = new[key]
            elif not moved or key not in new:
                found[key] = old[key]
            elif is_local(key):
                found[key] = self._sections(key, old[key], new[key], moved, may_add)
            else:
                found[key] = _wider(old[key], new[key])
        return found

    def _sections(
        self, key: str, old: Entry, new: Entry, moved: frozenset[str], may_add: bool
    ) -> dict[str, Any]:
        """A package of the project, whose ranges for packages that move are the new ones."""
        had = {name for section in SECTIONS for name in old.get(section, {})}

        def follows(name: str) -> bool:
            return self._edges.follows(key, name, moved)

        merged = dict(old)
        for section in SECTIONS:
            here, there = old.get(section, {}), new.get(section, {})
            kept = {name: value for name, value in here.items() if not follows(name)}
            taken = {n: value for n, value in there.items() if follows(n) and (may_add or n in had)}
            if {**kept, **taken} != here:
                names = in_order([*here], [*there], [*kept, *taken])
                merged[section] = {name: taken[name] if name in taken else kept[name] for name in names}
                if not names:
                    del merged[section]
        return merged


def _told(edge: Edge) -> str:
    return f"{edge.key or 'the project'} needs {edge.need.name} {edge.need.allowed}"


def _differs(key: str, old: Entry | None, new: Entry | None) -> bool:
    """Whether an entry is another package version on the two sides. The project's own packages are none."""
    if is_local(key) or all(entry is None or entry.get("link") for entry in (old, new)):
        return False
    if old is None or new is None or label(old) != label(new) or old.get("name") != new.get("name"):
        return True
    hashes = {entry.get("integrity") for entry in (old, new)} - {None}
    return len(hashes) > 1


def _hash(entry: Entry) -> str:
    return str(entry.get("integrity", ""))[:15]


def _wider(old: Entry, new: Entry) -> Entry:
    """An entry that stays: a flag that leaves it out of an installation counts only if both sides have it."""
    lost = [flag for flag in _FLAGS if flag in old and flag not in new]
    return {key: value for key, value in old.items() if key not in lost} if lost else old


def _versions(path: str, document: Mapping[str, Any]) -> dict[str, str]:
    entries = entries_of(path, document)
    if entries is None:
        return old_versions(document)
    return {called(key, one): label(one) for key, one in entries.items() if not is_local(key)}
