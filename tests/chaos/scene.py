"""A small repository with hunts in it, and the check that they leave nothing."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bisector.probe.hierarchies import PREFIX, detect
from bisector.probe.ownership import is_orphaned
from tests.git_history import Node, write_history

LENGTH = 24
BAD_AT = 15
MARK = "CHAOS_MARK"
"""Environment variable of every process of one hunt."""

PLAN = "# Plan\n\nWhy we hunt.\n\n## Progress log\n\n- 2026-01-02 — an older entry\n\n## Later\n\nThe end.\n"

KINDS: dict[str, dict[str, Any]] = {
    "verdicts": {"jobs": 1},
    "three jobs": {"jobs": 3},
    "no store": {"jobs": 1},
    "pairs": {"jobs": 1, "predicate": {"name": "counter", "pattern": r"words: (\d+)", "ratio": 1.5}},
}
"""The hunts: the differences in their hunt files."""

_VERDICTS = ('{"kind": "Good', '{"kind": "Bad')
_RATIOS = ('{"kind": "Measured", "value": 1.0', '{"kind": "Measured", "value": 2.0')
JUDGEMENTS = {kind: _RATIOS if kind == "pairs" else _VERDICTS for kind in KINDS}
"""The judgements that the journal must have for a good and a bad commit."""

_PER_READING = {"pairs": 2}


def write_repository(folder: Path) -> dict[str, str]:
    """Ids by name of a history built by build.sh, whose test.sh fails and counts double from `BAD_AT` on."""
    nodes = [
        Node(
            f"c{at}",
            [f"c{at - 1}"] if at else [],
            {
                ".gitignore": "out\n",
                "build.sh": f"sleep 0.05; echo {at} >out\n",
                "test.sh": _TEST,
                "doc": str(at),
            },
        )
        for at in range(LENGTH)
    ]
    return write_history(folder, nodes)


_TEST = f"""sleep 0.05
if test $(cat out) -lt {BAD_AT}; then echo words: 100; else echo words: 200; exit $CHAOS_EXIT; fi
"""


@dataclass(frozen=True)
class Row:
    """A reading in the journal. Two with the same `what` are the same question and answer."""

    id: int
    what: tuple[str, ...]
    look: str = ""
    """The run of the reference that was followed by a look at its warm-up; empty without one."""


class Scene:
    """One hunt of a kind in the folder `folder`, with a repository, scratch folder and progress log."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.repository, self.scratch = folder / "repo", folder / "scratch"
        self.plan, self.counts, self.trace = folder / "plan.md", folder / "counts", folder / "trace"
        self.mark = f"{folder.name}-{os.getpid()}-{time.monotonic_ns()}"
        self.ids = write_repository(self.repository)
        self.plan.write_text(PLAN)
        self.counts.touch()
        self.trace.touch()
        self.hunt_file = self.write_hunt(kind)
        self.before = fingerprint(self.repository)
        self.pids: list[int] = []

    def write_hunt(self, kind: str, **other: Any) -> Path:
        """Write a hunt file of a kind, with `other` keys instead of its own."""
        paired = kind == "pairs"
        begun, ended = (f"echo {word} $BISECTOR_COMMIT >>{self.counts}" for word in ("begun", "ended"))
        build = {"command": "sh build.sh"} if kind == "no store" else _BUILD
        document = {
            "hunt": kind.replace(" ", "-"),
            "repository": str(self.repository),
            "good": self.ids["c0"],
            "bad": "main",
            "build": build,
            "test": {"command": f"{begun}; sh test.sh; code=$?; {ended}; exit $code", "timeout": "60s"},
            "environment": {"set": {MARK: self.mark, "CHAOS_EXIT": "0" if paired else "1"}},
            "scratch": str(self.scratch),
            "progress_log": str(self.plan),
            **KINDS[kind],
            **other,
        }
        file = self.folder / f"{document['hunt']}.yaml"
        file.write_text(yaml.safe_dump(document))
        return file

    @property
    def runs_a_reading(self) -> int:
        """How often the test runs for one reading, without a look at the warm-up of its reference."""
        return _PER_READING.get(self.kind, 1)

    @property
    def looks_a_reading(self) -> int:
        """How often the test may run besides, to see if the reference needs warming up."""
        return int(self.kind == "pairs")

    def runs(self, word: str = "begun") -> int:
        """How many runs of the test have begun, or ended."""
        return sum(line.startswith(word) for line in self.counts.read_text().splitlines())

    def begun(self) -> list[tuple[str, ...]]:
        """The readings that began: role, commit, and the reference that they are compared with."""
        return [tuple(line.split("|")) for line in self.trace.read_text().splitlines()]

    def rows(self) -> list[Row]:
        """The readings in the journal, oldest first."""
        if not (self.scratch / "journal.sqlite").exists():
            return []
        query = "select reference, id, role, commit_id, against, judgement, about from readings order by id"
        with sqlite3.connect(self.scratch / "journal.sqlite") as journal:
            if not journal.execute("select 1 from sqlite_master where name = 'readings'").fetchone():
                return []
            assert journal.execute("pragma integrity_check").fetchone() == ("ok",)
            rows = journal.execute(query)
            return [Row(at, _without_times(what), _look(reference)) for reference, at, *what in rows]

    def left(self) -> dict[str, object]:
        """Leftovers of a hunt. Empty if there are none."""
        found = {
            "processes": marked(self.mark),
            "slots": sorted(p.name for p in self.scratch.glob("slots/*")),
            "locks": sorted(str(p) for p in self.scratch.rglob("*.lock")),
            "builds under way": sorted(p.name for p in self.scratch.glob("store/building/*") if _is_held(p)),
            "halves": sorted(p.name for p in self.folder.rglob(".bisector.*")),
            "groups": orphaned_groups(self.pids),
            "repository": changes(self.before, fingerprint(self.repository)),
        }
        return {name: what for name, what in found.items() if what}

    def plan_is_whole(self, entries: int) -> bool:
        """Whether the progress log is unchanged, except for this number of our entries."""
        text = self.plan.read_text()
        lines = text.splitlines(keepends=True)
        others = [line for line in lines if "<!-- bisector:" not in line]
        return "".join(others) == PLAN and len(lines) - len(others) == entries


