"""The recipe: everything that can change the outcome of a build, a test or a hunt, as keys.

The same key means the same artefacts, the same reading, the same hunt. `RECIPE` is the whole of it: what is
not in that table does not count, and what is in it is never left out. Its digests are all that leaves this
module, so that values of variables, which may be secrets, are kept nowhere.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path, PurePosixPath
from typing import Any

from bisector.errors import HistoryError
from bisector.history.object_ids import object_ids
from bisector.history.repository import Repository
from bisector.hunt_file import Hunt
from bisector.hunt_file.overlay import Copy, Overlay, Patch, Place
from bisector.predicate import Predicate
from bisector.probe import command_words
from bisector.probe.contents import digest_of
from bisector.probe.environment import counting
from bisector.probe.plug_in_sources import sources

_WHOLE_TREE = (".",)
_AHEAD = {"ahead", "ccache"}
"""When and how fast something is built, not what."""


class Enters(IntEnum):
    """The keys that an ingredient enters: its own, and all that come after it here."""

    BUILD = 1
    TEST = 2
    JUDGEMENT = 3
    HUNT = 4


@dataclass(frozen=True)
class Identity:
    """One hunt as it stands at one start.

    `environment` is what builds and tests see, `compiler` what `build.identity` printed. `ends` gives the
    ids of `good` and `bad` as far as they are known; `named` those of all revisions that the overlay names.
    Raises `HistoryError` for one that is not there.
    """

    hunt: Hunt
    repository: Repository
    environment: Mapping[str, str]
    ends: Mapping[str, str]
    compiler: str = ""
    predicate: Predicate[Any] | None = None
    good: Sequence[str] = ()
    """All good commits, for the key of the hunt."""
    recipe: Sequence[Ingredient] = field(default_factory=lambda: RECIPE)

    @functools.cached_property
    def named(self) -> dict[str, str]:
        """The ids of `ends`, and of the revisions that the overlay copies from."""
        found = dict(self.ends)
        for at, change in enumerate(self.hunt.overlay):
            if isinstance(change, Copy) and change.from_ not in (*found, "good", "bad"):
                try:
                    found[change.from_] = self.repository.resolve(change.from_)
                except HistoryError as error:
                    raise HistoryError(f"{self.hunt.locate('overlay', at, 'from')}: {error}") from error
        return found

    @functools.cached_property
    def key(self) -> str:
        """What makes two starts the same hunt: where it searches, what it runs, what it asks."""
        return _digest(self.digests)

    @functools.cached_property
    def digests(self) -> dict[str, str]:
        """The key's parts, by the names of the ingredients."""
        return {one.name: _digest(one.value(self)) for one in self.recipe}

    def builds(self, commits: Sequence[str], *, clean: bool = False) -> list[str]:
        """For each commit the key of its build.

        With `clean` the key of a build from clean that does not trust the declared inputs.
        """
        inputs = _WHOLE_TREE if clean and self.hunt.build else build_inputs(self.hunt)
        overlay = [describe(change, self) for change in self.hunt.overlay if _touches(change, inputs)]
        recipe = [self._recipe(Enters.BUILD), overlay, clean]
        # Most of many commits are alike in the inputs.
        key = functools.cache(lambda ids: _digest([recipe, ids]))
        return [key(ids) for ids in object_ids(self.repository, commits, inputs)]

    def tests(self, commits: Sequence[str]) -> list[str]:
        """For each commit the key of its reading: of its build, and of what the test reads beside it."""
        recipe = self._recipe(Enters.TEST)
        key = functools.cache(lambda build, ids: _digest([build, recipe, ids]))
        return [key(*both) for both in zip(self.builds(commits), self.tested(commits), strict=True)]

    def judgements(self, commits: Sequence[str]) -> list[str]:
        """For each commit the key of what its reading is judged to be."""
        recipe = self._recipe(Enters.JUDGEMENT)
        return [_digest([test, recipe]) for test in self.tests(commits)]

    def tested(self, commits: Sequence[str]) -> list[tuple[str, ...]]:
        """For each commit the ids of what the test reads beside the build."""
        return object_ids(self.repository, commits, self.hunt.test.inputs or _WHOLE_TREE)

    def _recipe(self, upto: Enters) -> dict[str, str]:
        return {one.name: self.digests[one.name] for one in self.recipe if one.enters <= upto}


@dataclass(frozen=True)
class Ingredient:
    """Something that can change an outcome; `name` is for people."""

    name: str
    enters: Enters
    value: Callable[[Identity], object]


def _build(one: Identity) -> object:
    return one.hunt.build.model_dump(mode="json", exclude=_AHEAD) if one.hunt.build else None


