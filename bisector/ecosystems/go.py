"""The ecosystem `go`: the versions in `go.mod`, with the hashes in `go.sum`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from bisector.ecosystems.by_file import ByFile, Change, beside
from bisector.ecosystems.contract import (
    NO_FILES,
    Ask,
    ClientFault,
    Files,
    LockFileFault,
    NotWritten,
    text_of,
)

_REQUIRED = re.compile(
    r"(?P<head>\s*(?:require\s+)?)(?P<module>[^\s()]+)\s+(?P<version>v[^\s()]+)(?P<rest>.*)", re.DOTALL
)
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")


class Go(ByFile):
    """`go.mod` with `go.sum`; releases from `go list -m -versions`."""

    name = "go"

    def lock_files(self) -> Sequence[str]:
        """The file that chooses the versions."""
        return ("go.mod",)

    def manifests(self) -> Sequence[str]:
        """The hashes of what is chosen."""
        return ("go.sum",)

    def change(self, path: str, before: Files, after: Files) -> Change:
        """The change of one module's requirements."""
        return GoChange(path, before, after)

    def releases(self, package: str, old: str, new: str, *, ask: Ask, files: Files = NO_FILES) -> list[str]:
        """The versions that the module proxy lists; without pseudo-versions, which are single commits."""
        ends = [_order(package, end) for end in (old, new)]
        listed = ask(["go", "list", "-m", "-versions", package]).output.split()[1:]
        pre = "-" in old or "-" in new
        between = {
            one: order
            for one in listed
            if (order := _order(package, one)) and min(ends) < order < max(ends) and (pre or "-" not in one)
        }
        return [*sorted(between, key=lambda one: between[one], reverse=ends[1] < ends[0]), new]

    def at(self, files: Files, package: str, version: str, *, ask: Ask) -> dict[str, bytes]:
        """The line in `go.mod`, and the hashes that `go mod download -json` tells.

        What the other version requires in turn is not raised: go then refuses to build, and says so.
        """
        changed = dict(files)
        for path in sorted(path for path in files if self.locks(path)):
            change = GoChange(path, files, files)
            if package not in change.locked:
                continue
            try:
                told = json.loads(ask(["go", "mod", "download", "-json", f"{package}@{version}"]).output)
                sums = f"{package} {version} {told['Sum']}\n{package} {version}/go.mod {told['GoModSum']}\n"
            except (ValueError, LookupError, TypeError) as error:
                raise ClientFault(f"go does not tell the hash of {package} {version}") from error
            changed[path] = change.with_versions({package: version})
            hashes = beside(path, "go.sum")
            changed[hashes] = _united(files.get(hashes, b""), sums.encode())
        return changed


class GoChange(Change):
    """What a commit does to a `go.mod`."""

    def __init__(self, path: str, before: Files, after: Files) -> None:
        self._lines = text_of(path, before[path]).splitlines(keepends=True)
        self._new_lines = text_of(path, after[path]).splitlines(keepends=True)
        self._sums = beside(path, "go.sum")
        self._hashes = before.get(self._sums), after.get(self._sums)
        super().__init__(path, _versions(path, self._lines), _versions(path, self._new_lines))

    def mixed(self, moved: frozenset[str]) -> dict[str, bytes]:
        """The lines of these modules as in the new file. `go.sum` may have more hashes than are needed."""
        found = {self.path: self.with_versions({name: self._new.get(name, "") for name in moved})}
        old, new = self._hashes
        if old is not None and new is not None:
            found[self._sums] = _united(old, new)
        return found

    def with_versions(self, versions: dict[str, str]) -> bytes:
        """The file with these modules at these versions, '' for one that goes."""
        lines = list(self._lines)
        left = dict(versions)
        for at, found in _required(self._lines):
            if (version := left.pop(found["module"], None)) is not None:
                kept = f"{found['head']}{found['module']} {version}{found['rest']}"
                lines[at] = kept if version else ""
        comments = {found["module"]: found["rest"].strip() for _, found in _required(self._new_lines)}
        for name, version in left.items():
            if version:
                lines.append(f"\nrequire {name} {version} {comments.get(name, '')}".rstrip() + "\n")
        return "".join(lines).encode()


def _required(lines: Sequence[str]) -> Iterator[tuple[int, re.Match[str]]]:
    """The lines of the file that require a module, with their numbers from 0."""
    inside = False
    for at, line in enumerate(lines):
        words = line.split("//")[0].split()
        if words[:2] == ["require", "("] or words[:1] == ["require("]:
            inside = True
        elif words[:1] == [")"]:
            inside = False
        elif (inside or words[:1] == ["require"]) and (found := _REQUIRED.fullmatch(line)):
            yield at, found


def _versions(path: str, lines: Sequence[str]) -> dict[str, str]:
    if not any(line.split()[:1] == ["module"] for line in lines):
        raise LockFileFault(f"{path} has no `module` line; restore it, or run go mod init")
    return {found["module"]: found["version"] for _, found in _required(lines)}


def _united(old: bytes, new: bytes) -> bytes:
    lines = text_of("go.sum", old).splitlines() + text_of("go.sum", new).splitlines()
    return "".join(f"{line}\n" for line in sorted({*lines}) if line).encode()


_Order = tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]


def _order(module: str, version: str) -> _Order:
    """The place of a version among others, as Semantic Versioning 2.0.0 (section 11) has it."""
    found = _VERSION.fullmatch(version)
    if found is None:
        told = f"required at {version!r}" if version else "added or removed"
        raise NotWritten(f"{module} is {told}: only releases between two single versions can be listed")
    parts = tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in (found[4] or "").split(".")
    )
    return (int(found[1]), int(found[2]), int(found[3])), not found[4], parts
