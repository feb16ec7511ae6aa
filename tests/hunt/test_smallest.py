"""The search for the smallest set of parts, with hunts that always answer right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.history.stand_ins import Contents
from bisector.hunt.conclusion import AnyOf, Conclusion, FirstBad
from bisector.hunt.descend import smallest
from bisector.hunt.descend.smallest import Narrowing
from bisector.hunt.descend.way import Hunted

LINE = cast(Any, SimpleNamespace(of=lambda commit: commit, meant={}))


class Parts:
    """So many parts, without names and files."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def name(self, at: int) -> str:
        """Its number."""
        return str(at)

    def contents(self, chosen: Collection[int]) -> Contents:
        """Nothing."""
        return Contents("")

    def needed_by(self, chosen: Collection[int]) -> set[int]:
        """Only these."""
        return set(chosen)


class Right(Narrowing):
    """A narrowing whose hunts know that `cause` is bad, and that parts `together` build only all or none."""

    def __init__(self, size: int, cause: set[int], together: set[int]) -> None:
        super().__init__(cast(Any, None), cast(Any, None), "", Parts(size), [[(at,)] for at in range(size)])
        self._cause, self._together = cause, together
        self.hunts = 0

    def _hunt(self, sets: Sequence[Collection[int]], subjects: Sequence[str], suspect: int = 0) -> Hunted:
        self.hunts += 1
        assert self.hunts < 200
        builds = [self._together <= set(one) or not self._together & set(one) for one in sets]
        bad = next(at for at, one in enumerate(sets) if builds[at] and self._cause <= set(one))
        good = max((at for at in range(bad) if builds[at]), default=-1)
        left = tuple(str(at + 1) for at in range(good + 1, bad + 1))
        found: Conclusion = (
            FirstBad(left[0], 1.0, True) if len(left) == 1 else AnyOf(left, (1.0,) * len(left))
        )
        return Hunted(LINE, found)


@given(st.integers(1, 40), st.data())
def test_exactly_the_cause_is_found(size: int, data: st.DataObject) -> None:
    """Whatever its size and places, if everything builds."""
    cause = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=5))
    assert set(Right(size, cause, set()).smallest().chosen) == cause


@given(st.integers(2, 20), st.data())
def test_parts_that_build_only_together_come_along_if_needed(size: int, data: st.DataObject) -> None:
    """All of them if one is in the cause, else none."""
    places = st.integers(0, size - 1)
    cause = data.draw(st.sets(places, min_size=1, max_size=3))
    together = data.draw(st.sets(places, min_size=2, max_size=5))
    wanted = cause | together if cause & together else cause
    assert set(Right(size, cause, together).smallest().chosen) == wanted


def test_more_parts_than_a_line_holds_that_are_all_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends, though it cannot leave out a single group."""
    monkeypatch.setattr(smallest, "_STAGES", 4)
    every = set(range(30))
    assert set(Right(30, every, every).smallest().chosen) == every
    assert set(Right(30, {3, 17}, set()).smallest().chosen) == {3, 17}
