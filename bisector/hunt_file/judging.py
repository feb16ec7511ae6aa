"""The sections that say how runs are judged, how often commits are run, and when a hunt stops."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, ValidationInfo, field_validator

from bisector.hunt_file.choice import Choice
from bisector.hunt_file.fields import Count, Limit, OneLine
from bisector.hunt_file.overlay import Section
from bisector.units import MINUTE


class PredicateChoice(Choice):
    """The predicate that judges a test. All other keys are options of that predicate.

    Instead of the section, you can write only the name.
    """

    name: OneLine = Field(
        description="Name of the predicate, or the Python file that defines it, relative to the hunt "
        "file: `mine.py`, or `mine.py:Name` if it defines several.",
        examples=["exit_status"],
    )


class Pairs(Section):
    """How often a measuring predicate runs the candidate in turn with the reference."""

    first: StrictInt = Field(
        default=1,
        ge=1,
        description="Pairs to measure when the search first tests a commit. The search measures more if "
        "they tell more than another commit would.",
    )
    min: StrictInt = Field(
        default=3,
        ge=3,
        description="Fewest pairs before bisector believes a difference, between the endpoints and in "
        "the confirmation.",
    )
    whole: StrictBool = Field(
        default=False,
        description="Whether runs of the endpoints and of the confirmation continue to their end even "
        "if they are certain to be bad. The ratio is then measured in several pairs, however long they "
        "take.",
    )
    warm_up: Literal["auto"] | Annotated[StrictInt, Field(ge=0, le=10)] = Field(
        default="auto",
        description="Runs to discard before each measured run, because the first runs after a build are "
        "slower (caches, bytecode). `auto`: as many as the good endpoint needs, at most 3.",
    )
    max: StrictInt = Field(
        default=20, description="Most pairs. A difference that is still uncertain then stays undecided."
    )

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("min", 0):
            raise ValueError(f"is {value}, below 'min' ({info.data['min']}); raise it or lower 'min'")
        return value


class Premise(Section):
    """How to probe the two endpoints before the search."""

    runs: Count = Field(
        default=1,
        description="Runs of each endpoint, for a predicate that gives verdicts. bisector never "
        "believes an unexpected verdict after a single run.",
    )
    max: Count = Field(
        default=30,
        description="Most runs of a bad endpoint that passes every time, before bisector concludes that "
        "there is no regression. If the runs of an endpoint contradict each other, it gets up to twice "
        "as many.",
    )
    time: Limit = Field(
        default=2 * MINUTE,
        description="Time for the runs of both endpoints. After it, bisector makes only the runs that a "
        "conclusion needs: three of each endpoint, ten if they contradict each other.",
    )


class Budget(Section):
    """When a hunt gives up without a conclusion."""

    time: Limit | None = Field(default=None, description="Most time for the whole hunt. Default: no limit.")
    probes: Count | None = Field(default=None, description="Most commits to probe. Default: no limit.")
