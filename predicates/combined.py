"""Combinations of several predicates on one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from bisector.predicate import Bad, Ends, Good, Judgement, Options, Predicate, Run, Untestable

EarlyJudgement = Good | Bad | Untestable


def _built(part: object, info: ValidationInfo) -> object:
    """Make a predicate from `{name: ..., its options ...}`, with the function in the validation context."""
    if isinstance(part, Predicate):
        return part
    if not isinstance(part, dict):
        raise ValueError(f"{part!r} is not a mapping; write for instance {{name: no_oom}}")
    options = {key: value for key, value in part.items() if key != "name"}
    predicate = (info.context or {})["build_predicate"](str(part.get("name", "")), options)
    if predicate.paired:
        raise ValueError(f"{predicate.name} measures a ratio, which cannot be combined with other predicates")
    return predicate


Part = Annotated[Predicate[Any], BeforeValidator(_built, json_schema_input_type=dict[str, Any])]


class CombinedOptions(Options):
    """Options of `all_of` and `any_of`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    of: tuple[Part, ...] = Field(description="The predicates, each with its name and its options.")

    @field_validator("of")
    @classmethod
    def _has_parts(cls, of: tuple[Part, ...]) -> tuple[Part, ...]:
        if not of:
            raise ValueError("name at least one predicate, such as `of: [{name: no_oom}]`")
        return of


class _Combined(Predicate[CombinedOptions]):
    Options = CombinedOptions
    decisive: type[Good] | type[Bad]
    """The judgement that decides as soon as one part gives it."""
    unanimous: type[Good] | type[Bad]
    """The judgement if all parts agree on it."""

    @property
    def by_wall_clock(self) -> bool:
        """Whether one of the parts depends on wall time."""
        return any(part.by_wall_clock for part in self.options.of)

    @property
    def believes_failures(self) -> bool:
        """Whether all parts that depend on wall time do."""
        return all(part.believes_failures for part in self.options.of if part.by_wall_clock)

    @property
    def reviews(self) -> bool:
        """Whether one of the parts does."""
        return any(part.reviews for part in self.options.of)

    @property
    def runs_to_the_end(self) -> bool:
        """Whether one of the parts needs the whole run."""
        return any(part.runs_to_the_end for part in self.options.of)

    @property
    def patterns(self) -> tuple[str, ...]:
        """All patterns that the parts need."""
        return tuple(dict.fromkeys(pattern for part in self.options.of for pattern in part.patterns))

    @property
    def files(self) -> tuple[str, ...]:
        """All files that the parts read."""
        return tuple(dict.fromkeys(file for part in self.options.of for file in part.files))

    def watch(self, run: Run) -> EarlyJudgement | None:
        """Certain if one part is decisive, or all parts are certain."""
        if self.runs_to_the_end:
            return None
        found = [part.watch(run) for part in self.options.of]
        certain = [judgement for judgement in found if judgement]
        if len(certain) == len(found) or any(isinstance(judgement, self.decisive) for judgement in certain):
            return self._combine(certain)
        return None

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """The judgement of one decisive part, or of all parts together."""
        return self._combine([part.judge(run, None) for part in self.options.of])

    def review(self, judgement: Judgement, run: Run, ends: Ends) -> Judgement:
        """The same with the judgement of each part reviewed by itself."""
        return self._combine([part.review(part.judge(run, None), run, ends) for part in self.options.of])

    def _combine(self, judgements: Sequence[Judgement]) -> EarlyJudgement:
        for judgement in judgements:
            if isinstance(judgement, self.decisive):
                return self.decisive(judgement.why)
        for judgement in judgements:
            if not isinstance(judgement, self.unanimous):
                return Untestable(judgement.why)
        return self.unanimous("; ".join(judgement.why for judgement in judgements))


class AllOf(_Combined):
    """Good if all of its predicates say good, bad as soon as one says bad, otherwise untestable."""

    name = "all_of"
    decisive = Bad
    unanimous = Good


class AnyOf(_Combined):
    """Good as soon as one of its predicates says good, bad if all say bad, otherwise untestable."""

    name = "any_of"
    decisive = Good
    unanimous = Bad