def _test(one: Identity) -> object:
    return one.hunt.test.model_dump(mode="json")


def _machine(one: Identity) -> object:
    """What a compiled program is tied to."""
    return platform.system(), platform.machine(), platform.libc_ver()


def _computer(one: Identity) -> object:
    """The computer itself, where readings depend on how fast it is."""
    if one.predicate is None or not (one.predicate.paired or one.predicate.by_wall_clock):
        return None
    identity = Path("/etc/machine-id")
    named = identity.read_text().strip() if identity.is_file() else ""
    return named or platform.node(), os.cpu_count()


def _build_place(one: Identity) -> tuple[str | tuple[str, ...], command_words.Place]:
    build = one.hunt.build
    return (build.command, _place(one, build.folder)) if build else ("", _place(one, "."))


def _test_place(one: Identity) -> tuple[str | tuple[str, ...], command_words.Place]:
    return one.hunt.test.command, _place(one, one.hunt.test.folder)


def _place(one: Identity, folder: str) -> command_words.Place:
    return command_words.Place(one.environment, one.repository.work_tree, folder)


RECIPE: tuple[Ingredient, ...] = (
    Ingredient("the kind of machine", Enters.BUILD, _machine),
    Ingredient("`build`", Enters.BUILD, _build),
    Ingredient("what `build.identity` prints", Enters.BUILD, lambda one: one.compiler),
    Ingredient(
        "a program of the build", Enters.BUILD, lambda one: command_words.programs(*_build_place(one))
    ),
    Ingredient(
        "a file that the build names", Enters.BUILD, lambda one: command_words.files(*_build_place(one))
    ),
    Ingredient("a variable", Enters.BUILD, lambda one: counting(one.environment, one.hunt.environment)),
    Ingredient("`sandbox`", Enters.BUILD, lambda one: one.hunt.sandbox),
    Ingredient("`test`", Enters.TEST, _test),
    Ingredient("a program of the test", Enters.TEST, lambda one: command_words.programs(*_test_place(one))),
    Ingredient("a file that the test names", Enters.TEST, lambda one: command_words.files(*_test_place(one))),
    Ingredient(
        "the overlay", Enters.TEST, lambda one: [describe(change, one) for change in one.hunt.overlay]
    ),
    Ingredient(
        "`suites`",
        Enters.TEST,
        lambda one: one.hunt.suites.model_dump(mode="json") if one.hunt.suites else None,
    ),
    Ingredient("`predicate`", Enters.JUDGEMENT, lambda one: one.hunt.predicate.model_dump(mode="json")),
    Ingredient("the predicate's file", Enters.JUDGEMENT, lambda one: sources(one.predicate)),
    Ingredient("the computer", Enters.JUDGEMENT, _computer),
    Ingredient("`repository`", Enters.HUNT, lambda one: str(one.repository.git_folder)),
    Ingredient("the name of the hunt", Enters.HUNT, lambda one: one.hunt.hunt),
    Ingredient("`good`", Enters.HUNT, lambda one: list(one.good)),
    Ingredient("`bad`", Enters.HUNT, lambda one: one.ends.get("bad")),
    Ingredient("the range", Enters.HUNT, lambda one: [one.hunt.first_parent, one.hunt.paths]),
)
"""Everything that can change an outcome, beside the contents of the commits themselves."""


def inputs_of(hunt: Hunt) -> tuple[str, ...]:
    """The paths that readings depend on, of the build and of the test; '.' where a section declares none."""
    return tuple(dict.fromkeys([*build_inputs(hunt), *(hunt.test.inputs or _WHOLE_TREE)]))


def build_inputs(hunt: Hunt) -> tuple[str, ...]:
    """The paths that the build depends on; none where there is no build."""
    return (hunt.build.inputs or _WHOLE_TREE) if hunt.build else ()


def describe(change: Overlay, one: Identity) -> list[object]:
    """A change of the overlay with what it brings, wherever that lies."""
    said = change.model_dump(mode="json", exclude={"file", "patch"})
    if isinstance(change, Copy):
        # With an unknown good, as in `good: auto`, the name has to do.
        return [said, one.named.get(change.from_, change.from_)]
    if isinstance(change, Place | Patch):
        return [said, digest_of(change.file if isinstance(change, Place) else change.patch)]
    return [said]


def _touches(change: Overlay, inputs: Sequence[str]) -> bool:
    """Whether a change may reach one of these files and folders; a patch may reach any."""
    target = change.target
    if target is None or "." in inputs:
        return True
    path = PurePosixPath(target)
    return any(path.is_relative_to(one) or PurePosixPath(one).is_relative_to(path) for one in inputs)


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:40]
