"""Proposes inputs from the files that were read, and compares them with the declared ones.

There are three kinds of dependence. A file that was *read* is an input. A file that was only *looked up*
(found or not) is an input if the hunt's range adds or deletes it. If a folder was *listed* and some of its
files were read, all its files are inputs. A folder that was listed but not read, or the top, is not:
otherwise a tool that walks up to find its project would make the whole repository an input. Such folders are
reported if the range adds or deletes names in them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bisector.history.inputs import covered
from bisector.hunt_file import Hunt
from bisector.phases.inputs.cover import cover
from bisector.phases.inputs.seen import Seen
from bisector.phases.inputs.tracing import Traced


@dataclass(frozen=True, slots=True)
class Section:
    """`build` or `test` of a hunt file: the proposed and the declared inputs (None if not declared)."""

    name: str
    read: frozenset[str]
    """Tracked files that were read."""
    inputs: tuple[str, ...]
    """Empty if nothing can be proposed."""
    declared: tuple[str, ...] | None
    never_read: tuple[str, ...]
    """Declared entries in which nothing was read or looked up."""
    forgotten: tuple[str, ...]
    """Files that were read but not declared, as few entries."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files that the build created and the test read, as few entries, and the declared outputs."""

    proposed: tuple[str, ...]
    declared: tuple[str, ...]

    @property
    def never_read(self) -> tuple[str, ...]:
        """Declared outputs that the test did not read."""
        return tuple(one for one in self.declared if not _meets(one, self.proposed))

    @property
    def forgotten(self) -> tuple[str, ...]:
        """Files of the build that the test read but that are not declared."""
        return tuple(one for one in self.proposed if not covered(one, self.declared))


