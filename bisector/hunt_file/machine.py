"""The sections that say what the machine does around a reading, for steadier measurements."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt

from bisector.hunt_file.fields import Command, Wait
from bisector.hunt_file.overlay import Section
from bisector.units import MINUTE


class Quiet(Section):
    """Makes every probe wait for a quiet machine."""

    load_per_core: StrictFloat = Field(
        gt=0,
        description="A test starts once the CPU load of other processes, per core, is at most this, and "
        "so is the share of time in which some task waits for a CPU. bisector measures both for a "
        "second; the load average would still include its own last test.",
        examples=[0.5],
    )
    wait: Wait = Field(default=10 * MINUTE, description="Longest wait. After it, the test starts anyway.")


class Measure(Section):
    """CPUs for the tests, and commands around each reading, for steadier measurements."""

    cpus: tuple[Annotated[StrictInt, Field(ge=0)], ...] = Field(
        default=(),
        description="Numbers of the CPUs that tests may use, as for `taskset --cpu-list`. Default: all.",
        examples=[[1]],
    )
    before: Command | None = Field(
        default=None,
        description="Command to run before each reading, for example to pause other work. It runs in "
        "the folder of the hunt file, outside of the sandbox, with bisector's own environment, and must "
        "finish within a minute. Default: none.",
        examples=["tmux send-keys -t loops C-z"],
    )
    after: Command | None = Field(
        default=None,
        description="Command to run after each reading, even if the reading failed or was interrupted. "
        "After `kill -9`, it runs when the next hunt starts in the same `scratch`. Default: none.",
        examples=["tmux send-keys -t loops fg Enter"],
    )
