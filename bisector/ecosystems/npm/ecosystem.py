"""The ecosystem `npm`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bisector.ecosystems.by_file import ByFile, Change, beside, inside, needing
from bisector.ecosystems.contract import NO_FILES, Ask, ClientFault, Files, NotSupported, NotWritten


class Npm(ByFile):
    """`package-lock.json` and `npm-shrinkwrap.json` of npm 7 and newer; releases from `npm view`."""

    name = "npm"

    def lock_files(self) -> Sequence[str]:
        """The two names under which npm keeps its lock file."""
        return ("package-lock.json", "npm-shrinkwrap.json")

    def manifests(self) -> Sequence[str]:
        """The project's ranges, and the settings that name its registry."""
        return ("package.json", ".npmrc")

    def change(self, path: str, before: Files, after: Files) -> Change:
        """The change of one lock file."""
        with needing(f"reading {path}"):
            from bisector.ecosystems.npm.change import npm_change

            return npm_change(path, before, after)

    def releases(self, package: str, old: str, new: str, *, ask: Ask, files: Files = NO_FILES) -> list[str]:
        """The versions that `npm view` lists."""
        with needing("listing releases"):
            from bisector.ecosystems.npm.ranges import between
            from bisector.ecosystems.npm.tree import registry_name

            between(package, old, new, ())
            settings = {path: content for path, content in files.items() if path == ".npmrc"}
            answer = ask(["npm", "view", registry_name(package), "versions", "--json"], settings).output
            try:
                listed = json.loads(answer)
            except ValueError:
                raise ClientFault(f"`npm view {registry_name(package)} versions` gave no list") from None
            return between(package, old, new, [listed] if isinstance(listed, str) else map(str, listed))

    def at(self, files: Files, package: str, version: str, *, ask: Ask) -> dict[str, bytes]:
        """The files that `npm install --package-lock-only` writes, as far as they are this package's."""
        if ">" in package or "@npm:" in package:
            raise NotSupported(
                f"bisector cannot move {package}, which is inside another package or under another name, to "
                f"{version}: npm has no command for it"
            )
        changed = dict(files)
        for path in sorted(path for path in files if self.locks(path)):
            changed |= self._at(path, files, package, version, ask)
        return changed

    def _at(self, path: str, files: Files, package: str, version: str, ask: Ask) -> dict[str, bytes]:
        own = inside(path, files)
        if "package.json" not in own:
            raise NotWritten(f"{path} cannot be written with {package} {version} without its package.json")
        command = ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
        answer = ask([*command, f"{package}@{version}"], own).files
        with needing(f"writing {path}"):
            from bisector.ecosystems.npm.change import NpmChange, npm_change

            change = npm_change(
                path, files, {beside(path, name): content for name, content in answer.items()}
            )
        if not isinstance(change, NpmChange):
            raise NotSupported(f"bisector cannot write {path} of npm 6 (lockfileVersion 1)")
        moved = {bump.package: bump.new for bump in change.bumps()}
        if change.locked.get(package) == version and package not in moved:
            return {}
        if moved.get(package) != version:
            raise NotWritten(
                f"npm does not lock {package} at {version}; it chose {moved.get(package, 'none')}"
            )
        all_moved = change.along({package})
        if misfits := change.misfits(all_moved):
            raise NotWritten(f"{path} cannot have {package} {version}: {misfits[0]}")
        return change.held(all_moved)
