"""What a slot is busy with, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Step(Enum):
    """What a slot is busy with."""

    LAYING_OUT = "laying out"
    BUILDING = "building"
    BUILDING_CLEAN = "building clean"
    BUILDING_AHEAD = "building ahead"
    TESTING = "testing"
    TESTING_REFERENCE = "testing the reference"
    RETRYING = "waiting to retry"
    WAITING = "waiting for a calm machine"
    REPEATING = "repeating a run that was not fair"
    DONE = "done"


OnStep = Callable[[str, Step, str], None]
"""(commit, step, details): called when a step begins."""
