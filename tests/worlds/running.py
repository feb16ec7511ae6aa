"""Runs worlds and grades them."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.worlds.generate import generate
from tests.worlds.judging import Grade, Judged, judge, judge_killed
from tests.worlds.scene import Scene
from tests.worlds.world import World


@dataclass(frozen=True)
class Outcome:
    """How a world ended. `why` is about its worst start."""

    seed: int
    number: int
    traps: tuple[str, ...]
    grade: Grade
    why: str
    start: int
    trusted: bool
    seconds: float

    @property
    def again(self) -> str:
        """The command that generates and runs this world again."""
        return f"python -m tests.worlds --seed {self.seed} --only {self.number} --keep world-{self.number}"

    def as_document(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "grade": self.grade.name.lower(), "again": self.again}


def run_world(world: World, keep: Path | None = None) -> Outcome:
    """Run all starts of a world, in `keep` or in a folder that is removed."""
    if keep:
        return _run(world, keep.resolve())
    folder = Path(tempfile.mkdtemp(prefix="world-"))
    try:
        return _run(world, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_number(seed: int, number: int) -> Outcome:
    """Generate and run one world."""
    return run_world(generate(seed, number))


def _run(world: World, folder: Path) -> Outcome:
    scene = Scene(world, folder)
    worst, at, seconds = Judged(Grade.RIGHT, "nothing was run"), 0, 0.0
    for number, start in enumerate(world.starts):
        run = scene.run(start)
        seconds += run.seconds
        judged = judge_killed(run) if start.killed_after else judge(run, start.truth, scene.ids)
        if judged.grade >= worst.grade:
            worst, at = judged, number
        if judged.grade is Grade.WRONG:
            break
    return Outcome(world.seed, world.number, world.traps, worst.grade, worst.why, at, worst.trusted, seconds)
