"""Finds the targets of `targets: auto` by whole runs of the endpoints: what passes at good and fails at bad.

For benchmarks, one pair of runs compares bad with good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bisector.hunt import stored
from bisector.hunt.targets.judging import EACH
from bisector.predicate import Bad, Good, Judgement, Predicate, Untestable
from bisector.probe.reading import Reading, Role

PASS_AT_BOTH = "pass at both ends"
FAIL_AT_BOTH = "fail at both ends"
FIXED = "fail at good and pass at bad"
GONE = "pass at good and have no result at bad"
SKIPPED = "are skipped at one end"
ALIKE = "are slower by less than `ratio`"
UNMEASURED = "have no figure at one end"

_KINDS: Mapping[str, type[Good | Bad | Untestable]] = {
    kind.__name__: kind for kind in (Good, Bad, Untestable)
}


@dataclass(frozen=True, slots=True)
class WholeRun:
    """One whole run of an endpoint: its reading, and what it says of each test by name."""

    reading: Reading
    outcomes: Mapping[str, Judgement]

    def reading_of(self, target: str) -> Reading:
        """The first premise reading of a target."""
        return Reading(
            self.reading.commit,
            Role.PREMISE,
            self.outcomes.get(target, Untestable(f"there is no result of {target!r}")),
            self.reading.at,
            run=self.reading.run,
            build_seconds=self.reading.build_seconds,
            log=self.reading.log,
            digest=self.reading.digest,
            build=self.reading.build,
            fix_ups=self.reading.fix_ups,
            clean=self.reading.clean,
        )

    def document(self) -> dict[str, Any]:
        """For the journal, as JSON values."""
        told = {name: [type(one).__name__, one.why] for name, one in self.outcomes.items()}
        return {"reading": list(stored.reading_to_row(self.reading)), "outcomes": told}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> WholeRun:
        """The run that `document` wrote."""
        told = {name: _KINDS[kind](why) for name, (kind, why) in document["outcomes"].items()}
        return cls(stored.reading_from_row(tuple(document["reading"])), told)


@dataclass(frozen=True, slots=True)
class Found:
    """The `targets`, and the other tests by what they do at the endpoints."""

    targets: tuple[str, ...]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def whole_run(end: str, reading: Reading, predicate: Predicate[Any]) -> WholeRun | str:
    """The run with what it says of each test, or why it says nothing; `end` is the endpoint in words."""
    if reading.run is None or reading.judgement.why != EACH:
        return f"the {end} endpoint {reading.commit[:12]} cannot be tested: {reading.judgement.why}"
    try:
        return WholeRun(reading, predicate.outcomes(reading.run, reading.reference))
    except ValueError as error:
        return f"the whole test at the {end} endpoint {reading.commit[:12]} names no test: {error}"


def found_between(good: WholeRun, bad: WholeRun) -> Found:
    """What fails at bad and passes at good, or is not there, and what everything else does."""
    targets: list[str] = []
    others: dict[str, list[str]] = {}
    for name in dict.fromkeys((*good.outcomes, *bad.outcomes)):
        kind = _kind(good.outcomes.get(name), bad.outcomes.get(name))
        targets.append(name) if kind is None else others.setdefault(kind, []).append(name)
    return Found(tuple(targets), {kind: tuple(names) for kind, names in others.items()})


def slower_at(bad: WholeRun) -> Found:
    """The benchmarks that are slower at bad than at good, by a pair of whole runs."""
    kinds: dict[type[Judgement], list[str]] = {}
    for name, judgement in bad.outcomes.items():
        kinds.setdefault(type(judgement), []).append(name)
    others = {ALIKE: kinds.get(Good, []), UNMEASURED: kinds.get(Untestable, [])}
    return Found(tuple(kinds.get(Bad, [])), {kind: tuple(names) for kind, names in others.items() if names})


def _kind(good: Judgement | None, bad: Judgement | None) -> str | None:
    """What a test does at the endpoints; None if it is a target."""
    match good, bad:
        case ((Good() | None), Bad()):
            return None  # One without a result at good is hunted from the commit that it begins at.
        case Good(), Good():
            return PASS_AT_BOTH
        case Bad(), Bad():
            return FAIL_AT_BOTH
        case Bad(), Good():
            return FIXED
        case Good(), None:
            return GONE
    return SKIPPED
