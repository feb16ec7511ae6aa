"""The recipe: keys of everything that can change the outcome of a build, a test or a hunt.

Equal keys mean equal artefacts, readings or hunts. The table `RECIPE` is complete: nothing else counts. Only
digests leave this module, so that values of variables, which may be secrets, are never stored.
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
from bisector.history.checkout_settings import checkout_settings, filter_commands
from bisector.history.object_ids import object_ids
from bisector.history.repository import Repository
from bisector.history.submodules import uninitialised
from bisector.hunt_file import Hunt
from bisector.hunt_file.overlay import Change, CherryPick, Copy, Patch, Place
from bisector.predicate import Predicate
from bisector.probe import command_words
from bisector.probe.conditions import Conditions
from bisector.probe.environment import counting
from bisector.probe.hunt_name import UNNAMED, hunt_name
from bisector.probe.overlay_recipe import described, may_touch, with_conditions
from bisector.probe.plug_in_sources import sources

_WHOLE_TREE = (".",)
_AHEAD = {"ahead", "ccache"}
"""Options for when and how fast to build, not what."""


class Enters(IntEnum):
    """The first key that an ingredient enters; it also enters all later keys."""

    SETUP = 0
    BUILD = 1
    TEST = 2
    JUDGEMENT = 3
    HUNT = 4


@dataclass(frozen=True)
class Identity:
    """One hunt as it is at one start.

    `environment` is that of builds and tests, `compiler` the output of `build.identity`. `ends` maps `good`
    and `bad` to commit ids, as far as known; `named` adds the revisions that the overlay names. Raises
    `HistoryError` if one does not exist.
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
        """The ids of `ends` and of the revisions that the overlay names."""
        found = {**self.ends, **_words_for(self.hunt, self.ends)}
        for at, change in enumerate(self.hunt.overlay):
            for key, revision in change.revisions().items():
                if revision in (*found, "good", "bad", "old", "new"):
                    continue
                try:
                    found[revision] = self.repository.resolve(revision)
                except HistoryError as error:
                    raise HistoryError(f"{self.hunt.locate('overlay', at, *key)}: {error}") from error
        return found

    def id_of(self, revision: str) -> str:
        """The id of a revision in the overlay; raises `HistoryError` for an end that is not known yet."""
        return self.named.get(revision) or self.repository.resolve(revision)

    @functools.cached_property
    def conditions(self) -> Conditions:
        """Which changes of the overlay each commit gets."""
        return Conditions(self.hunt, self.repository, self.id_of)

    def changes(self, commit: str, fix_ups: tuple[int, ...] = ()) -> tuple[Change, ...]:
        """The changes of the overlay that a commit gets, with the fix-ups at these positions."""
        (met,) = self.conditions.met_by([commit])
        return tuple(self.hunt.overlay[at] for at in self._plain(met, fix_ups))

    def fix_ups(self, commit: str) -> tuple[int, ...]:
        """The positions in the overlay of what a commit gets if it does not build without."""
        (met,) = self.conditions.met_by([commit])
        return self._if_it_fails(met)

    def words(self, changes: Sequence[int]) -> str:
        """The changes at these positions of the overlay for people; '' for none."""
        every = [change.words for change in self.hunt.overlay]
        told = [f"{every[at]} (overlay[{at}])" if every.count(every[at]) > 1 else every[at] for at in changes]
        return " and ".join(told)

    @functools.cached_property
    def key(self) -> str:
        """The key of the hunt; two starts with equal keys continue the same hunt."""
        return _digest(self.digests)

    @functools.cached_property
    def digests(self) -> dict[str, str]:
        """The parts of the key, by name of the ingredient."""
        return {one.name: _digest(one.value(self)) for one in self.recipe}

    def setups(
        self, commits: Sequence[str], *, clean: bool = False, fix_ups: tuple[int, ...] = ()
    ) -> list[tuple[str, ...]]:
        """For each commit the setup key of each section `setup`, which covers those of earlier sections.

        The commits are laid out with the fix-ups at these positions of the overlay.

        With `clean`, the keys of a setup for that tree alone, which does not trust the declared key files.
        """
        columns: list[list[str]] = []
        paths: tuple[str, ...] = ()
        for at, section in enumerate(self.hunt.setup):
            paths = _WHOLE_TREE if clean else (*paths, *section.key)
            recipe = functools.cache(functools.partial(self._keyed, Enters.SETUP, at, paths, clean))
            own = [path for path in paths if not self._is_brought(path)]
            rows = zip(
                self.conditions.met_by(commits), object_ids(self.repository, commits, own), strict=True
            )
            columns.append([_digest([recipe(self._plain(met, fix_ups)), ids]) for met, ids in rows])
        return list(zip(*columns, strict=True)) if columns else [() for _ in commits]

    def builds(self, commits: Sequence[str], *, clean: bool = False) -> list[str]:
        """The build key of each commit, which covers the fix-ups that it may get.

        With `clean`, the key of a clean build, which does not trust the declared inputs.
        """
        inputs = self._built_from(clean)
        recipe = functools.cache(functools.partial(self._keyed, Enters.BUILD, None, inputs, clean))
        # Most commits share their inputs.
        key = functools.cache(
            lambda met, ids: _digest([recipe(self._plain(met), self._if_it_fails(met)), ids])
        )
        rows = zip(self.conditions.met_by(commits), object_ids(self.repository, commits, inputs), strict=True)
        return [key(*row) for row in rows]

    def build_key(self, commit: str, clean: bool, fix_ups: tuple[int, ...]) -> str:
        """The key of the build of one commit with just the fix-ups at these positions of the overlay."""
        (met,) = self.conditions.met_by([commit])
        inputs = self._built_from(clean)
        (ids,) = object_ids(self.repository, [commit], inputs)
        return _digest([self._keyed(Enters.BUILD, None, inputs, clean, self._plain(met, fix_ups)), ids])

    def _built_from(self, clean: bool) -> tuple[str, ...]:
        makes = self.hunt.build or self.hunt.setup
        return _WHOLE_TREE if clean and makes else build_inputs(self.hunt)

    def _plain(self, met: tuple[int, ...], fix_ups: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Those of the positions `met` whose changes a commit gets at once or by its fix-ups."""
        return tuple(at for at in met if not self.hunt.overlay[at].is_fix_up or at in fix_ups)

    def _if_it_fails(self, met: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(at for at in met if self.hunt.overlay[at].is_fix_up)

    def tests(self, commits: Sequence[str]) -> list[str]:
        """The test key of each commit: its build key and the other inputs of the test."""
        recipe = self._recipe(Enters.TEST)
        key = functools.cache(lambda build, ids: _digest([build, recipe, ids]))
        return [key(*both) for both in zip(self.builds(commits), self.tested(commits), strict=True)]

    def judgements(self, commits: Sequence[str]) -> list[str]:
        """The judgement key of each commit."""
        recipe = self._recipe(Enters.JUDGEMENT)
        return [_digest([test, recipe]) for test in self.tests(commits)]

    def tested(self, commits: Sequence[str]) -> list[tuple[str, ...]]:
        """For each commit the object ids of the test's inputs other than the build, and its overlay."""
        found = object_ids(self.repository, commits, self.hunt.test.inputs or _WHOLE_TREE)
        return [(*ids, *laid) for ids, laid in zip(found, self.laid_over(commits), strict=True)]

    def laid_over(self, commits: Sequence[str]) -> list[tuple[str, ...]]:
        """For each commit which changes of the overlay it gets; () for all if no commit differs in that."""
        if self.conditions.are_none:
            return [() for _ in commits]
        return [(f"overlay {met}",) for met in self.conditions.met_by(commits)]

    def _keyed(
        self,
        enters: Enters,
        at: int | None,
        paths: Sequence[str],
        clean: bool,
        met: tuple[int, ...],
        if_it_fails: tuple[int, ...] = (),
    ) -> list[object]:
        """All that enters a key before object ids, for commits that get the changes `met` of the overlay.

        `if_it_fails` are those that they get only if they do not build.
        """
        changes = [self.hunt.overlay[one] for one in met]
        touching = [described(change, self.named) for change in changes if may_touch(change, paths)]
        # A build that fails may need any file.
        later = [described(self.hunt.overlay[one], self.named) for one in if_it_fails]
        return [
            self._recipe(enters),
            *([] if at is None else [at]),
            touching,
            clean,
            *([later] if later else []),
        ]

    def _is_brought(self, path: str) -> bool:
        """Whether the overlay replaces a file or folder, so that it is the same in all commits."""
        if any(isinstance(change, Patch | CherryPick) for change in self.hunt.overlay):
            return False
        brought = [
            change.target
            for change in self.hunt.overlay
            if isinstance(change, Copy | Place) and change.is_everywhere
        ]
        return any(PurePosixPath(path).is_relative_to(target) for target in brought)

    def _recipe(self, upto: Enters) -> dict[str, str]:
        return {one.name: self.digests[one.name] for one in self.recipe if one.enters <= upto}


@dataclass(frozen=True)
class Ingredient:
    """Something that can change an outcome; `name` appears in messages."""

    name: str
    enters: Enters
    value: Callable[[Identity], object]


def _setup(one: Identity) -> object:
    return [section.model_dump(mode="json") for section in one.hunt.setup]


def _of_setup(
    found: Callable[[str | tuple[str, ...], command_words.Place], object],
) -> Callable[[Identity], object]:
    """What `found` finds in the commands of the sections `setup`."""
    return lambda one: [found(section.command, _place(one, section.folder)) for section in one.hunt.setup]


def _checkout(one: Identity) -> object:
    """What git makes of a commit's files here, and with which programs."""
    settings = checkout_settings(one.repository)
    commands, place = filter_commands(settings), _place(one, ".")
    used = [(command_words.programs(line, place), command_words.files(line, place)) for line in commands]
    return settings, used


def _empty_submodules(one: Identity) -> object:
    """The submodules of the ends that the user has not initialised: they are empty in every slot."""
    ends = sorted(set(one.ends.values()))
    found = object_ids(one.repository, ends, [".gitmodules"])
    have_some = [end for end, (settings,) in zip(ends, found, strict=True) if settings]
    return sorted({path for end in have_some for path in uninitialised(one.repository, end)})


def _build(one: Identity) -> object:
    return one.hunt.build.model_dump(mode="json", exclude=_AHEAD) if one.hunt.build else None


def _test(one: Identity) -> object:
    return one.hunt.test.model_dump(mode="json")


def _predicate(one: Identity) -> object:
    """The predicate, and whether its judgements are turned: such readings are never those of a regression."""
    said = one.hunt.predicate.model_dump(mode="json")
    return [said, "turned"] if one.hunt.kinds.better else said


def _machine(one: Identity) -> object:
    """What a compiled program depends on."""
    return platform.system(), platform.machine(), platform.libc_ver()


def _name(one: Identity) -> str:
    """The name that the user chose; one that comes from the test command says nothing new."""
    name = one.hunt.hunt
    return UNNAMED if name == hunt_name(one.hunt.test.command) else name


def _computer(one: Identity) -> object:
    """The computer itself, if readings depend on its speed."""
    if one.predicate is None or not (one.predicate.paired or one.predicate.by_wall_clock):
        return None
    identity = Path("/etc/machine-id")
    named = identity.read_text().strip() if identity.is_file() else ""
    return named or platform.node(), os.cpu_count()


def _sandbox(one: Identity) -> object:
    reads = [str(path) for path in one.hunt.sandbox_reads]
    return [one.hunt.sandbox, reads] if reads else one.hunt.sandbox


def _build_place(one: Identity) -> tuple[str | tuple[str, ...], command_words.Place]:
    build = one.hunt.build
    return (build.command, _place(one, build.folder)) if build else ("", _place(one, "."))


def _test_place(one: Identity) -> tuple[str | tuple[str, ...], command_words.Place]:
    return one.hunt.test.command, _place(one, one.hunt.test.folder)


def _place(one: Identity, folder: str) -> command_words.Place:
    return command_words.Place(one.environment, one.repository.work_tree, folder)


RECIPE: tuple[Ingredient, ...] = (
    Ingredient("the kind of machine", Enters.SETUP, _machine),
    Ingredient("git's settings for a checkout", Enters.SETUP, _checkout),
    Ingredient("the submodules that are not initialised", Enters.SETUP, _empty_submodules),
    Ingredient("what `build.identity` prints", Enters.SETUP, lambda one: one.compiler),
    Ingredient("a variable", Enters.SETUP, lambda one: counting(one.environment, one.hunt.environment)),
    Ingredient("`sandbox`", Enters.SETUP, _sandbox),
    Ingredient("`setup`", Enters.SETUP, _setup),
    Ingredient("a program of the setup", Enters.SETUP, _of_setup(command_words.programs)),
    Ingredient("a file that the setup names", Enters.SETUP, _of_setup(command_words.files)),
    Ingredient("`build`", Enters.BUILD, _build),
    Ingredient(
        "a program of the build", Enters.BUILD, lambda one: command_words.programs(*_build_place(one))
    ),
    Ingredient(
        "a file that the build names", Enters.BUILD, lambda one: command_words.files(*_build_place(one))
    ),
    Ingredient("`test`", Enters.TEST, _test),
    Ingredient("a program of the test", Enters.TEST, lambda one: command_words.programs(*_test_place(one))),
    Ingredient("a file that the test names", Enters.TEST, lambda one: command_words.files(*_test_place(one))),
    Ingredient(
        "the overlay",
        Enters.TEST,
        lambda one: [with_conditions(change, one.named) for change in one.hunt.overlay],
    ),
    Ingredient(
        "`suites`",
        Enters.TEST,
        lambda one: one.hunt.suites.model_dump(mode="json") if one.hunt.suites else None,
    ),
    Ingredient("`predicate`", Enters.JUDGEMENT, _predicate),
    Ingredient("the predicate's file", Enters.JUDGEMENT, lambda one: sources(one.predicate)),
    Ingredient("the computer", Enters.JUDGEMENT, _computer),
    Ingredient("`repository`", Enters.HUNT, lambda one: str(one.repository.git_folder)),
    Ingredient("the name of the hunt", Enters.HUNT, _name),
    Ingredient("`good`", Enters.HUNT, lambda one: list(one.good)),
    Ingredient("`bad`", Enters.HUNT, lambda one: one.ends.get("bad")),
    Ingredient("the range", Enters.HUNT, lambda one: [one.hunt.first_parent, one.hunt.paths]),
)
"""Everything that can change an outcome, except the contents of the commits themselves."""


def _words_for(hunt: Hunt, ends: Mapping[str, str]) -> dict[str, str]:
    """The ends by the words that a hunt file has for them; those of a fix are the other way round."""
    by_age = {end: ends[key] for end, key in (("old", "good"), ("new", "bad")) if key in ends}
    good, bad = ("new", "old") if hunt.kinds.better else ("old", "new")
    return {**by_age, **{word: by_age[end] for word, end in (("good", good), ("bad", bad)) if end in by_age}}


def inputs_of(hunt: Hunt) -> tuple[str, ...]:
    """The paths that build and test depend on; '.' if a section declares none."""
    return tuple(dict.fromkeys([*build_inputs(hunt), *(hunt.test.inputs or _WHOLE_TREE)]))


def build_inputs(hunt: Hunt) -> tuple[str, ...]:
    """The paths that setup and build depend on; none if there is neither."""
    inputs = (hunt.build.inputs or _WHOLE_TREE) if hunt.build else ()
    keys = () if "." in inputs else (path for section in hunt.setup for path in section.key)
    return tuple(dict.fromkeys([*inputs, *keys]))


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:40]
