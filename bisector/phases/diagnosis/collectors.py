"""Selects the collectors and their options from the hunt file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bisector.errors import HuntFileError, UsageError
from bisector.hunt_file import Hunt, options_refused
from bisector.phases.evidence.contract import Collector
from bisector.probe.discovery import PlugIns

COLLECTORS: PlugIns[Collector[Any]] = PlugIns("bisector.evidence", "collector", Collector)
"""All collectors."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A collector; `insisted` if the user named it on the command line, so that it must work."""

    collector: Collector[Any]
    insisted: bool = False


def asked(hunt: Hunt, names: Sequence[str]) -> list[Asked]:
    """The collectors called `names`; by default those of the hunt file, or else all that are `by_default`.

    Raises `UsageError` for an unknown name or invalid options.
    """
    folder = Path(hunt.origin.file).resolve().parent if hunt.origin.file else Path.cwd()
    declared = [_declared(hunt, at, folder) for at in range(len(hunt.diagnose.evidence))]
    if names:
        return [
            Asked(collector, insisted=True)
            for name in dict.fromkeys(names)
            for collector in [one for one in declared if one.name == name] or [_bare(name, folder)]
        ]
    if declared:
        return [Asked(collector) for collector in declared]
    return [
        Asked(kind(kind.Options.model_validate({})))
        for kind in COLLECTORS.shipped().values()
        if kind.by_default
    ]


def _declared(hunt: Hunt, at: int, folder: Path) -> Collector[Any]:
    """The collector at position `at` of the hunt file's evidence."""
    choice, key = hunt.diagnose.evidence[at], ("diagnose", "evidence", at)
    try:
        kind = COLLECTORS.find(choice.name, folder)
    except UsageError as error:
        raise HuntFileError(f"{hunt.locate(*key)}: {error}") from error
    try:
        options = kind.Options.model_validate(choice.options, context={"base": folder})
    except ValidationError as error:
        raise options_refused(hunt, error, kind.Options, *key) from error
    return kind(options)


def _bare(name: str, folder: Path) -> Collector[Any]:
    """A collector that is not in the hunt file."""
    kind = COLLECTORS.find(name, folder)
    try:
        return kind(kind.Options.model_validate({}))
    except ValidationError as error:
        needed = ", ".join(str(detail["loc"][0]) for detail in error.errors() if detail["loc"])
        raise UsageError(
            f"the collector {name!r} needs options ({needed}); add it with options to diagnose.evidence "
            "in the hunt file"
        ) from error
