"""What a hunt needs before its revisions are resolved: repository, predicate, scratch folder."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bisector.errors import HistoryError, HuntFileError, UsageError
from bisector.history.bisect_session import moves_with_head
from bisector.history.repository import Repository
from bisector.hunt.journal import Journal
from bisector.hunt.plan import Repeats
from bisector.hunt.scratch import Scratch, scratch_of
from bisector.hunt_file import AUTO, Hunt, options_refused
from bisector.predicate import Predicate
from bisector.probe.build_identity import printed
from bisector.probe.discovery import find_predicate, options_context
from bisector.probe.environment import allowed_environment
from bisector.probe.identity import Identity
from bisector.probe.turned import turned
from bisector.probe.written_files import refusal


class Ground:
    """What a hunt needs before its revisions are resolved.

    `hunt_file` is the file that the hunt was read from, None for a hunt on the command line; `environment`
    is that of the process. Raises `HistoryError` and `HuntFileError` for what the user must fix.
    """

    def __init__(self, hunt: Hunt, hunt_file: Path | None, environment: Mapping[str, str]) -> None:
        self._hunt_file = hunt_file
        self.environment = environment
        self.base = hunt_file.resolve().parent if hunt_file else Path.cwd()
        with located(hunt, "repository"):
            self.repository = Repository(hunt.repository)
        meant = as_meant(hunt, self.repository)
        self.is_swapped = meant is not hunt
        """Whether the hunt became one for a fix, because its bad commit is older than its good one."""
        hunt = self.hunt = meant
        self.lifts_deadlines_of: frozenset[str] = frozenset()
        """Files whose deadlines the overlay lifts in every commit, whatever each of them says."""
        self.predicate = predicate_of(hunt, hunt_file)
        self.ratio: float | None = self.predicate.options.ratio if self.predicate.paired else None
        self.repeats = Repeats(
            first=hunt.pairs.first,
            least=hunt.pairs.min,
            most=hunt.pairs.max,
            verdicts=hunt.premise.runs,
            whole=hunt.pairs.whole,
            passes=hunt.premise.max,
            seconds=hunt.premise.time,
            warm_up=hunt.pairs.warm_up if isinstance(hunt.pairs.warm_up, int) else None,
        )
        self.scratch = scratch_of(hunt, hunt_file, self.repository, environment)

    def of_hunt(self, hunt: Hunt) -> Ground:
        """The ground of a hunt with another name, and other targets, tests or options of the predicate."""
        other = copy.copy(self)
        other.hunt = hunt
        other.predicate = predicate_of(hunt, self._hunt_file)
        return other

    @property
    def seen(self) -> dict[str, str]:
        """The variables that builds and tests see."""
        setting = self.hunt.environment
        return allowed_environment(setting.pass_, setting.set, self.environment)

    @functools.cached_property
    def compiler(self) -> str:
        """What `build.identity` prints at this start; raises `EnvironmentFault` if it fails."""
        return printed(self.hunt, self.seen, self.base)

    def identity(self, ends: Mapping[str, str], good: Sequence[str] = ()) -> Identity:
        """The current identity of this hunt between these ends; `good` are all good commits."""
        return Identity(
            self.hunt, self.repository, self.seen, ends, self.compiler, self.predicate, tuple(good)
        )


def as_meant(hunt: Hunt, repository: Repository) -> Hunt:
    """The hunt itself; one for a fix if its bad commit is older than its good one.

    A revision relative to HEAD, which `git bisect` moves, tells nothing about that.
    """
    ends = (*hunt.good, hunt.bad)
    if hunt.find != "regression" or len(ends) > 2 or hunt.good == (AUTO,) or moves_with_head(hunt.bad):
        return hunt
    with suppress(HistoryError):  # A revision that does not exist is reported with its place.
        good, bad = map(repository.resolve, ends)
        if good != bad and repository.contains(good, bad):
            return hunt.for_a_fix()
    return hunt


def predicate_of(hunt: Hunt, hunt_file: Path | None) -> Predicate[Any]:
    """The hunt's predicate, with its options checked."""
    base = hunt_file.parent if hunt_file else Path.cwd()
    try:
        kind = find_predicate(hunt.predicate.name, base)
        options = kind.Options.model_validate(hunt.predicate.options, context=options_context(base))
        predicate = kind(options)
    except ValidationError as error:
        raise options_refused(hunt, error, kind.Options) from error
    except UsageError as error:
        raise HuntFileError(f"{hunt.locate('predicate')}: {error}") from error
    _require_inside(hunt, predicate.files)
    return turned(predicate) if hunt.kinds.better else predicate


def _require_inside(hunt: Hunt, files: Sequence[str]) -> None:
    """Raise `HuntFileError` for a file of the test that bisector cannot read."""
    for file in files:
        if why := refusal(file, hunt.test.folder):
            options = hunt.predicate.options
            key = ("predicate", *[option for option, value in options.items() if value == file][:1])
            raise HuntFileError(f"{hunt.locate(*key)}: {'.'.join(key)}: {file!r} {why}")


@contextmanager
def opened(scratch: Scratch) -> Iterator[Journal]:
    """The journal of a scratch folder, closed on exit."""
    journal = Journal(scratch.journal)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def located(hunt: Hunt, *key: str | int) -> Iterator[None]:
    """Add to a `HistoryError` the place in the hunt file or on the command line that caused it."""
    try:
        yield
    except HistoryError as error:
        raise HistoryError(f"{hunt.locate(*key)}: {error}") from error
