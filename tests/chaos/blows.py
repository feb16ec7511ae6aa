"""Blows: how and when bisector is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.scene import MARK, Scene, marked

HERE = Path(__file__).parent
PATIENCE = 120.0
"""Seconds after which a process counts as hung."""
POWER = "power cut"
"""Bisector and all its processes are killed at once."""

EARLY = {
    "journal begin": ("before", "after"),
    "journal add": ("before", "after"),
    "in the transaction": ("before", "after"),
    "worktree add": ("before", "during", "after"),
    "checkout": ("before", "during", "after"),
    "build": ("before", "during", "after"),
    "test": ("before", "during", "after"),
    "artefacts kept": ("before", "during", "after"),
    "artefact's bytes": ("before", "after"),
    "artefact's entry": ("before", "after"),
    "artefacts restored": ("before", "after"),
}
"""Points that a hunt reaches during its search, and when to kill it there."""
LATE = {
    "journal conclude": ("before", "after"),
    "worktree remove": ("before", "during", "after"),
    "lock let go": ("before", "after"),
    "report": ("before", "during", "after"),
    "progress log": ("before", "during", "after"),
    "progress log half written": ("before", "after"),
    "progress log replaced": ("before", "after"),
}
"""Points at the end of a hunt."""
_NTH = {"journal begin": 1, "report": 1, "progress log": 1, "progress log half written": 2}
POLITE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Blow:
    """How to kill a process: `at` a crash point, or '' at a moment, `seconds` after its start."""

    how: str
    at: str = ""
    when: str = ""
    nth: int = 1
    seconds: float = 0.0


class Hung(AssertionError):
    """A process that does not end."""


def blows(rng: random.Random, early: int, late: int, seconds: float) -> list[Blow]:
    """Blows for one hunt, those at its end last. A third of the early ones is at random moments."""
    found = []
    for points, most in ((EARLY, early), (LATE, late)):
        for point in rng.sample(sorted(points), min(most, len(points))):
            how = rng.choice(["SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
            if points is EARLY and rng.random() < 0.35:
                how = rng.choice([how, POWER])
                found.append(Blow(how, seconds=rng.uniform(0.2, 1.1) * seconds))
            else:
                nth = rng.randint(1, _NTH.get(point, 2))
                found.append(Blow(how, point, rng.choice(points[point]), nth, rng.uniform(0, 0.06)))
    return found


def start(scene: Scene, blow: Blow | None = None, *arguments: str) -> tuple[int, str, str, bool]:
    """Start the hunt with the blow. Returns exit code, both outputs, and whether the blow happened."""
    hit = scene.folder / "hit"
    hit.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "bisector", "run", "--json", "--config", str(scene.hunt_file), *arguments],
        cwd=scene.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(scene, blow),
        start_new_session=True,
    )
    scene.pids.append(process.pid)
    fell = False
    if blow and not blow.at:
        try:
            process.wait(blow.seconds)
        except subprocess.TimeoutExpired:
            fell = True
            _strike(scene, process, blow.how)
    try:
        # After SIGKILL, a git process of the hunt may still hold the pipes.
        out, complaint = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Hung(f"{scene.kind}: it does not end within {PATIENCE:.0f} s after {blow}") from error
    return process.returncode, out, complaint, fell or hit.exists()


def _environment(scene: Scene, blow: Blow | None) -> dict[str, str]:
    path = [str(HERE / "crash_here"), os.environ.get("PYTHONPATH", "")]
    own = {"PYTHONPATH": os.pathsep.join(filter(None, path)), MARK: scene.mark}
    own |= {"CHAOS_TRACE": str(scene.trace), "CHAOS_HIT": str(scene.folder / "hit")}
    if blow and blow.at:
        number = int(getattr(signal, blow.how))
        own["CHAOS_AT"] = f"{blow.at}|{blow.when}|{blow.nth}|{number}|{blow.seconds}"
    return {**os.environ, **own}


def _strike(scene: Scene, process: subprocess.Popen[str], how: str) -> None:
    if how == POWER:
        for pid in (process.pid, *marked(scene.mark)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
    else:
        process.send_signal(getattr(signal, how))
