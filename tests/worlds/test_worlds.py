"""The same few worlds in every `make test`. `make worlds` runs 2,000."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SEED, WORLDS, PARTS = 14, 100, 4


@pytest.mark.parametrize("part", range(PARTS))
def test_no_world_is_judged_wrongly(tmp_path: Path, part: int) -> None:
    """With any traps, the answer is right, or honestly undecided."""
    numbers = [str(number) for number in range(part, WORLDS, PARTS)]
    command = [sys.executable, "-m", "tests.worlds", "--seed", str(SEED), "--jobs", "1", "--only", *numbers]
    done = subprocess.run([*command, "--json", str(tmp_path / "worlds")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = json.loads((tmp_path / "worlds").read_text())
    assert [str(one["number"]) for one in outcomes] == numbers
    # Undecided must not become the usual answer: most worlds have a clear one.
    assert sum(one["grade"] == "right" for one in outcomes) > len(outcomes) / 2
