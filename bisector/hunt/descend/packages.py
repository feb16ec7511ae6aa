"""Into a dependency bump: which packages make the parent bad, and which release of a package."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath

from bisector.ecosystems import (
    Bump,
    Client,
    Ecosystem,
    Files,
    NotSupported,
    NotWritten,
    ecosystem_of,
    is_read,
)
from bisector.errors import BisectorError
from bisector.history.changes import Changes
from bisector.history.repository import Repository
from bisector.history.stand_ins import Contents, Entry
from bisector.hunt.conclusion import AnyOf
from bisector.hunt.descend.level import Level
from bisector.hunt.descend.line import Stage, in_stages
from bisector.hunt.descend.smallest import Part
from bisector.hunt.descend.space import Space
from bisector.hunt.descend.way import Way

_MOST_RELEASES = 200


@dataclass(frozen=True)
class Locked:
    """The lock files of one ecosystem, with their manifests, before and after a commit."""

    ecosystem: Ecosystem
    before: Files
    after: Files
    modes: Mapping[str, str]
    bumps: tuple[Bump, ...]

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """The packages that the commit moves."""
        return tuple(dict.fromkeys(bump.package for bump in self.bumps))

    @cached_property
    def has_more(self) -> bool:
        """Whether the commit changes these files otherwise too, so that this is a part of its own."""
        return dict(self.ecosystem.mixed(self.before, self.after, self.packages)) != dict(self.after)

    def name(self, at: int) -> str:
        """The part at a position: a package, then what else the commit changes in these files."""
        if at == len(self.packages):
            return f"other lines of {', '.join(sorted(self._changed))}"
        bump = self.bump(at)
        needs = f" with {', '.join(bump.needs)}" if bump.needs else ""
        return f"{bump}{needs}"

    def bump(self, at: int) -> Bump:
        """The first bump of the package at a position."""
        return next(bump for bump in self.bumps if bump.package == self.packages[at])

    def steps(self) -> Iterator[Part]:
        """The parts in groups that go together, each after those that it needs."""
        at = {package: n for n, package in enumerate(self.packages)}
        for group in self.ecosystem.steps(self.before, self.after):
            yield tuple(sorted(at[package] for package in group))
        if self.has_more:
            yield (len(self.packages),)

    def __len__(self) -> int:
        return len(self.packages) + self.has_more

    def entries(self, chosen: Collection[int]) -> dict[str, Entry | None]:
        """The files that differ from those before with only these parts; raises `NotWritten`."""
        moved = [package for at, package in enumerate(self.packages) if at in chosen]
        if len(self.packages) in chosen:
            back = [package for package in self.packages if package not in moved]
            files = self.ecosystem.mixed(self.after, self.before, back)
        else:
            files = self.ecosystem.mixed(self.before, self.after, moved)
        return {
            path: Entry(self.modes[path], files[path]) if path in files else None
            for path in {*self.before, *files}
            if files.get(path) != self.before.get(path)
        }

    @cached_property
    def _changed(self) -> set[str]:
        return {path for path in self.after if self.after[path] != self.before.get(path)}


def locked_in(repository: Repository, changes: Changes, before: str, after: str) -> list[Locked]:
    """The lock files that change between two commits, by ecosystem; raises `BisectorError` for a damaged one.

    A lock file that only one side has is left to the hunks.
    """
    touched = {change.path for change in changes.all}
    locks = {path: one for path in touched if (one := ecosystem_of(path)) is not None}
    folders = {str(PurePosixPath(path).parent) for path in locks}
    sides = [_read(repository, side, folders) for side in (before, after)]
    found = []
    for ecosystem in dict.fromkeys(locks.values()):
        old, new = (
            {path: entry.data or b"" for path, entry in side.items() if _is_of(ecosystem, path, locks)}
            for side in sides
        )
        bumps = tuple(ecosystem.bumps(old, new))
        if bumps:
            modes = {path: entry.mode for side in sides for path, entry in side.items()}
            found.append(Locked(ecosystem, old, new, modes, bumps))
    return found


def _is_of(ecosystem: Ecosystem, path: str, locks: Mapping[str, Ecosystem]) -> bool:
    """Whether a file is a changed lock file of this ecosystem, or a manifest, which has no other one."""
    return locks.get(path) is ecosystem or (path not in locks and ecosystem_of(path) is None)


def _read(repository: Repository, commit: str, folders: Collection[str]) -> dict[str, Entry]:
    """The lock files and manifests in these folders."""
    rows = repository.git("ls-tree", "-r", "-z", commit).decode(errors="surrogateescape").split("\0")[:-1]
    found: dict[str, Entry] = {}
    for row in rows:
        what, path = row.split("\t", 1)
        mode, kind, blob = what.split()
        if (
            kind == "blob"
            and mode != "120000"
            and str(PurePosixPath(path).parent) in folders
            and is_read(path)
        ):
            found[path] = Entry(mode, repository.git("cat-file", "blob", blob), blob)
    return found


@dataclass(frozen=True)
class Releases:
    """The step to the first bad release of a package, which the commit `of` moves.

    `held` is the good side, with all else that is needed, and `bad` the same with the package moved.
    """

    way: Way
    space: Space
    of: str
    locked: Locked
    bump: Bump
    held: Contents
    bad: Contents

    @property
    def blank(self) -> Level:
        """The step without an answer."""
        return Level("releases", self.of, self.bump.old, self.bump.new, "open", "", self.bump.package)

    def taken(self) -> Level:
        """The step with its answer; raises `Spent`, and what a hunt raises."""
        way, level, bump = self.way, self.blank, self.bump
        if not way.ground.hunt.descend.fetch:
            why = "only its registry knows the releases in between; to let bisector ask it, add the option"
            return replace(level, why=why, command="--set descend.fetch=true")
        ask = Client(way.ground.environment)
        way.tell(f"into the releases of {bump.package} from {bump.old} to {bump.new}")
        try:
            releases = self.locked.ecosystem.releases(
                bump.package, bump.old, bump.new, ask=ask, files=self.locked.before
            )
            if len(releases) < 2:
                return replace(level, state="together", why="there is no release in between")
            if len(releases) > _MOST_RELEASES:
                return replace(level, why=f"there are {len(releases)} releases, too many to write files for")
            stages = list(self._stages(releases, ask))
        except BisectorError as error:
            return replace(level, why=str(error))
        found = way.tried(lambda: in_stages(way.ground, self.space, self.of, stages))
        if isinstance(found, str):
            return replace(level, why=found)
        new = way.ground.hunt.kinds.new
        if found.answer:
            why = f"confirmed: the first {new} release of {len(releases)}, with all else as in the answer"
            return replace(level, state="found", answer=found.answer, why=why)
        if isinstance(found.conclusion, AnyOf):
            commits = tuple(map(found.line.of, found.conclusion.commits))
            return replace(level, state="one-of", any_of=commits, why="only untestable releases are left")
        return replace(level, why=found.why)

    def _stages(self, releases: Sequence[str], ask: Client) -> Iterator[Stage]:
        """The good side, then one release after the other; the last one is as the commit has it."""
        package, base = self.bump.package, dict(self.locked.before)
        for path, entry in self.held.files.items():
            if path in base and entry is not None and entry.data is not None:
                base[path] = entry.data
        yield Stage("", self.held, f"{package} {self.bump.old}")
        for release in releases[:-1]:
            yield Stage(release, self._at(base, release, ask), f"{package} {release}")
        yield Stage(releases[-1], self.bad, f"{package} {releases[-1]}")

    def _at(self, base: Files, release: str, ask: Client) -> Contents | None:
        """The good side with the package at this release; None if that cannot be written."""
        try:
            made = self.locked.ecosystem.at(base, self.bump.package, release, ask=ask)
        except NotSupported:
            raise
        except NotWritten:
            return None
        before, modes = self.locked.before, self.locked.modes
        changed = {path: Entry(modes[path], data) for path, data in made.items() if data != before.get(path)}
        return replace(self.held, files={**self.held.files, **changed})
