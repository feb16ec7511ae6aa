"""What a hunt works with before its revisions are resolved: repository, predicate, scratch folder."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bisector.errors import HistoryError, HuntFileError, UsageError
from bisector.history.repository import Repository
from bisector.hunt.journal import Journal
from bisector.hunt.plan import Repeats
from bisector.hunt.scratch import Scratch, scratch_of
from bisector.hunt_file import Hunt, options_refused
from bisector.predicate import Predicate
from bisector.probe.build_identity import printed
from bisector.probe.discovery import find_predicate, options_context
from bisector.probe.environment import allowed_environment
from bisector.probe.identity import Identity


class Ground:
    """What a hunt works with, before its revisions are resolved.

    `hunt_file` is where the hunt was read from, None for one given on the command line; `environment`
    that of the process. Raises `HistoryError` and `HuntFileError` for what the user has to mend.
    """

    def __init__(self, hunt: Hunt, hunt_file: Path | None, environment: Mapping[str, str]) -> None:
        self.hunt = hunt
        self.environment = environment
        self.base = hunt_file.resolve().parent if hunt_file else Path.cwd()
        with located(hunt, "repository"):
            self.repository = Repository(hunt.repository)
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
        )
        self.scratch = scratch_of(hunt, hunt_file, self.repository, environment)

    @property
    def seen(self) -> dict[str, str]:
        """The variables that builds and tests see."""
        setting = self.hunt.environment
        return allowed_environment(setting.pass_, setting.set, self.environment)

    @functools.cached_property
    def compiler(self) -> str:
        """What `build.identity` prints at this start; `EnvironmentFault` where it fails."""
        return printed(self.hunt, self.seen, self.base)

    def identity(self, ends: Mapping[str, str], good: Sequence[str] = ()) -> Identity:
        """What this hunt is, between these ends, as things stand now; `good` are all good commits."""
        return Identity(
            self.hunt, self.repository, self.seen, ends, self.compiler, self.predicate, tuple(good)
        )


def predicate_of(hunt: Hunt, hunt_file: Path | None) -> Predicate[Any]:
    """The predicate that the hunt names, with its options checked."""
    base = hunt_file.parent if hunt_file else Path.cwd()
    try:
        kind = find_predicate(hunt.predicate.name, base)
        options = kind.Options.model_validate(hunt.predicate.options, context=options_context(base))
        return kind(options)
    except ValidationError as error:
        raise options_refused(hunt, error, kind.Options) from error
    except UsageError as error:
        raise HuntFileError(f"{hunt.locate('predicate')}: {error}") from error


@contextmanager
def opened(scratch: Scratch) -> Iterator[Journal]:
    """The journal of a scratch folder, closed at the end."""
    journal = Journal(scratch.journal)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def located(hunt: Hunt, *key: str | int) -> Iterator[None]:
    """Tell where the hunt file or the command line says what the history does not have."""
    try:
        yield
    except HistoryError as error:
        raise HistoryError(f"{hunt.locate(*key)}: {error}") from error
