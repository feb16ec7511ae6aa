"""The ecosystem `cargo`: `Cargo.lock`. It has no ranges, only which crate requires which."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from bisector.ecosystems.by_file import ByFile, Change, beside, in_order, needing
from bisector.ecosystems.contract import NO_FILES, Ask, Files, NotSupported, matches
from bisector.ecosystems.toml_blocks import Block, BlockChange, Table

_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


class Cargo(ByFile):
    """`Cargo.lock`: bumps and mixed files. cargo has no command that lists the releases of a crate."""

    name = "cargo"

    def lock_files(self) -> Sequence[str]:
        """The one lock file of a package or a workspace."""
        return ("Cargo.lock",)

    def manifests(self) -> Sequence[str]:
        """The manifest of every package of the workspace."""
        return ("Cargo.toml",)

    def change(self, path: str, before: Files, after: Files) -> Change:
        """The change of one lock file."""
        return CargoChange(path, before, after)

    def releases(self, package: str, old: str, new: str, *, ask: Ask, files: Files = NO_FILES) -> list[str]:
        """Not possible."""
        raise NotSupported(
            f"bisector cannot list the releases of {package} between {old} and {new}: "
            "cargo has no command for it"
        )


class CargoChange(BlockChange):
    """What a commit does to a `Cargo.lock`."""

    def describe(self, table: Table) -> tuple[str, str, bool]:
        """A crate without a source is one of the project."""
        name, version, source = str(table["name"]), str(table["version"]), str(table.get("source", ""))
        if source.startswith("git+"):
            version = f"{version}#{source.rpartition('#')[2][:12]}"
        return name, version, not source

    def requires(self, table: Table) -> Iterable[str]:
        """The names of the crates that it requires."""
        return [one.split()[0] for one in table.get("dependencies", [])]

    def fits(self, dependent: Block, dependency: str, locked: Sequence[Block]) -> bool:
        """An old crate goes with a newer one of the same compatible series, unless they share their version.

        A newer crate may need what only the new lock file has, and Cargo.lock does not say: it does not go
        with an old one.
        """
        if not locked or self.is_new(dependent):
            return False
        wanted = [one.split() for one in dependent.table.get("dependencies", [])]
        versions = {str(block.table["version"]) for block in locked}
        old = {str(block.table["version"]) for block in self._before.of(dependency)}
        new = {str(block.table["version"]) for block in self._after.of(dependent.name)}
        if str(dependent.table["version"]) in old and new & versions:
            # Crates of one family, such as a library and its macros, often require exactly each other.
            return False
        for name, *version in wanted:
            if name == dependency and version and version[0] not in versions:
                return False
            if name == dependency and not version and not _is_compatible(old, versions):
                return False
        return True

    def with_parts(self, old: Block, new: Block, moved: Collection[str]) -> str:
        """The list of required crates, each as in the lock file that it is taken from."""
        here, there = list(old.table.get("dependencies", [])), list(new.table.get("dependencies", []))
        kept = [one for one in here if one.split()[0] not in moved]
        taken = [one for one in there if one.split()[0] in moved]
        wanted = in_order(here, there, {*kept, *taken}, lambda one: str(one).partition(" ")[0])
        if wanted == here:
            return old.text
        rest = re.sub(r"(?ms)^dependencies = \[.*?^\]\n", "", old.text)
        lines = "".join(f" {json.dumps(one)},\n" for one in wanted)
        array = f"dependencies = [\n{lines}]\n" if wanted else ""
        return rest.rstrip("\n") + "\n" + array + "\n"

    def manifests(self, moved: Collection[str]) -> dict[str, bytes]:
        """The manifests below the folder of the lock file."""
        start = beside(self.path, "")
        found: dict[str, bytes] = {}
        for path, content in self._files.items():
            new = self._new_files.get(path, content)
            if path.startswith(start) and matches(path, ["Cargo.toml"]) and new != content:
                found[path] = _merged(path, content, new, moved)
        return found


def _is_compatible(old: Collection[str], new: Collection[str]) -> bool:
    """Whether the one new version is within `^` of the one old version."""
    if len(old) != 1 or len(new) != 1:
        return False
    here, there = (_numbers(next(iter(one))) for one in (old, new))
    if here is None or there is None or there < here:
        return False
    at = next((i for i, part in enumerate(here) if part), len(here) - 1)
    return here[: at + 1] == there[: at + 1]


def _numbers(version: str) -> list[int] | None:
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(\+.*)?", version)
    return [int(one) for one in found.groups()[:3]] if found else None


def _merged(path: str, before: bytes, after: bytes, moved: Collection[str]) -> bytes:
    with needing(f"changing {path}"):
        from bisector.ecosystems.toml_manifest import at, keys, merge_table, parsed
    old, new = parsed(path, before), parsed(path, after)
    places: list[tuple[str, ...]] = [(table,) for table in _TABLES] + [("workspace", "dependencies")]
    places += [("target", one, table) for one in keys(("target",), old, new) for table in _TABLES]
    changed = [merge_table(at(old, place), at(new, place), moved, _crate) for place in places]
    return old.as_string().encode() if any(changed) else before


def _crate(key: str, value: Any) -> str:
    return str(value.get("package", key)) if isinstance(value, dict) else key
