"""Values on one line are read back as they were."""

from __future__ import annotations

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bisector.hunt_file.flow import in_flow

VALUES = st.recursive(
    st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
@example(".env")
@example(1e22)
@example({"on": 1e-7})
@example(".inf")
@example(".5")
@example("..")
@example("on")
@example("it's")
@example("a: b")
@example("a\nb")
@example("2020-01-01")
@example("é")
def test_yaml_reads_it_back(value: object) -> None:
    """In a list too, where brackets and commas end a plain text."""
    assert yaml.safe_load(f"key: {in_flow([value])}") == {"key": [value]}


def test_a_person_would_write_it_so() -> None:
    """Quotes only where they are needed."""
    assert in_flow([{"file": "check.sh", "to": ".env"}]) == "[{file: check.sh, to: .env}]"
