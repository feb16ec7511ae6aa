"""Names of hunts that the user gave none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.hunt_file import build
from bisector.probe.hunt_name import hunt_name


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("./check.sh", "check"),
        ("sh tests/run-all.sh --fast", "run-all"),
        ("cd api && ./check.sh", "check"),
        ("TOKEN=hunter2 ./check.sh", "check"),
        ("npm test", "npm-test"),
        ("cargo test --release parser", "cargo-test-parser"),
        ("pytest -x tests/test_a.py::test_b", "pytest-tests-test_a.py-test_b"),
        ("test ! -f bug", "test-bug"),
        ("curl -f https://me:hunter2@host/x", "curl"),
        ("API_KEY=hunter2 make check | tail", "make-check"),
        (("make", "-C", "src", "check"), "make-src-check"),
        ("'", "hunt"),
        ("", "hunt"),
    ],
)
def test_the_name_comes_from_the_command(command: str | tuple[str, ...], name: str) -> None:
    """The script's name, else the first words, without options, values and addresses."""
    assert hunt_name(command) == name


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_every_command_gives_a_name(command: str) -> None:
    """One that a hunt file accepts, short enough for a file name."""
    name = hunt_name(command)
    assert len(name) <= 40
    assert build({"good": "v1", "test.command": "x", "hunt": name}, Path(), None)
