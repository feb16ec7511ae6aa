"""The section `alarm`: micro-benchmarks whose times are stored, and compared at each change."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, StrictFloat, StrictInt, field_validator

from bisector.hunt_file.fields import Count, LocalPath
from bisector.hunt_file.overlay import Section
from bisector.pattern import Bounded

LINE = r"^(?P<name>[A-Za-z][\w./-]*)[ :=]+(?P<value>\d+(?:\.\d+)?)(?: ?ms)?$"


class Alarm(Section):
    """What `bisector alarm` compares. The test prints a line with the milliseconds of each benchmark."""

    references: LocalPath = Field(
        default=Path("perf-reference.yaml"),
        description="File with the reference times, relative to the hunt file: YAML that `bisector "
        "alarm --update` writes, or any other text with lines such as `REF_FIB18=1216`.",
    )
    factor: StrictFloat = Field(
        default=5.0,
        gt=1,
        description="A benchmark fails if it takes more than this multiple of its reference time.",
    )
    runs: Count = Field(
        default=5, description="Runs of the test. The shortest time of each benchmark counts."
    )
    warm_up: StrictInt = Field(
        default=1,
        ge=0,
        description="Runs before these to fill caches, also those on disk. Their times do not count.",
    )
    pattern: str = Field(
        default=LINE,
        description="Regular expression for the line of a benchmark, with the groups `name` and `value` "
        "(milliseconds).",
    )
    drift: StrictFloat = Field(
        default=1.2,
        gt=1,
        description="A slow change in the history is reported from this ratio on.",
    )

    @field_validator("pattern")
    @classmethod
    def _has_its_groups(cls, pattern: str) -> str:
        try:
            groups = Bounded(pattern).groups
        except ValueError as error:
            raise ValueError(f"is not a regular expression ({error}); fix it") from error
        if missing := {"name", "value"} - set(groups):
            raise ValueError(f"has no group {min(missing)!r}; write for instance (?P<{min(missing)}>\\S+)")
        return pattern
