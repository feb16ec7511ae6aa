"""The steps of a probe, for progress displays."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Step(Enum):
    """The current step in a slot."""

    LAYING_OUT = "checking out"
    SETTING_UP = "setting up"
    BUILDING = "building"
    BUILDING_CLEAN = "building clean"
    BUILDING_AHEAD = "prefetching"
    TESTING = "testing"
    TESTING_REFERENCE = "testing the reference"
    WARMING_UP = "warming up"
    RETRYING = "waiting to retry"
    WAITING = "waiting for a quiet machine"
    REPEATING = "repeating an unfair run"
    NOTED = "note"
    """Not a step: the details are a sentence for the user."""
    DONE = "done"


OnStep = Callable[[str, Step, str], None]
"""(commit, step, details): called when a step begins."""
