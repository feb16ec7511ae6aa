"""Which ranges are not met where some packages are of the new lock file and the others of the old one.

A package, and what it finds for a dependency, go together without a question if the old or the new lock file
has the two in the same places. Otherwise the version is compared with the range.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bisector.ecosystems.npm.ranges import satisfies
from bisector.ecosystems.npm.tree import Need, Tree, is_local, places


@dataclass(frozen=True, slots=True)
class Edge:
    """A range that the package at `key` has in the old lock file, in the new one, or in both."""

    key: str
    need: Need
    is_old: bool
    is_new: bool


@dataclass(frozen=True)
class Edges:
    """The ranges of two lock files. `units` are the keys of packages that differ, with their bumps."""

    old: Tree
    new: Tree
    units: Mapping[str, str]

    def drawn(self, moved: frozenset[str], since: Collection[str]) -> frozenset[str]:
        """The bumps that would meet ranges which are not met with these moved; `since` moved last."""
        edges = dict.fromkeys(edge for unit in since for edge in self._touched.get(unit, ()))
        return frozenset(
            one for edge in edges if self._is_broken(edge, moved) for one in self._mend(edge, moved)
        )

    def broken(self, moved: frozenset[str], may_add: bool = True) -> Iterator[Edge]:
        """All ranges that are not met; without `may_add` the project requires nothing that is new to it."""
        edges = dict.fromkeys(edge for unit in moved for edge in self._touched.get(unit, ()))
        return (edge for edge in edges if self._is_broken(edge, moved, may_add))

    def follows(self, key: str, name: str, moved: frozenset[str]) -> bool:
        """Whether the project's own package at `key` requires `name` as in the new lock file."""
        found = (tree.found_in(key, name) for tree in (self.old, self.new))
        return any(self.units.get(one, "") in moved for one in found if one is not None)

    @cached_property
    def _touched(self) -> dict[str, list[Edge]]:
        """For each bump the ranges that may change their answer when it moves."""
        found: dict[str, list[Edge]] = {}
        for edge in self._all():
            near = {
                self.units[one] for one in (edge.key, *places(edge.key, edge.need.name)) if one in self.units
            }
            for unit in near:
                found.setdefault(unit, []).append(edge)
        return found

    def _all(self) -> Iterator[Edge]:
        for key in dict.fromkeys([*self.old.entries, *self.new.entries]):
            old, new = ({*tree.needs(key)} if key in tree.entries else set() for tree in (self.old, self.new))
            yield from (Edge(key, need, need in old, need in new) for need in sorted(old | new, key=repr))

    def _is_broken(self, edge: Edge, moved: frozenset[str], may_add: bool = True) -> bool:
        if not self._is_asked(edge, moved, may_add):
            return False
        target = self._target(edge, moved)
        if any(
            has
            and self._is_from(tree, edge.key, moved)
            and tree.found_in(edge.key, edge.need.name) == target
            and (target is None or self._is_from(tree, target, moved))
            for tree, has in ((self.old, edge.is_old), (self.new, edge.is_new))
        ):
            return False
        if target is None:
            return not edge.need.may_lack
        tree = self.new if self.units.get(target) in moved else self.old
        return not satisfies(tree.version(target), edge.need.allowed)

    def _mend(self, edge: Edge, moved: frozenset[str]) -> set[str]:
        """What lies on the way to the dependency; else the package that requires it."""
        near = {self.units[one] for one in places(edge.key, edge.need.name) if one in self.units} - moved
        return near or {self.units[edge.key]} - moved if edge.key in self.units else near

    def _is_asked(self, edge: Edge, moved: frozenset[str], may_add: bool) -> bool:
        """Whether the mix has this range."""
        unit = self.units.get(edge.key)
        if unit is not None:
            return edge.is_new if unit in moved else edge.is_old
        if not is_local(edge.key) or edge.key not in self.new.entries:
            return edge.is_old
        if edge.key not in self.old.entries:
            return False
        if not self.follows(edge.key, edge.need.name, moved):
            return edge.is_old
        had = any(need.name == edge.need.name for need in self.old.needs(edge.key))
        return edge.is_new and (may_add or had)

    def _target(self, edge: Edge, moved: frozenset[str]) -> str | None:
        return next((one for one in places(edge.key, edge.need.name) if self._is_there(one, moved)), None)

    def _is_there(self, key: str, moved: frozenset[str]) -> bool:
        return key in (self.new if self.units.get(key) in moved else self.old).entries

    def _is_from(self, tree: Tree, key: str, moved: frozenset[str]) -> bool:
        """Whether the entry of the mix is that of this lock file."""
        if key not in tree.entries:
            return False
        unit = self.units.get(key)
        return unit is None or (unit in moved) == (tree is self.new)
