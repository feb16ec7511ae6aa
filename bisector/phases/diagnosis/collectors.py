"""Which collectors are asked, with the options that the hunt file gives them."""

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
"""The collectors there are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A collector; `insisted` where the user named it just now, so that it must not be missing."""

    collector: Collector[Any]
    insisted: bool = False


def asked(hunt: Hunt, names: Sequence[str]) -> list[Asked]:
    """The collectors called `names`; without any those of the hunt file, or else all that need no options.

    Raises `UsageError` for a name that is none, or options that will not do.
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
    """The entry `at` of the hunt file's evidence."""
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
    """A collector that the hunt file does not mention."""
    kind = COLLECTORS.find(name, folder)
    try:
        return kind(kind.Options.model_validate({}))
    except ValidationError as error:
        needed = ", ".join(str(detail["loc"][0]) for detail in error.errors() if detail["loc"])
        raise UsageError(
            f"the collector {name!r} needs options ({needed}); write it with them in the hunt file, "
            "under diagnose.evidence"
        ) from error
