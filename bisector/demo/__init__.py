"""Makes the sample history: a small, real sx_server in OCaml, with a known first bad commit."""

from __future__ import annotations

import json
import random
import shutil
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
from bisector.probe.file_lock import try_lock

SCENARIOS: dict[str, str] = {name: scenario.sentence for name, scenario in CATALOGUE.items()}
"""Name of each scenario -> what it is, in one sentence."""

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
    """Where a sample history was written. `truth` is for tests alone: no hunt may read it."""

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
    """Write a sample history into `directory`, which must be empty or absent.

    `commits` counts all of them, merges and side branches included; the same seed gives the same
    commit ids. `workload` (percent) scales what each test does: at 100 a sound commit's suite takes
    0.3 to 1 s of user time. `phases` adds what the plan has beside the hunt: a hunt file for each guest
    in `configs/`, and the branch `fix`, one commit that takes the cause away and restores the watchdogs.
    UsageError for a scenario, number or directory that will not do, EnvironmentFault where it cannot be
    written.
    """
    if scenario not in CATALOGUE:
        raise UsageError(f"there is no scenario {scenario!r}: choose one of {', '.join(CATALOGUE)}")
    if commits < FEWEST_COMMITS:
        raise UsageError(f"a sample history has {FEWEST_COMMITS} commits or more, not {commits}")
    if workload < 1:
        raise UsageError(f"the workload is a percentage of 1 or more, not {workload}")
    try:
        with _being_made(directory):
            return _written(directory, scenario, commits, seed, workload, phases=phases)
    except OSError as error:
        raise EnvironmentFault(
            f"the sample history cannot be written into {directory} ({error.strerror}); name another folder"
        ) from error


@contextmanager
def _being_made(directory: Path) -> Iterator[None]:
    """Mark the directory as half made until all is there; what a killed start left half made is made anew."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is no directory: name one that is empty or does not exist")
    mark = directory / _HALF_MADE
    if directory.exists() and any(directory.iterdir()) and not mark.exists():
        raise UsageError(f"{directory} is not an empty directory: name one that is empty or does not exist")
    directory.mkdir(parents=True, exist_ok=True)
    lock = try_lock(mark)
    if lock is None:
        raise UsageError(f"another process is writing into {directory}; wait for it, or name another")
    try:
        for left in set(directory.iterdir()) - {mark}:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
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
    """A commit on top of the history that takes away what was injected, a day later."""
    last = len(history.commits) - 1
    files = history.files(last, fixed=True)
    subject = "substrate: mend the slowdown, restore tcl's watchdog"
    return fast_import.NewCommit(files, (last,), subject, tip.author, tip.date + timedelta(days=1))


def _new_commits(history: History, seed: int) -> Iterator[fast_import.NewCommit]:
    """The commits as git wants them, spread over some weeks."""
    rng = random.Random(f"dates/{seed}")
    mean = timedelta(weeks=WEEKS) / len(history.commits)
    date = BEGIN
    for commit, change in zip(history.commits, history.changes, strict=True):
        date += mean * rng.uniform(0.2, 1.8)
        author = rng.choice(AUTHORS)
        yield fast_import.NewCommit(
            history.files(commit.index), commit.parents, change.subject, author, date.replace(microsecond=0)
        )
