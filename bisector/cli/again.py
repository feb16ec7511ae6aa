"""Additions to a report: the command that runs the hunt again, and what the first bad commit changes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bisector import hunt_file
from bisector.cli.options import Chosen
from bisector.history.patch import CommitPatch, patch_of
from bisector.history.repository import Repository
from bisector.hunt.advice import Advice, Excerpt
from bisector.hunt.conclusion import BadIsGood, FirstBad, GoodIsBad, MergeBaseIsBad
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session
from bisector.hunt_file.flow import in_flow
from bisector.hunt_file.origin import option_of
from bisector.predicate import Untestable

_OF_OTHERS = {"diagnose", "watches"}
"""Keys of a hunt file that `run` does not use."""
_FLAGS = {"first_parent"}
_REPEATABLE = {"good", "paths"}
_NUMBERS = {"jobs", "confidence", "budget.probes"}


def command_of(chosen: Chosen, session: Session) -> str:
    """The `bisector run` command for exactly this hunt, from any folder, with full commit ids.

    It names the hunt file, if any, plus the overrides; otherwise it contains all values.
    """
    hunt, words = session.ground.hunt, ["bisector", "run"]
    if chosen.config is None:
        values = flat(hunt.model_dump(mode="json", exclude_defaults=True, exclude=_OF_OTHERS))
    else:
        words += ["--config", str(hunt_file.find(chosen.config, Path.cwd()).resolve())]
        whole = flat(hunt.model_dump(mode="json"))
        values = {k: v for k, v in whole.items() if any(_within(k, given) for given in chosen.values)}
    for key, value in values.items():
        if key not in ("good", "bad"):
            words += _option(key, value)
    for commit in session.plan.good:
        words += ["--good", commit]
    return shlex.join([*words, "--bad", session.plan.bad])


def typed(chosen: Chosen) -> str:
    """The command with these options, to run in the same folder."""
    words = ["bisector", "run", *(["--config", chosen.config] if chosen.config else [])]
    for key, value in chosen.values.items():
        words += _option(key, value)
    return shlex.join(words)


def completed(record: HuntRecord, chosen: Chosen, session: Session) -> HuntRecord:
    """The record with what leads on from it: how to run it again, excerpts of logs, advice, next steps."""
    advice: tuple[Advice, ...] = ()
    shown: tuple[Excerpt, ...] = ()
    untestable = any(type(reading.judgement) is Untestable for reading in record.readings)
    if record.conclusion is not None and (untestable or not isinstance(record.conclusion, FirstBad)):
        # Most hunts need none of this.
        from bisector.phases.first_try.advise import advise
        from bisector.phases.first_try.excerpts import excerpts

        advice, shown = tuple(advise(record, session.ground)), tuple(excerpts(record))
    return replace(
        record,
        reproduce=command_of(chosen, session),
        excerpts=shown,
        advice=advice,
        next_steps=()
        if any(one.key or one.command for one in advice)
        else tuple(_next_steps(record, chosen)),
    )


def _next_steps(record: HuntRecord, chosen: Chosen) -> Iterator[str]:
    match record.conclusion:
        case FirstBad(commit=commit):
            where = near(record.repository)
            elsewhere = "" if where == Path() else f"-C {shlex.quote(str(where))} "
            yield f"git {elsewhere}show {commit[:12]}"
        case GoodIsBad() | MergeBaseIsBad():
            yield typed(replace(chosen, values={**chosen.values, "good": ["auto"]}))
        case BadIsGood():
            # What good has already began before it.
            values = {**chosen.values, "good": ["auto"], "bad": record.good[0].short}
            yield typed(replace(chosen, values=values))


def near(path: Path) -> Path:
    """`path` relative to the current folder, if it is below that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def change_of(repository: Repository, record: HuntRecord) -> CommitPatch:
    """What the first bad commit changes; empty if there is none."""
    found = record.conclusion
    return patch_of(repository, found.commit) if isinstance(found, FirstBad) else CommitPatch()


def flat(document: Mapping[str, object], above: str = "") -> dict[str, object]:
    """Values by dotted key; lists are not split."""
    return dict(_leaves(document, above))


def _leaves(document: Mapping[str, object], above: str) -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _within(key: str, given: str) -> bool:
    return key == given or key.startswith(f"{given}.")


def _option(key: str, value: object) -> list[str]:
    option = option_of(key)
    if value is True and key in _FLAGS:
        return [option]
    if isinstance(value, list) and key in _REPEATABLE:
        return [word for one in value for word in (option, str(one))]
    if (isinstance(value, str) and not option.startswith("--set")) or key in _NUMBERS:
        return [option, str(value)]
    return ["--set", f"{key}={in_flow(value)}"]
