"""The packages of an npm lock file as folders in each other, and which folder a package finds another in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bisector.ecosystems.contract import LockFileFault, text_of

Entry = Mapping[str, Any]

SECTIONS = ("dependencies", "optionalDependencies", "devDependencies", "peerDependencies")
_FOLDER = "node_modules/"


@dataclass(frozen=True, slots=True)
class Need:
    """A range of versions that one package wants of another."""

    name: str
    allowed: str
    may_lack: bool
    """Whether the lock file is whole without it: an optional peer. npm adds what is optional otherwise."""


@dataclass(frozen=True)
class Tree:
    """Entries by key: '' for the project, `node_modules/a/node_modules/b` for a copy of b inside a."""

    entries: Mapping[str, Entry]

    def found_in(self, key: str, name: str) -> str | None:
        """The key of the package that the one at `key` gets for `name`, as node looks for it."""
        return next((place for place in places(key, name) if place in self.entries), None)

    def version(self, key: str) -> str:
        """The version of an entry, for a link that of the folder it leads to."""
        entry = self.entries[key]
        if entry.get("link"):
            entry = self.entries.get(str(entry.get("resolved", "")), {})
        return str(entry.get("version", ""))

    def needs(self, key: str) -> Iterator[Need]:
        """What the entry at `key` requires; of development only what the project's own packages require."""
        entry = self.entries[key]
        peers = entry.get("peerDependenciesMeta", {})
        for section in SECTIONS:
            if section == "devDependencies" and not is_local(key):
                continue
            for name, allowed in entry.get(section, {}).items():
                may_lack = section == "peerDependencies" and bool(peers.get(name, {}).get("optional"))
                yield Need(name, str(allowed), may_lack)


def places(key: str, name: str) -> Iterator[str]:
    """The keys under which node looks for `name`, from the nearest on."""
    at = key
    while at:
        if not at.endswith("node_modules"):
            yield f"{at}/{_FOLDER}{name}"
        at = at.rpartition("/")[0]
    yield _FOLDER + name


def is_local(key: str) -> bool:
    """Whether this is a package of the project itself."""
    return _FOLDER not in key


def called(key: str, entry: Entry) -> str:
    """The package as a bump names it: `b`, `a>b` for a copy inside a, `c@npm:b` for b under the name c."""
    before, *inside = key.split(_FOLDER)
    shown = ">".join(part.rstrip("/") for part in ([before] if before else []) + inside)
    name = entry.get("name")
    return f"{shown}@npm:{name}" if name and name != inside[-1] else shown


def registry_name(package: str) -> str:
    """The name under which the registry has the package of a bump."""
    inner, _, alias = package.rpartition(">")[2].partition("@npm:")
    return alias or inner


def label(entry: Entry) -> str:
    """The version of an entry as a bump has it, with the commit for git."""
    if entry.get("link"):
        return f"link to {entry.get('resolved', '')}"
    version, resolved = str(entry.get("version", "")), str(entry.get("resolved", ""))
    if resolved.startswith("git"):
        return f"{version}#{resolved.rpartition('#')[2][:12]}"
    return version


def parsed(path: str, content: bytes) -> dict[str, Any]:
    """A JSON object; raises `LockFileFault` for anything else."""
    try:
        document = json.loads(text_of(path, content))
    except ValueError as error:
        raise LockFileFault(f"{path} is damaged ({error}); restore it, or lock again") from error
    if not isinstance(document, dict):
        raise LockFileFault(f"{path} is damaged (it is no JSON object); restore it, or lock again")
    return document


def entries_of(path: str, document: Mapping[str, Any]) -> dict[str, Entry] | None:
    """The entries of a lock file; None for one of npm 6, which has none. Raises `LockFileFault`."""
    packages = document.get("packages")
    if packages is None and "lockfileVersion" in document:
        return None
    if not isinstance(packages, dict) or not all(isinstance(one, dict) for one in packages.values()):
        raise LockFileFault(f"{path} has no `packages` as npm writes them; restore it, or lock again")
    for key, entry in packages.items():
        wrong = [one for one in SECTIONS if not isinstance(entry.get(one, {}), dict)]
        if wrong:
            raise LockFileFault(f"{path}: `{wrong[0]}` of {key or 'the project'} is no object; lock again")
    return packages


def old_versions(document: Mapping[str, Any], inside: str = "") -> dict[str, str]:
    """The versions in a lock file of npm 6, which nests `dependencies`."""
    found: dict[str, str] = {}
    for name, entry in document.get("dependencies", {}).items():
        found[inside + name] = str(entry.get("version", ""))
        found |= old_versions(entry, f"{inside}{name}>")
    return found
