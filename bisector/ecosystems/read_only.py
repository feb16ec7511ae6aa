"""Ecosystems of which bisector reads the lock file, and cannot write a mixed one."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from bisector.ecosystems.by_file import ByFile, Change
from bisector.ecosystems.contract import Files, LockFileFault, text_of


class ReadOnly(ByFile):
    """An ecosystem that tells the bumps of its lock file."""

    def change(self, path: str, before: Files, after: Files) -> Change:
        """The change, which cannot be written in part."""
        return Change(path, self._versions(path, before[path]), self._versions(path, after[path]))

    def _versions(self, path: str, content: bytes) -> dict[str, str]:
        text = text_of(path, content)
        try:
            found: dict[str, set[str]] = {}
            for name, version in self.locked(text):
                found.setdefault(name, set()).add(version)
        except (ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
            told = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise LockFileFault(f"{path} is damaged ({told}); restore it, or lock again") from error
        if not found and text.strip() and not self.is_empty(text):
            raise LockFileFault(f"{path} locks no package in a way that bisector knows; lock again")
        return {name: ", ".join(sorted(versions)) for name, versions in found.items()}

    @abstractmethod
    def locked(self, text: str) -> Iterable[tuple[str, str]]:
        """Names and versions; any error means that the file is damaged."""

    def is_empty(self, text: str) -> bool:
        """Whether a file without packages is whole."""
        return False


class Bundler(ReadOnly):
    """`Gemfile.lock`: the bumps."""

    name = "bundler"

    def lock_files(self) -> Sequence[str]:
        """The lock file."""
        return ("Gemfile.lock", "gems.locked")

    def locked(self, text: str) -> Iterator[tuple[str, str]]:
        """The gems under `specs:`, which are four spaces deep; of a project's own folder (PATH) none."""
        source, commit = "", ""
        for line in text.splitlines():
            if re.fullmatch(r"[A-Z][A-Z ]+", line):
                source, commit = line, ""
            elif found := re.fullmatch(r"  revision: (\w+)", line):
                commit = f"#{found[1][:12]}"
            elif source in ("GEM", "GIT", "PLUGIN SOURCE") and (
                gem := re.fullmatch(r" {4}([^\s(!]+) \(([^)]+)\)", line)
            ):
                yield gem[1], gem[2] + commit

    def is_empty(self, text: str) -> bool:
        """Without gems there still are platforms."""
        return "PLATFORMS" in text


class Pnpm(ReadOnly):
    """`pnpm-lock.yaml`: the bumps."""

    name = "pnpm"

    def lock_files(self) -> Sequence[str]:
        """The lock file."""
        return ("pnpm-lock.yaml",)

    def locked(self, text: str) -> Iterator[tuple[str, str]]:
        """The keys of `packages`: `/a/1.0.0_peer`, `/a@1.0.0(peer)` or `a@1.0.0`, by the version of pnpm.

        A newer pnpm writes a second document, for packages of its own settings.
        """
        documents = [_mapping(one) for one in yaml.load_all(text, Loader=_YAML)]
        for key in (key for one in documents for key in _mapping(one.get("packages") or {})):
            bare = re.sub(r"\(.*", "", str(key).removeprefix("/"))
            at = bare.rfind("@") if "@" in bare[1:] else bare.rfind("/")
            yield bare[:at], bare[at + 1 :].partition("_")[0]

    def is_empty(self, text: str) -> bool:
        """A project may have no dependencies."""
        return "lockfileVersion" in text


class Yarn(ReadOnly):
    """`yarn.lock` of all versions: the bumps."""

    name = "yarn"

    def lock_files(self) -> Sequence[str]:
        """The lock file."""
        return ("yarn.lock",)

    def locked(self, text: str) -> Iterator[tuple[str, str]]:
        """A paragraph for each package; that of yarn 2 and newer is YAML."""
        if "__metadata:" in text:
            yield from _berry(yaml.load(text, Loader=_YAML))
            return
        name = ""
        for line in text.splitlines():
            if re.match(r"[^\s#].*:$", line):
                name = _yarn_name(line.rstrip(":").split(",")[0].strip().strip('"'))
            elif found := re.fullmatch(r'  version "?([^"\s]+)"?', line):
                yield name, found[1]

    def is_empty(self, text: str) -> bool:
        """A project may have no dependencies."""
        return "# yarn lockfile v1" in text or "__metadata:" in text


class Composer(ReadOnly):
    """`composer.lock`: the bumps."""

    name = "composer"

    def lock_files(self) -> Sequence[str]:
        """The lock file."""
        return ("composer.lock",)

    def locked(self, text: str) -> Iterator[tuple[str, str]]:
        """The entries of `packages` and `packages-dev`; a branch has its commit."""
        document = _mapping(json.loads(text))
        for one in [*document["packages"], *(document.get("packages-dev") or [])]:
            version = str(one["version"])
            commit = str((one.get("source") or {}).get("reference", ""))[:12]
            yield str(one["name"]), f"{version}#{commit}" if version.startswith("dev-") else version

    def is_empty(self, text: str) -> bool:
        """A project may have no dependencies."""
        return '"packages"' in text


class Opam(ReadOnly):
    """`*.opam.locked`: the bumps."""

    name = "opam"

    def lock_files(self) -> Sequence[str]:
        """The lock file of each package, as `opam lock` writes it."""
        return ("*.opam.locked",)

    def locked(self, text: str) -> Iterator[tuple[str, str]]:
        """The pins in `depends` and `depopts`."""
        for field in re.findall(r"^dep(?:ends|opts):\s*\[(.*?)^\]", text, re.MULTILINE | re.DOTALL):
            yield from re.findall(r'"([^"\s]+)"\s*\{[^}]*?=\s*"([^"]+)"', field)


class _YAML(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML in which nothing but text is made: versions such as 1.10 stay as they are written."""


_YAML.yaml_implicit_resolvers = {}


def _mapping(value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, dict):
        raise ValueError("it is no table of keys and values")
    return value


def _berry(document: Any) -> Iterator[tuple[str, str]]:
    for key, entry in _mapping(document).items():
        # What is in the project's own folders has no version of its own.
        if key != "__metadata" and "@workspace:" not in str(entry.get("resolution", "")):
            yield _yarn_name(str(key).split(",")[0]), str(entry["version"])


def _yarn_name(wanted: str) -> str:
    """The name in `@scope/name@^1.0`."""
    return wanted[: wanted.index("@", 1)]
