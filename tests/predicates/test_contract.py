"""Every shipped predicate keeps the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bisector.predicate import Ends, Predicate
from bisector.probe.discovery import options_context, shipped_predicates

from .contract import (
    check_at_least,
    check_description,
    check_early_judgement,
    check_judgement,
    check_review,
    runs,
    so_far_and_finished,
)

SHIPPED = shipped_predicates()

PARTS = {"of": [{"name": "markers_within", "within": "100s"}, {"name": "no_oom"}]}
NEEDED: dict[str, dict[str, Any]] = {"output_matches": {"pattern": "FAIL"}, "all_of": PARTS, "any_of": PARTS}
"""Options for predicates that need them. All other predicates have defaults."""


def built(name: str) -> Predicate[Any]:
    kind = SHIPPED[name]
    return kind(kind.Options.model_validate(NEEDED.get(name, {}), context=options_context(Path())))


every = pytest.mark.parametrize("name", SHIPPED)


@every
def test_description(name: str) -> None:
    """Every predicate has a name, a docstring and described options."""
    check_description(SHIPPED[name], name)


@every
def test_unknown_option(name: str) -> None:
    """An unknown option is refused."""
    with pytest.raises(ValidationError, match="no_such_option"):
        SHIPPED[name].Options.model_validate(
            {**NEEDED.get(name, {}), "no_such_option": 1}, context=options_context(Path())
        )


@every
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_judgement(name: str, data: st.DataObject) -> None:
    """Odd runs are judged too, each in one sentence."""
    predicate = built(name)
    baseline = data.draw(st.none() | runs(predicate))
    check_judgement(predicate, data.draw(runs(predicate)), baseline)


@every
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_review(name: str, data: st.DataObject) -> None:
    """The endpoints' runs change a judgement only as the contract allows, also if they are unknown."""
    predicate = built(name)
    good, bad = (data.draw(st.none() | runs(predicate)) for _ in range(2))
    check_review(predicate, data.draw(runs(predicate)), Ends(good, bad))


@every
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_early_judgement(name: str, data: st.DataObject) -> None:
    """An early judgement never contradicts the final one."""
    predicate = built(name)
    check_early_judgement(predicate, *data.draw(so_far_and_finished(predicate)))


@every
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_at_least(name: str, data: st.DataObject) -> None:
    """The value of a running test only grows."""
    predicate = built(name)
    check_at_least(predicate, *data.draw(so_far_and_finished(predicate)), data.draw(runs(predicate)))
