"""The section `diagnose` of a hunt file: the evidence and the hypotheses of `bisector diagnose`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from bisector.hunt_file.choice import Choice
from bisector.hunt_file.fields import Kind, OneLine
from bisector.hunt_file.overlay import Section

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_WORD = re.compile(r"\s*([<>]=?|=+|[^\s<>=]+)")
_EXAMPLE = "'allocated_words ratio > 2'"


class Aspect(Enum):
    """How a figure of the bad commit is compared with its parent's."""

    RATIO = "ratio"
    DIFFERENCE = "difference"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Condition:
    """An expected property of one figure, such as `allocated_words ratio > 2`."""

    figure: str
    aspect: Aspect
    operator: str
    bar: float

    def holds(self, value: float) -> bool:
        """Whether a value of the figure's aspect satisfies the condition."""
        return OPERATORS[self.operator](value, self.bar)

    def __str__(self) -> str:
        return f"{self.figure} {self.aspect.value} {self.operator} {self.bar:g}"


def parse(text: str) -> tuple[Condition, ...]:
    """The conditions, joined by `and`, of an expectation: FIGURE ratio|difference|value OPERATOR NUMBER.

    Raises ValueError, one sentence, for anything else.
    """
    words = _WORD.findall(text)
    if not words:
        raise ValueError(f"is empty; write for instance {_EXAMPLE}")
    conditions = []
    while True:
        conditions.append(_condition(words[:4]))
        rest = words[4:]
        if not rest:
            return tuple(conditions)
        if rest[0] != "and":
            raise ValueError(f"{rest[0]!r} cannot join conditions; join them with 'and'")
        words = rest[1:]
        if not words:
            raise ValueError("ends with 'and'; write another condition, or remove it")


def _condition(words: list[str]) -> Condition:
    told = " ".join(words)
    if len(words) < 4:
        raise ValueError(
            f"{told!r} is not a complete condition; write a figure, one of {_aspects()}, a comparison and a "
            f"number, for instance {_EXAMPLE}"
        )
    figure, aspect, comparison, number = words
    if aspect not in {each.value for each in Aspect}:
        raise ValueError(f"expected one of {_aspects()} after the figure in {told!r}, got {aspect!r}")
    if comparison not in OPERATORS:
        raise ValueError(f"expected one of {', '.join(OPERATORS)} in {told!r}, got {comparison!r}")
    try:
        bar = float(number)
    except ValueError:
        bar = float("nan")
    if not abs(bar) < float("inf"):
        raise ValueError(f"expected a number at the end of {told!r}, got {number!r}")
    return Condition(figure, Aspect(aspect), comparison, bar)


def _aspects() -> str:
    return ", ".join(each.value for each in Aspect)


def _expectation(text: str) -> str:
    parse(text)
    return text


Expectation = Annotated[str, AfterValidator(_expectation), Kind("expectation")]


class EvidenceChoice(Choice):
    """A collector of evidence. All other keys are options of that collector.

    Instead of the entry, you can write only the name.
    """

    name: OneLine = Field(
        description="Name of the collector, or the Python file that defines it, relative to the hunt "
        "file: `mine.py`, or `mine.py:Name` if it defines several.",
        examples=["counters"],
    )


class Hypothesis(Section):
    """A possible cause, and what you would see if it were the cause."""

    name: OneLine = Field(description="The possible cause.", examples=["env-as-value churn"])
    expect: Expectation = Field(
        description="What you would see at the commit, compared with its parent, if this were the "
        "cause: a figure, then `ratio`, `difference` or `value`, a comparison and a number. Join "
        "several with `and`. If several collectors have the figure, write `COLLECTOR:FIGURE`.",
        examples=["allocated_words ratio > 2"],
    )

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The parsed conditions of `expect`."""
        return parse(self.expect)


class Diagnosis(Section):
    """What `bisector diagnose` compares at the first bad commit and its parent."""

    evidence: tuple[EvidenceChoice, ...] = Field(
        default=(),
        description="Collectors to run, by name or as keys and values. Default: all that need no "
        "options and little time.",
    )
    hypotheses: tuple[Hypothesis, ...] = Field(
        default=(), description="Possible causes, each with what you would see."
    )

    @field_validator("hypotheses")
    @classmethod
    def _told_apart(cls, hypotheses: tuple[Hypothesis, ...]) -> tuple[Hypothesis, ...]:
        names = [hypothesis.name for hypothesis in hypotheses]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two hypotheses are called {name!r}; give each a different name")
        return hypotheses