@dataclass(frozen=True, slots=True)
class Proposal:
    """The whole proposal for a hunt file."""

    build: Section | None
    test: Section
    outputs: Outputs | None
    later: tuple[str, ...]
    """Files that were looked up, are missing in the traced commit, and exist in others of the range."""
    passing: tuple[str, ...]
    """Names that the range adds or deletes in folders that were only listed; no input covers them."""
    asks_git: bool
    """Whether the build or the test reads git's own files, which differ from commit to commit."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """`build`, if there is one, and `test`."""
        return (self.build, self.test) if self.build else (self.test,)

    @property
    def forgets(self) -> bool:
        """Whether the hunt file declares inputs but not all of them."""
        return any(section.forgotten for section in self.sections)

    def applied(self, hunt: Hunt) -> Hunt:
        """The hunt with these inputs; a section without a proposal stays as it is."""
        update: dict[str, object] = {}
        if self.test.inputs:
            update["test"] = hunt.test.model_copy(update={"inputs": self.test.inputs})
        if hunt.build and self.build and self.build.inputs:
            update["build"] = hunt.build.model_copy(update={"inputs": self.build.inputs})
        return hunt.model_copy(update=update)


def proposed(hunt: Hunt, traced: Traced, coming_and_going: frozenset[str], scratch: str) -> Proposal:
    """The proposal from a trace; `coming_and_going` are files added or deleted in the range."""
    weigh = _Weighing(traced, coming_and_going)
    declared = hunt.build.inputs if hunt.build else None
    build = outputs = None
    if traced.build is not None and hunt.build is not None:
        build_inputs = weigh.with_later(weigh.inputs(traced.build), declared)
        build = weigh.section("build", traced.build, build_inputs, declared, declared or ())
        made = traced.test.read & (traced.made | traced.build.written)
        # A folder that also contains tracked files must not be restored from another commit's build.
        outputs = Outputs(cover(made, traced.made, never=traced.tracked), hunt.build.outputs)
    beside = build.inputs if build else ()
    # An empty list does not count as declared, so fall back to inputs that the build's cover already.
    test_inputs = weigh.inputs(traced.test, beside) or weigh.inputs(traced.test) or beside
    test_inputs = weigh.with_later(test_inputs, hunt.test.inputs)
    test = weigh.section("test", traced.test, test_inputs, hunt.test.inputs, declared or ())
    seen = [one for one in (traced.build, traced.test) if one is not None]
    return Proposal(
        build,
        test,
        outputs,
        tuple(sorted({path for one in seen for path in weigh.looked_for(one)} - traced.tracked)),
        weigh.passing(seen, (*beside, *test_inputs)),
        any(path.startswith(f"{scratch}/") for one in seen for path in one.outside),
    )


class _Weighing:
    def __init__(self, traced: Traced, coming_and_going: frozenset[str]) -> None:
        self._constant = traced.laid_over
        self._test = traced.test
        self._tracked = frozenset(path for path in traced.tracked if self._counts(path))
        self._moving = frozenset(path for path in coming_and_going if self._counts(path))
        self._folders = {folder for path in self._tracked for folder in _above(path)}
        self._made = traced.build.written - traced.tracked if traced.build else frozenset()
        self._rewritten = traced.build.written & traced.tracked if traced.build else frozenset()

    def _counts(self, path: str) -> bool:
        """Whether a path belongs to the commit, not to the overlay."""
        return not covered(path, self._constant)

    def read(self, seen: Seen) -> frozenset[str]:
        """The tracked files that were read, without those that the build had rewritten."""
        return (seen.read & self._tracked) - (self._rewritten if seen is self._test else frozenset())

    def inputs(self, seen: Seen, beside: Sequence[str] = ()) -> tuple[str, ...]:
        """Few entries that cover all dependences on the repository except those in `beside`."""
        wanted = {path for path in self._wanted(seen) if not covered(path, beside)}
        # Ignore files of other commits: many later additions would split up a folder.
        return cover(wanted, self._tracked)

    def with_later(self, inputs: tuple[str, ...], declared: Sequence[str] | None) -> tuple[str, ...]:
        """The entries, plus declared ones that match files of the range but none of this commit."""
        return tuple(sorted({*inputs, *(one for one in declared or () if self._is_later(one))}))

    def _is_later(self, entry: str) -> bool:
        there = any(covered(path, [entry]) for path in self._tracked)
        return not there and any(covered(path, [entry]) for path in self._moving)

    def _wanted(self, seen: Seen) -> frozenset[str]:
        read = self.read(seen)
        read_in = {_folder(path) for path in read}
        listed = {folder for folder in seen.listed if folder != "." and folder in read_in}
        among = {path for path in self._tracked | self._moving if _folder(path) in listed}
        return read | among | self.looked_for(seen)

    def looked_for(self, seen: Seen) -> frozenset[str]:
        """Files that were looked up, found or not, and that the range adds or deletes."""
        absent = seen.absent - self._made
        return frozenset(
            path
            for path in self._moving
            if path in seen.examined or path in absent or any(above in absent for above in _above(path))
        )

    def section(
        self,
        name: str,
        seen: Seen,
        inputs: tuple[str, ...],
        declared: tuple[str, ...] | None,
        beside: Sequence[str],
    ) -> Section:
        """A section, with missing and superfluous declared entries; `beside` also counts as declared."""
        read = self.read(seen)
        touched = read | {path for path in seen.examined if path in self._tracked}
        never_read: list[str] = []
        forgotten: tuple[str, ...] = ()
        if declared is not None:
            never_read = [
                one
                for one in declared
                if not any(covered(path, [one]) for path in touched) and not self._is_later(one)
            ]
            missing = {path for path in read if not covered(path, (*declared, *beside))}
            undeclared = {path for path in self._tracked if not covered(path, (*declared, *beside))}
            forgotten = cover(missing, undeclared)
        return Section(name, read, inputs, declared, tuple(never_read), forgotten)

    def passing(self, seen: Sequence[Seen], inputs: Sequence[str]) -> tuple[str, ...]:
        """Names that the range adds or deletes in folders that were listed, as entries of those folders."""
        folders = {folder for one in seen for folder in one.listed}
        names = set()
        for path in self._moving:
            for entry in (path, *_above(path)):
                new = entry == path or entry not in self._folders
                if new and _folder(entry) in folders and not covered(entry, inputs):
                    names.add(entry)
        return tuple(sorted(names))


def _above(path: str) -> list[str]:
    """The folders above a path, without the top."""
    parts = path.split("/")
    return ["/".join(parts[:at]) for at in range(1, len(parts))]


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _meets(one: str, others: Collection[str]) -> bool:
    return covered(one, others) or any(covered(other, [one]) for other in others)
