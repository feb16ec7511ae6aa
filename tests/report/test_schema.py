"""The JSON Schemas of output for programs."""

from __future__ import annotations

import jsonschema
import pytest

from bisector.report.schema import event_schema, output_schema
from bisector.report.summary import summary
from bisector.report.versioned import versioned
from tests.report import factory
from tests.schemas import closed, published, require


@pytest.mark.parametrize("schema", [output_schema(), event_schema()], ids=["output", "events"])
def test_the_schemas_are_schemas(schema: dict[str, object]) -> None:
    """They follow the standard, and each kind of object has a description."""
    jsonschema.Draft202012Validator.check_schema(schema)
    kinds = schema["oneOf"]
    assert isinstance(kinds, list) and len(kinds) > 5


@pytest.mark.parametrize("case", factory.CASES)
def test_every_summary_is_as_published(case: str) -> None:
    """No summary lacks a key, has one that is not published, or a value of another type."""
    require(closed(published("output")), versioned("run", summary(factory.CASES[case]())))


@pytest.mark.parametrize(
    ("key", "value"), [("confirmed", "yes"), ("conclusion", "guilty"), ("schema", "run/2"), ("more", 1)]
)
def test_other_values_are_refused(key: str, value: object) -> None:
    """The schema tells a wrong object from a right one."""
    found = {**versioned("run", summary(factory.measured())), key: value}
    with pytest.raises(AssertionError):
        require(closed(published("output")), found)


def test_a_newer_bisector_may_add_keys() -> None:
    """The published schema accepts keys that it does not name."""
    found = {**versioned("run", summary(factory.measured())), "added_later": 1}
    require(jsonschema.Draft202012Validator(published("output")), found)


def test_no_published_key_goes_away() -> None:
    """Version 1 of a hunt's outcome keeps these keys: take one away only with a new version."""
    kinds = output_schema()["$defs"]
    kept = {"conclusion", "exit_code", "commit", "first_bad", "confirmed", "confidence", "ratio", "interval"}
    kept |= {"any_of", "steps", "descent", "good", "bad", "hunt", "reason", "report", "probes", "readings"}
    assert kept <= set(kinds["Run"]["required"])
