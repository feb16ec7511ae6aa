"""Thirty blows in `make test`, and rare cases; `make chaos` has three hundred blows."""

from __future__ import annotations

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bisector.engine.uninterrupted import uninterrupted
from bisector.probe.ownership import new_token
from bisector.report.atomic_write import atomic_write
from tests.chaos.harness import Kill, stories
from tests.chaos.scene import KINDS

KILLS = 30


def _killed(kinds: list[str], kills: int, seed: int) -> list[Kill]:
    return [kill for story in stories(kinds, kills, seed, early=6, late=3) for kill in story]


def test_hunts_that_are_killed_come_to_the_same_end() -> None:
    """After any blow the same command continues: same answer, nothing repeated, lost, doubled or left."""
    with ThreadPoolExecutor(2) as pool:
        halves = [pool.submit(_killed, kinds, KILLS // 2, 5) for kinds in (["three jobs"], ["pairs"])]
        kills = [kill for half in halves for kill in half.result()]
    assert len(kills) == KILLS
    assert {kill.kind for kill in kills} <= KINDS.keys()
    how = Counter(kill.blow.how for kill in kills)
    assert len(how) >= 4
    assert len({kill.blow.at for kill in kills}) >= 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_for_what_is_being_put_away(number: signal.Signals) -> None:
    """A signal is handled once, after the protected block, however often it came."""
    told: list[str] = []
    kept = signal.signal(number, lambda *_: told.append("signal"))
    try:
        with uninterrupted():
            signal.raise_signal(number)
            signal.raise_signal(number)
            told.append("put away")
    finally:
        signal.signal(number, kept)
    assert told == ["put away", "signal"]


def test_what_a_killed_bisector_had_half_written_is_taken_away(tmp_path: Path) -> None:
    """The next write in that folder removes temporary files of dead processes, but not of living ones."""
    dead = new_token().replace(f"{os.getpid()}-", "999999999-", 1)
    for name in (f".bisector.{dead}.x1", f".bisector.{new_token()}.x2", ".bisector.yaml", ".bisector.d.x3"):
        (tmp_path / name).touch()
    atomic_write(tmp_path / "plan.md", b"whole\n")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert len(left) == 4
    assert (f".bisector.{dead}.x1" in left, (tmp_path / "plan.md").read_text()) == (False, "whole\n")
