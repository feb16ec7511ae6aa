"""Pipes in a test command, whose exit code is that of the last part."""

from __future__ import annotations

import pytest

from bisector.phases.first_try.pipes import pipeline_in


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("./bench | tee log", ("./bench", "tee")),
        ("cd sub && N=3 make check 2>&1 | sort | tee -a 'a log'; true", ("make", "tee")),
        ("bash -c './bench |& grep -v noise'", ("./bench", "grep")),
        ("./bench || exit 3", None),
        ("grep 'a|b' log", None),
        ("echo it's", None),
        ("./bench > log", None),
    ],
)
def test_the_first_pipeline_of_a_command(line: str, found: tuple[str, str] | None) -> None:
    """A bar in quotes is none, nor is one of two."""
    assert pipeline_in(line) == found
