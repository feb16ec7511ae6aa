"""The ecosystem `python`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bisector.ecosystems.by_file import ByFile, Change, needing
from bisector.ecosystems.contract import NO_FILES, Ask, Files, NotSupported, matches

if TYPE_CHECKING:
    from bisector.ecosystems.python.requirements import RequirementsChange

_PINS = ("*requirements*.txt", "requirements/*.txt", "*constraints*.txt")


class Python(ByFile):
    """`requirements.txt` and `constraints.txt` with pins, `uv.lock`, `poetry.lock`; releases from pip."""

    name = "python"

    def lock_files(self) -> Sequence[str]:
        """Files of pins for pip, and the lock files of uv and poetry."""
        return (*_PINS, "uv.lock", "poetry.lock")

    def manifests(self) -> Sequence[str]:
        """The project file, whose ranges uv and poetry compare with their lock file."""
        return ("pyproject.toml",)

    def change(self, path: str, before: Files, after: Files) -> Change:
        """The change of one lock file."""
        with needing(f"reading {path}"):
            if matches(path, ["uv.lock"]):
                from bisector.ecosystems.python.uv import UvChange

                return UvChange(path, before, after)
            if matches(path, ["poetry.lock"]):
                from bisector.ecosystems.python.poetry import PoetryChange

                return PoetryChange(path, before, after)
            return self._pins(path, before, after)

    def releases(self, package: str, old: str, new: str, *, ask: Ask, files: Files = NO_FILES) -> list[str]:
        """The versions that `pip index versions` lists for the pip that is found on PATH."""
        with needing("listing releases"):
            from bisector.ecosystems.python.releases import releases
            from bisector.ecosystems.python.requirements import index_options

            pins = [content for path, content in files.items() if matches(path, _PINS)]
            return releases(package, old, new, ask, index_options(pins))

    def at(self, files: Files, package: str, version: str, *, ask: Ask) -> dict[str, bytes]:
        """The files with another pin, and the hash of the wheel that pip would install; uv locks itself."""
        with needing(f"writing {package} {version}"):
            changed = dict(files)
            for path in sorted(path for path in files if self.locks(path)):
                if matches(path, ["poetry.lock"]):
                    raise NotSupported(
                        f"bisector cannot write {path} with {package} {version}: poetry has no command that "
                        "locks one package at a version and leaves the rest"
                    )
                if matches(path, ["uv.lock"]):
                    from bisector.ecosystems.python.uv import at

                    changed |= at(path, files, package, version, ask)
                else:
                    changed[path] = self._pins(path, files, files).at(package, version, ask)
            return changed

    def _pins(self, path: str, before: Files, after: Files) -> RequirementsChange:
        from bisector.ecosystems.python.requirements import RequirementsChange

        return RequirementsChange(path, before, after)
