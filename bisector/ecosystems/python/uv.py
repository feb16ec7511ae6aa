"""`uv.lock`: blocks of packages. It has no ranges, only which package requires which.

So packages that change move with all that change and that they require, or that require them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import tomlkit

from bisector.ecosystems.by_file import beside, in_order, inside
from bisector.ecosystems.contract import Ask, Files, NotWritten
from bisector.ecosystems.python.pyproject import merged
from bisector.ecosystems.toml_blocks import Block, BlockChange, Table

_LOCAL = ("editable", "virtual", "directory", "workspace")


class UvChange(BlockChange):
    """What a commit does to a `uv.lock`."""

    def describe(self, table: Table) -> tuple[str, str, bool]:
        """A package of the project is one that is installed from a folder."""
        name, version, source = str(table["name"]), str(table.get("version", "")), table.get("source", {})
        if any(kind in source for kind in _LOCAL):
            return name, version, True
        if "git" in source:
            return name, f"{version}#{str(source['git']).rpartition('#')[2][:12]}", False
        where = next((str(source[kind]) for kind in ("url", "path") if kind in source), "")
        return name, f"{version} @ {where}" if where else version, False

    def requires(self, table: Table) -> Iterable[str]:
        """The names in `dependencies`, and in those of extras and groups."""
        return [str(one["name"]) for found in _lists(table) for one in found]

    def fits(self, dependent: Block, dependency: str, locked: Sequence[Block]) -> bool:
        """No: whether one side goes with the other would be a guess, and uv would install it unasked."""
        return False

    def with_parts(self, old: Block, new: Block, moved: Collection[str]) -> str:
        """The references of a package, and the ranges of the project's own, for the packages `moved`."""
        mine, other = tomlkit.parse(old.text), tomlkit.parse(new.text)
        changed = False
        for (table, key), (source, _) in _paired(mine["package"], other["package"]):
            here, there = table.get(key, []), source.get(key, [])
            wanted = _merged_items(list(here), list(there), moved)
            if wanted != [dict(one) for one in here]:
                table[key] = _array(wanted)
                changed = True
        return tomlkit.dumps(mine) if changed else old.text

    def manifests(self, moved: Collection[str]) -> dict[str, bytes]:
        """The project files of the packages of the project."""
        found: dict[str, bytes] = {}
        for block in self._before.blocks:
            folder = next((str(v) for k, v in block.table.get("source", {}).items() if k in _LOCAL), "")
            path = beside(self.path, "pyproject.toml" if folder == "." else f"{folder}/pyproject.toml")
            if block.is_local and path in self._files and path in self._new_files:
                found[path] = merged(path, self._files[path], self._new_files[path], moved)
        return found


def at(path: str, files: Files, package: str, version: str, ask: Ask) -> dict[str, bytes]:
    """The lock file that `uv lock --upgrade-package` writes, as far as it is this package's.

    Raises `NotWritten` without a project file beside it, or if uv chose another version.
    """
    if package not in UvChange(path, files, files).locked:
        return {}
    own = inside(path, files)
    if "pyproject.toml" not in own:
        raise NotWritten(f"{path} cannot be written with {package} {version} without its pyproject.toml")
    # Building a package would run code of a release outside the sandbox of the tests.
    answer = ask(["uv", "lock", "--no-build", "--upgrade-package", f"{package}=={version}"], own)
    locked = {**files, path: answer.files.get("uv.lock", files[path])}
    change = UvChange(path, files, locked)
    chosen = {bump.package: bump.new for bump in change.bumps()}.get(package)
    if chosen != version:
        raise NotWritten(f"uv does not lock {package} at {version}; it keeps {chosen or 'what is locked'}")
    return change.mixed(change.along({package}))


def _lists(table: Any) -> Iterator[Sequence[Mapping[str, Any]]]:
    yield table.get("dependencies", [])
    for kind in ("optional-dependencies", "dev-dependencies"):
        yield from table.get(kind, {}).values()


def _paired(mine: Any, other: Any) -> Iterator[tuple[tuple[Any, str], tuple[Any, str]]]:
    """Each list of references of a package, as table and key, in the old and the new block."""
    old, new = mine[0], other[0]
    yield (old, "dependencies"), (new, "dependencies")
    pairs = [(old, new, kind) for kind in ("optional-dependencies", "dev-dependencies")]
    if "metadata" in old and "metadata" in new:
        yield (old["metadata"], "requires-dist"), (new["metadata"], "requires-dist")
        pairs.append((old["metadata"], new["metadata"], "requires-dev"))
    for here, there, kind in pairs:
        if kind in here and kind in there:
            yield from (((here[kind], key), (there[kind], key)) for key in {**here[kind], **there[kind]})


def _merged_items(old: list[Any], new: list[Any], moved: Collection[str]) -> list[dict[str, Any]]:
    here, there = ({repr(dict(one)): dict(one) for one in side} for side in (old, new))
    kept = {key: one for key, one in here.items() if one["name"] not in moved}
    taken = {key: one for key, one in there.items() if one["name"] in moved}
    names = {key: str(one["name"]) for key, one in {**here, **there}.items()}
    order = in_order([*here], [*there], {*kept, *taken}, names.__getitem__)
    return [kept.get(key) or taken[key] for key in order]


def _array(items: Sequence[Mapping[str, Any]]) -> Any:
    """The references in uv's own layout."""
    lines = "".join(f"    {_inline(item)},\n" for item in items)
    return tomlkit.parse(f"array = [\n{lines}]\n")["array"]


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return str(tomlkit.item(value).as_string())
