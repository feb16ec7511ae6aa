"""A hunt in a small repository whose readings are written to the journal by hand, without any process."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bisector.hunt.conclusion import Conclusion
from bisector.hunt.ground import Ground, opened
from bisector.hunt.session import Session
from bisector.hunt_file import build
from bisector.predicate import Bad, Ending, Good, Run
from bisector.probe.reading import Reading, Role
from tests.git_history import chain, write_history


class Begun:
    """A hunt over c0 (good) to c`length` that has begun; `bad_at` is the first bad commit."""

    def __init__(self, folder: Path, length: int = 8, bad_at: int = 5) -> None:
        self.ids = [*write_history(folder / "repo", chain(length + 1)).values()]
        self.bad_at = bad_at
        values: dict[str, object] = {
            "hunt": "begun",
            "repository": str(folder / "repo"),
            "scratch": str(folder / "scratch"),
            "good": [self.ids[0]],
            "bad": self.ids[-1],
            "test": {"command": "sh test.sh"},
        }
        self.ground = Ground(build(values, folder, None), None, os.environ)
        self.session = Session(self.ground, self.ground.hunt.good)
        self._at = datetime.now(UTC) - timedelta(minutes=1)
        with opened(self.ground.scratch) as journal:
            self.row = self.session.row(journal)
        self.logs = self.ground.scratch.logs_made(self.session.key)

    def read(self, *commits: int, role: Role = Role.SEARCH) -> list[Reading]:
        """Take a reading of each of these commits, each with a log of its own."""
        taken = []
        for commit in commits:
            self._at += timedelta(seconds=1)
            judgement = Bad("it fails") if commit >= self.bad_at else Good("it passes")
            run = Run(2.0, 1.5, 0.1, ending=Ending.EXITED, exit_code=int(commit >= self.bad_at))
            log = self.logs / f"{self.ids[commit][:12]}-{role.value}-{commit}.log"
            log.write_text(f"output of c{commit}\n")
            os.utime(log, (self._at.timestamp(), self._at.timestamp()))
            reading = Reading(self.ids[commit], role, judgement, self._at, run, log=log)
            with opened(self.ground.scratch) as journal:
                journal.add(self.row.id, reading)
            taken.append(reading)
        return taken

    def conclude(self, conclusion: Conclusion) -> None:
        """End the hunt."""
        with opened(self.ground.scratch) as journal:
            journal.conclude(self.row.id, conclusion)
