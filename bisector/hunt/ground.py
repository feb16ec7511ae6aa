"""What a hunt works with before its revisions are resolved: repository, predicate, scratch folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bisector.errors import HistoryError, HuntFileError, UsageError
from bisector.history.repository import Repository
from bisector.hunt.journal import Journal
from bisector.hunt.premise import Repeats
from bisector.hunt.scratch import Scratch, scratch_of
from bisector.hunt_file import Hunt, options_refused
from bisector.predicate import Predicate
from bisector.probe.discovery import find_predicate, options_context


class Ground:
    """What a hunt works with, before its revisions are resolved.

    `hunt_file` is where the hunt was read from, None for one given on the command line; `environment`
    that of the process. Raises `HistoryError` and `HuntFileError` for what the user has to mend.
    """

    def __init__(self, hunt: Hunt, hunt_file: Path | None, environment: Mapping[str, str]) -> None:
        self.hunt = hunt
        self.environment = environment
        with located(hunt, "repository"):
            self.repository = Repository(hunt.repository)
        self.predicate = predicate_of(hunt, hunt_file)
        self.ratio: float | None = self.predicate.options.ratio if self.predicate.paired else None
        self.repeats = Repeats(
            hunt.pairs.first, hunt.pairs.min, hunt.pairs.max, hunt.premise.runs, hunt.pairs.whole
        )
        self.scratch = scratch_of(hunt, hunt_file, self.repository, environment)


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
