"""Additions to a report: the command that runs the hunt again, and what the first bad commit changes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bisector import hunt_file
from bisector.cli import direction
from bisector.cli.options import Chosen
from bisector.cli.typed import option_words, typed
from bisector.history.patch import CommitPatch, patch_of
from bisector.history.repository import Repository
from bisector.hunt.advice import Advice, Excerpt
from bisector.hunt.conclusion import (
    AnyOf,
    BadIsGood,
    FirstBad,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
    Steps,
)
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session
from bisector.hunt_file import Hunt
from bisector.predicate import Untestable
from bisector.probe.hunt_name import hunt_name
from bisector.report import findings
from bisector.report.descent_words import innermost
from bisector.report.explained import explained

__all__ = ["change_of", "command_of", "completed", "flat", "near", "typed"]

_SHOWN = 3
_OF_OTHERS = {"diagnose", "watches"}
"""Keys of a hunt file that `run` does not use."""


def command_of(chosen: Chosen, session: Session) -> str:
    """The `bisector run` command for exactly this hunt, from any folder, with full commit ids.

    It names the hunt file, if any, plus the overrides; otherwise it contains all values.
    """
    hunt, words = session.ground.hunt, ["bisector", "run"]
    if chosen.config is None:
        values = _values_of(hunt)
    else:
        words += ["--config", str(hunt_file.find(chosen.config, Path.cwd()).resolve())]
        whole = flat(hunt.model_dump(mode="json"))
        values = {k: v for k, v in whole.items() if any(_within(k, given) for given in chosen.values)}
    if hunt.kinds.better:
        values["find"] = "fix"
    for key, value in values.items():
        if key not in ("good", "bad", "old", "new"):
            words += option_words(key, value)
    older, newer = ("--old", "--new") if hunt.kinds.better else ("--good", "--bad")
    for commit in session.plan.good:
        words += [older, commit]
    return shlex.join([*words, newer, session.plan.bad])


def _values_of(hunt: Hunt) -> dict[str, object]:
    """The values that are not defaults, by dotted key."""
    values = flat(hunt.model_dump(mode="json", exclude_defaults=True, exclude=_OF_OTHERS))
    if hunt.hunt == hunt_name(hunt.test.command):
        values.pop("hunt", None)
    return values


def completed(record: HuntRecord, chosen: Chosen, session: Session) -> HuntRecord:
    """The record with what leads on from it: how to run it again, excerpts of logs, advice, next steps."""
    advice: tuple[Advice, ...] = ()
    shown: tuple[Excerpt, ...] = ()
    typed_as = whole(chosen, session)
    untestable = any(type(reading.judgement) is Untestable for reading in record.readings)
    if record.conclusion is not None and (untestable or not isinstance(record.conclusion, FirstBad | Steps)):
        # Most hunts need none of this.
        from bisector.phases.first_try.advise import advise
        from bisector.phases.first_try.excerpts import excerpts

        advice = tuple(with_command(one, typed_as) for one in advise(record, session.ground))
        shown = tuple(excerpts(record))
    return replace(
        record,
        reproduce=command_of(chosen, session),
        excerpts=shown,
        advice=advice,
        notes=tuple(_notes(record, session)),
        next_steps=() if advice else tuple(_next_steps(record, typed_as, session.ground.hunt)),
    )


def _notes(record: HuntRecord, session: Session) -> Iterator[str]:
    if session.ground.is_swapped and record.conclusion is not None:
        older, newer = record.good[0].short, record.bad.short
        yield f"bad {older} is older than good {newer}, so the hunt looked for the commit that fixed it."
    if isinstance(record.conclusion, FirstBad):
        # Answers are shown at once; only they need this.
        from bisector.phases.first_try.variables import newly_read

        if note := newly_read(session.ground, record.conclusion.commit):
            yield note


def _next_steps(record: HuntRecord, chosen: Chosen, hunt: Hunt) -> Iterator[str]:
    match record.conclusion:
        case FirstBad() | Steps():
            shown = findings.suspects(record)[:_SHOWN]
            yield from (git_in(record.repository, f"show {commit[:12]}") for commit in shown)
            if inner := innermost(record):
                yield git_in(record.repository / inner.path, f"show {inner.answer[:12]}")
            if explained(record) and hunt.find == "regression":
                yield typed(replace(chosen, values={**chosen.values, "find": "all"}))
        case AnyOf() | Inconclusive():
            if any(group.builds and not group.is_picked for group in record.failed_builds):
                yield typed(chosen, "fixup")
        case GoodIsBad() | MergeBaseIsBad() | BadIsGood():
            if hunt.jobs > 1:
                yield typed(replace(chosen, values={**chosen.values, "jobs": 1}))
            yield from direction.other_ways(record, chosen, hunt)


def with_setting(chosen: Chosen, advice: Advice) -> Chosen:
    """The options, with what the advice says."""
    return replace(chosen, values={**chosen.values, advice.key: advice.value})


def with_command(advice: Advice, chosen: Chosen) -> Advice:
    """The advice; for a hunt without a hunt file, with the command that follows it."""
    if not advice.key or advice.command or chosen.config is not None:
        return advice
    return replace(advice, command=typed(with_setting(chosen, advice)))


def whole(chosen: Chosen, session: Session) -> Chosen:
    """The options of the hunt; of one that the user did not name, those that it was begun with."""
    hunt = session.ground.hunt
    return chosen if not chosen.is_empty else Chosen(None, {**_values_of(hunt), "bad": hunt.bad})


def git_in(folder: Path, rest: str) -> str:
    """The line for a shell in the current folder that runs git with `rest` in another folder, or in this."""
    where = near(folder)
    return f"git {rest}" if where == Path() else f"git -C {shlex.quote(str(where))} {rest}"


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
