"""A benchmark that crashes at good is no measurement."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import bisector
from tests.git_history import chain, write_history

CRASHES = 'echo "no data file" >&2; exit 3'


def test_a_benchmark_that_crashes_everywhere_is_not_told_to_be_as_fast(tmp_path: Path) -> None:
    """The good endpoint cannot be tested; its output is shown, and the line for a normal exit code."""
    ids = write_history(tmp_path / "repo", chain(4))
    run = ("run", "--good", ids["c0"], "--bad", ids["c3"], "--test", CRASHES, "--predicate", "wall_time")
    done = bisector(*run, folder=tmp_path / "repo")
    assert done.returncode == 5, done.stdout
    said = " ".join(done.stdout.replace("│", " ").split())
    assert "The good endpoint" in said and "cannot be tested" in said
    assert "--set 'predicate.exits=[3]'" in said
    assert "no data file" in said
    done = bisector(*run, "--set", "predicate.exits=[3]", folder=tmp_path / "repo")
    assert done.returncode == 3, done.stdout + done.stderr
