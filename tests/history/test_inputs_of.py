"""The paths on which a hunt depends, and the candidates that this removes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bisector.hunt.ground import Ground
from bisector.hunt.session import Session
from bisector.hunt_file import build
from bisector.probe.identity import inputs_of
from tests.git_history import chain, write_history

TEST = {"test.command": "true", "test.inputs": ["src", "top"]}
HISTORY = chain(7, {0: {"src/a": "0", "mk": "0"}, 2: {"src/a": "1"}, 4: {"mk": "1"}, 5: {"top": "1"}})


@pytest.mark.parametrize(
    ("said", "inputs", "left"),
    [
        ({"test.command": "true"}, (".",), 6),
        (TEST, ("src", "top"), 4),
        ({**TEST, "build.command": "make"}, (".", "src", "top"), 6),
        ({**TEST, "build.command": "make", "build.inputs": ["mk", "src"]}, ("mk", "src", "top"), 5),
    ],
)
def test_only_commits_that_change_an_input_are_left(
    tmp_path: Path, said: dict[str, Any], inputs: tuple[str, ...], left: int
) -> None:
    """If every section declares inputs, other commits are not candidates, except the oldest and bad."""
    write_history(tmp_path / "repo", HISTORY)
    where = {"repository": str(tmp_path / "repo"), "good": "main~6", "bad": "main", "scratch": str(tmp_path)}
    hunt = build({**where, **said}, tmp_path, None)
    assert inputs_of(hunt) == inputs
    plan = Session(Ground(hunt, None, {}), ["main~6"]).plan
    assert len(plan.candidates) == left
    assert len(plan.every_candidate) == 6
