"""`poetry.lock`: blocks of packages, with the ranges that each requires."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from bisector.ecosystems.by_file import beside
from bisector.ecosystems.contract import Files, NotWritten
from bisector.ecosystems.python.pyproject import merged
from bisector.ecosystems.toml_blocks import Block, BlockChange, Table


class PoetryChange(BlockChange):
    """What a commit does to a `poetry.lock`."""

    def describe(self, table: Table) -> tuple[str, str, bool]:
        """A package of the project is one that is installed from a folder."""
        name, version, source = (
            canonicalize_name(str(table["name"])),
            str(table["version"]),
            table.get("source", {}),
        )
        kind = source.get("type")
        if kind == "git":
            version = f"{version}#{str(source.get('resolved_reference', ''))[:12]}"
        elif kind in ("url", "file"):
            version = f"{version} @ {source.get('url', '')}"
        return name, version, kind == "directory"

    def requires(self, table: Table) -> Iterable[str]:
        """The names of its dependencies, also those of extras, which may not be locked."""
        return [canonicalize_name(str(name)) for name in table.get("dependencies", {})]

    def fits(self, dependent: Block, dependency: str, locked: Sequence[Block]) -> bool:
        """Whether one of the locked versions is within a range of the dependent."""
        wanted = next(
            value
            for name, value in dependent.table["dependencies"].items()
            if canonicalize_name(str(name)) == dependency
        )
        choices = wanted if isinstance(wanted, list) else [wanted]
        ranges = [one.get("version", "*") if isinstance(one, Mapping) else str(one) for one in choices]
        versions = [str(block.table["version"]) for block in locked]
        # Of several ranges, each for another platform or Python, all must be met.
        return all(any(_within(version, one) for version in versions) for one in ranges)

    def with_parts(self, old: Block, new: Block, moved: Collection[str]) -> str:
        """The old text, with the groups of both sides. It has ranges, which both sides meet, no versions."""
        groups = [*old.table.get("groups", []), *new.table.get("groups", [])]
        if {*groups} == {*old.table.get("groups", [])}:
            return old.text
        told = ", ".join(f'"{one}"' for one in sorted({*groups}))
        return re.sub(r"(?m)^groups = \[.*\]$", f"groups = [{told}]", old.text, count=1)

    def manifests(self, moved: Collection[str]) -> dict[str, bytes]:
        """The project file."""
        path = beside(self.path, "pyproject.toml")
        if path not in self._files or path not in self._new_files:
            return {}
        return {path: merged(path, self._files[path], self._new_files[path], moved)}

    def tail(self, manifests: Files) -> str:
        """The rest of the file, with the hash of the project file's requirements."""
        tail = self._before.tail
        for path, content in manifests.items():
            if content != self._files[path]:
                tail = _rehashed(tail, self.path, path, self._files[path], content)
        return tail


def _within(version: str, allowed: str) -> bool:
    """Whether a version is in a range; a range that is not understood holds no version."""
    try:
        return any(
            SpecifierSet(_standard(part)).contains(Version(version), prereleases=True)
            for part in allowed.split("||")
        )
    except (InvalidSpecifier, InvalidVersion):
        return False


def _standard(allowed: str) -> str:
    """A range in the words of PEP 440; the caret is Poetry's own."""
    allowed = allowed.strip()
    if allowed == "*":
        return ""
    caret = re.fullmatch(r"\^(\d+(?:\.\d+)*)", allowed)
    if caret is None:
        return f"=={allowed}" if re.fullmatch(r"\d[\w.]*", allowed) else allowed
    parts = [int(one) for one in caret[1].split(".")]
    at = next((i for i, part in enumerate(parts) if part), len(parts) - 1)
    above = [*parts[:at], parts[at] + 1]
    return f">={caret[1]},<{'.'.join(map(str, above))}"


_LEGACY = ("dependencies", "source", "extras", "dev-dependencies")
_PROJECT = ("requires-python", "dependencies", "optional-dependencies")


def _relevant(document: Mapping[str, Any], with_groups: bool) -> Mapping[str, Any]:
    """What Poetry takes the hash of, as in its `Locker`; groups of the project count since 2.3."""
    project, tool = document.get("project", {}), document.get("tool", {}).get("poetry", {})
    groups = document.get("dependency-groups") if with_groups else None
    own = {key: project[key] for key in _PROJECT if project.get(key) is not None}
    always = () if own or groups else _LEGACY
    rest = {key: tool.get(key) for key in (*_LEGACY, "group") if key in always or tool.get(key) is not None}
    found = {**({"project": own} if own else {}), **({"dependency-groups": groups} if groups else {})}
    return {**found, "tool": {"poetry": rest}} if found else rest


def _rehashed(tail: str, lock: str, path: str, before: bytes, after: bytes) -> str:
    """The tail with the hash of the new project file, by whichever way gave the one that is there."""
    found = re.search(r'(?m)^content-hash = "([0-9a-f]+)"', tail)
    if found is None:
        return tail
    for with_groups in (True, False):
        if _hash(before, with_groups) == found[1]:
            return tail.replace(found[1], _hash(after, with_groups))
    raise NotWritten(
        f"bisector cannot write a mixed {lock}: its content-hash is not that of {path} in a way it knows"
    )


def _hash(content: bytes, with_groups: bool) -> str:
    document = _relevant(tomllib.loads(content.decode()), with_groups)
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
