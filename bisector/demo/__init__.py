"""Creates the sample history: a small, real sx_server in OCaml, with a known first bad commit."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bisector.demo import diagnosis, fast_import, hunt_files
from bisector.demo.drawing import draw
from bisector.demo.history import History
from bisector.demo.scenarios import CATALOGUE
from bisector.demo.shape import TRUNK
from bisector.errors import EnvironmentFault, UsageError
from bisector.history.removal import take_away
from bisector.probe.file_lock import try_lock

SCENARIOS: dict[str, str] = {name: scenario.sentence for name, scenario in CATALOGUE.items()}
"""Description of each scenario by name, in one sentence."""

FEWEST_COMMITS = 12
_HALF_MADE = ".half-made"
BEGIN = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
WEEKS = 6
AUTHORS = (
    "Ada Lindqvist <ada@sx.example>",
    "Ben Okafor <ben@sx.example>",
    "Cleo Marin <cleo@sx.example>",
)


@dataclass(frozen=True, slots=True)
class DemoHistory:
    """The paths of a sample history. `truth` is for tests only: no hunt may read it."""

    repo: Path
    hunt_file: Path
    truth: Path


def make(
    directory: Path,
    scenario: str,
    commits: int = 120,
    seed: int = 7,
    workload: int = 100,
    *,
    phases: bool = False,
) -> DemoHistory:
    """Write a sample history to `directory`, which must be empty or absent.

    `commits` is the total, including merges and side branches; the same seed gives the same commit ids.
    `workload` (percent) scales the work of each test: at 100, the suite of a good commit takes 0.3 to 1 s of
    user time. `phases` adds a hunt file for each guest in `configs/`, and the branch `fix`, one commit that
    removes the cause and restores the watchdogs. Raises UsageError for an invalid scenario, number or
    directory, EnvironmentFault if it cannot be written.
    """
    if scenario not in CATALOGUE:
        raise UsageError(f"there is no scenario {scenario!r}: choose one of {', '.join(CATALOGUE)}")
    if commits < FEWEST_COMMITS:
        raise UsageError(f"a sample history needs at least {FEWEST_COMMITS} commits, not {commits}")
    if workload < 1:
        raise UsageError(f"the workload must be at least 1 percent, not {workload}")
    try:
        with _being_made(directory):
            return _written(directory, scenario, commits, seed, workload, phases=phases)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write the sample history to {directory} ({error.strerror}); choose another folder"
        ) from error


@contextmanager
def _being_made(directory: Path) -> Iterator[None]:
    """Mark the directory as incomplete until all is written; an incomplete one is written again."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is not a directory; choose one that is empty or does not exist")
    mark = directory / _HALF_MADE
    if directory.exists() and any(directory.iterdir()) and not mark.exists():
        raise UsageError(f"{directory} is not empty; choose a directory that is empty or does not exist")
    directory.mkdir(parents=True, exist_ok=True)
    lock = try_lock(mark)
    if lock is None:
        raise UsageError(f"another process is writing to {directory}; wait for it or choose another")
    try:
        for left in set(directory.iterdir()) - {mark}:
            take_away(left)
        yield
    except BaseException:
        lock.let_go()
        raise
    lock.release()


def _written(
    directory: Path, scenario: str, commits: int, seed: int, workload: int, *, phases: bool
) -> DemoHistory:
    known = CATALOGUE[scenario]
    history = draw(known, commits, seed, workload)
    made = DemoHistory(directory / "repo", directory / "hunt.yaml", directory / "truth.json")
    refs = {"refs/tags/baseline": history.baseline} | {
        f"refs/heads/{commit.line}": commit.index for commit in history.commits if commit.guest
    }
    commits_made = list(_new_commits(history, seed))
    if phases:
        refs |= {"refs/heads/fix": len(commits_made), f"refs/heads/{TRUNK}": len(commits_made) - 1}
        commits_made.append(_fix(history, commits_made[-1]))
    ids = fast_import.write(made.repo, TRUNK, commits_made, refs)
    first = history.first_bad()
    truth = {"first_bad": ids[first[0]] if first else None, "any_of": [ids[i] for i in history.any_of()]}
    made.truth.write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
    made.hunt_file.write_text(hunt_files.hunt_text(scenario, known), encoding="utf-8")
    (directory / diagnosis.PATCH).write_text(diagnosis.patch_text(), encoding="utf-8")
    (directory / "smoke.yaml").write_text(hunt_files.smoke_text(), encoding="utf-8")
    if phases:
        hunt_files.write_guests(directory / "configs", known)
    (directory / "plan.md").write_text(hunt_files.plan_text(known), encoding="utf-8")
    return made


def _fix(history: History, tip: fast_import.NewCommit) -> fast_import.NewCommit:
    """A commit a day after the last one that removes the injected cause."""
    last = len(history.commits) - 1
    files = history.files(last, fixed=True)
    subject = "substrate: mend the slowdown, restore tcl's watchdog"
    return fast_import.NewCommit(files, (last,), subject, tip.author, tip.date + timedelta(days=1))


def _new_commits(history: History, seed: int) -> Iterator[fast_import.NewCommit]:
    """The commits for fast-import, spread over some weeks."""
    rng = random.Random(f"dates/{seed}")
    mean = timedelta(weeks=WEEKS) / len(history.commits)
    date = BEGIN
    for commit, change in zip(history.commits, history.changes, strict=True):
        date += mean * rng.uniform(0.2, 1.8)
        author = rng.choice(AUTHORS)
        yield fast_import.NewCommit(
            history.files(commit.index), commit.parents, change.subject, author, date.replace(microsecond=0)
        )
