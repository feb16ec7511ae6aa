"""Readings and conclusions as the journal stores them: plain JSON, with the type's name as a field."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bisector.hunt import conclusion as endings
from bisector.hunt.conclusion import ChangePoint, Conclusion, Effect
from bisector.predicate import (
    Bad,
    Contention,
    Ending,
    Good,
    Judgement,
    Match,
    Measured,
    Run,
    Undecided,
    Untestable,
)
from bisector.probe.reading import BuildKind, Reading, Role

_JUDGEMENTS: dict[str, type[Judgement]] = {
    kind.__name__: kind for kind in (Good, Bad, Untestable, Undecided, Measured)
}
_CONCLUSIONS: dict[str, type[Conclusion]] = {
    kind.name: kind
    for kind in (
        endings.FirstBad,
        endings.AnyOf,
        endings.NoRegression,
        endings.GoodIsBad,
        endings.BadIsGood,
        endings.MergeBaseIsBad,
        endings.Inconclusive,
        endings.Steps,
    )
}
NOT_KEPT = frozenset({"files"})
"""Fields of a run that the journal leaves out."""

_OUTPUT_KEPT = 4000
_MATCHES_KEPT = 100
"""Number of first matches of a pattern to keep, and of last ones, because totals come last."""

Row = tuple[
    str, str, str, str, str | None, str | None, float, str | None, str, str, str, str, str, str, bool, str
]


def reading_to_row(reading: Reading) -> Row:
    """The columns `commit_id` to `fix_ups` of the table `readings`."""
    return (
        reading.commit,
        reading.role.value,
        reading.against,
        json.dumps({"kind": type(reading.judgement).__name__, **dataclasses.asdict(reading.judgement)}),
        _run_to_json(reading.run),
        _run_to_json(reading.reference),
        reading.build_seconds,
        str(reading.log) if reading.log else None,
        reading.at.isoformat(timespec="milliseconds"),
        reading.digest,
        reading.reference_digest,
        reading.build.value,
        reading.shared,
        reading.about,
        reading.clean,
        reading.fix_ups,
    )


def reading_from_row(row: Row) -> Reading:
    """The reading that `reading_to_row` wrote."""
    commit, role, against, judgement, run, reference, build_seconds, log, at = row[:9]
    digest, reference_digest, build, shared, about, clean = row[9:15]
    return Reading(
        commit=commit,
        role=Role(role),
        judgement=_judgement(json.loads(judgement)),
        at=datetime.fromisoformat(at),
        run=_run(run),
        reference=_run(reference),
        build_seconds=build_seconds,
        log=Path(log) if log else None,
        against=against,
        digest=digest,
        reference_digest=reference_digest,
        build=BuildKind(build),
        shared=shared,
        about=about,
        clean=bool(clean),
        fix_ups=next(iter(row[15:]), ""),
    )


def conclusion_to_json(conclusion: Conclusion) -> dict[str, Any]:
    """The conclusion's fields, with its name under `conclusion`."""
    return {"conclusion": conclusion.name, **dataclasses.asdict(conclusion)}


def conclusion_from_json(document: Mapping[str, Any]) -> Conclusion:
    """The conclusion that `conclusion_to_json` wrote."""
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in document.items()
    }
    kind = _CONCLUSIONS[fields.pop("conclusion")]
    for key in ("effect", "together"):
        if fields.get(key) is not None:
            fields[key] = Effect(**fields[key])
    if kind is endings.Steps:
        fields["steps"] = tuple(map(_step, fields["steps"]))
    return kind(**fields)


def _step(document: Mapping[str, Any]) -> ChangePoint:
    effect = Effect(**document["effect"]) if document["effect"] else None
    return ChangePoint(**{**document, "commits": tuple(document["commits"]), "effect": effect})


def _judgement(document: dict[str, Any]) -> Judgement:
    return _JUDGEMENTS[document.pop("kind")](**document)


def _run_to_json(run: Run | None) -> str | None:
    if run is None:
        return None
    document = {k: v for k, v in dataclasses.asdict(kept(run)).items() if k not in NOT_KEPT}
    document["ending"] = run.ending.name if run.ending else None
    return json.dumps(document)


def kept(run: Run) -> Run:
    """The run with as much of it as the journal keeps."""
    matches = {pattern: _ends_of(found) for pattern, found in run.matches.items()}
    return dataclasses.replace(run, output=run.output[-_OUTPUT_KEPT:], matches=matches, files={})


def _ends_of(matches: Sequence[Match]) -> list[Match]:
    return [*matches[:_MATCHES_KEPT], *matches[_MATCHES_KEPT:][-_MATCHES_KEPT:]]


def _run(text: str | None) -> Run | None:
    if text is None:
        return None
    document = json.loads(text)
    document["ending"] = Ending[document["ending"]] if document["ending"] else None
    document["contention"] = Contention(**document["contention"])
    document["matches"] = {
        pattern: [Match(match["at"], match["text"], tuple(match["groups"])) for match in matches]
        for pattern, matches in document["matches"].items()
    }
    return Run(**document)