def _look(reference: str | None) -> str:
    run = json.loads(reference) if reference else None
    return reference if reference and run and run.get("again") is not None else ""


_BUILD = {"command": "sh build.sh", "outputs": ["out"]}


def _without_times(what: list[str]) -> tuple[str, ...]:
    """Judgements contain times, which are not compared."""
    role, commit, against, judgement, about = what
    return role, commit, against, judgement.partition('", "why"')[0].partition(', "why"')[0], about


def _is_held(lock: Path) -> bool:
    """The empty lock file of a killed build may stay. Its lock ended with the process."""
    with lock.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below `folder` with its mode and a digest of its bytes."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        what = "folder"
        if stat.S_ISREG(status.st_mode):
            what = hashlib.sha256(path.read_bytes()).hexdigest()
        elif stat.S_ISLNK(status.st_mode):
            what = str(path.readlink())
        found[str(path.relative_to(folder))] = f"{status.st_mode:o} {what}"
    return found


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The files that have changed."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def marked(mark: str) -> dict[int, str]:
    """The running processes with the mark in their environment, with their command lines."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return found


def orphaned_groups(owners: Sequence[int]) -> list[str]:
    """Control groups of the runs of these bisectors, if they are dead."""
    names = [group.name for folder in detect().folders for group in folder.glob(f"{PREFIX}*")]
    tokens = [name.removeprefix(PREFIX) for name in names]
    return sorted(token for token in tokens if int(token.split("-")[0]) in owners and is_orphaned(token))
