"""A Dask cluster of real processes on loopback: a scheduler, and workers that start and stop."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bisector.engine.cluster import DaskEngine
from bisector.hunt.cluster import dask_engine_for
from bisector.hunt.conclusion import Conclusion
from bisector.hunt.drive import drive
from bisector.hunt.events import Event, ReadingTaken
from bisector.hunt.ground import Ground
from bisector.hunt.known import Known
from bisector.hunt.lookahead import Lookahead, Stopwatch
from bisector.hunt.planning import plan_of
from bisector.hunt_file import build
from bisector.probe.reading import Reading
from tests.git_history import chain, write_history

PATIENCE = 30.0


def until(true: Callable[[], Any], what: str) -> None:
    """Wait for another process."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"{what} did not come true"
        time.sleep(0.02)


@dataclass
class Cluster:
    """A scheduler and its workers, whose folders are below `folder`."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def scheduler_file(self) -> Path:
        """The file to which the scheduler writes its address."""
        return self.folder / "scheduler.json"

    def start_scheduler(self) -> None:
        """Start the scheduler on a free port."""
        words = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
        self._start("scheduler", [*words, "--scheduler-file", str(self.scheduler_file)])

    def start_worker(self, name: str, **environment: str) -> None:
        """Start a worker with its name in the variable WORKER. Does not wait until it has registered."""
        words = ["worker", "--scheduler-file", str(self.scheduler_file), "--name", name, "--no-nanny"]
        words += ["--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
        words += ["--local-directory", str(self.folder / name)]
        self._start(name, words, WORKER=name, **environment)

    def registered(self, *names: str) -> None:
        """Wait until these workers have registered with the scheduler."""
        for name in names:
            until(
                lambda n=name: b"Registered to" in (self.folder / f"{n}.log").read_bytes(), f"worker {name}"
            )

    def kill(self, name: str) -> None:
        """Kill a process, as a power failure would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)

    def end(self, *names: str) -> None:
        """Terminate processes as a user would, the scheduler last, and wait for them."""
        for name in names or sorted(self.processes, key=lambda one: one == "scheduler"):
            process = self.processes.pop(name)
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            process.kill()
            process.wait(PATIENCE)

    def left(self) -> list[Path]:
        """Files of hunts in the folders of the running workers."""
        folders = [f for name in self.processes for f in (self.folder / name).glob("*/worker-*/bisector*")]
        return sorted(folders)

    def _start(self, name: str, words: Sequence[str], **environment: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false", **environment},
            )


@contextlib.contextmanager
def cluster(folder: Path, **workers: Mapping[str, str]) -> Iterator[Cluster]:
    """A scheduler with these workers and their variables. All processes end with the context."""
    one = Cluster(folder)
    try:
        one.start_scheduler()
        for name, environment in workers.items():
            one.start_worker(name, **environment)
        one.registered(*workers)
        yield one
    finally:
        one.end()


@dataclass
class Hunting:
    """One hunt on a cluster, and what happened so far."""

    ground: Ground
    jobs: int = 1
    """The hunt begins once the workers can take this many readings at once."""
    engine: DaskEngine | None = None
    readings: list[Reading] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    on_event: Callable[[Event], None] = lambda _event: None

    def tell(self, event: Event) -> None:
        """Record an event."""
        self.events.append(event)
        if isinstance(event, ReadingTaken):
            self.readings.append(event.reading)
        self.on_event(event)

    @contextlib.contextmanager
    def opened(self) -> Iterator[DaskEngine]:
        """The engine of the hunt, with the endpoints of the hunt file."""
        plan = plan_of(self.ground, self.ground.hunt.good)
        ends = {"good": plan.good[0], "bad": plan.bad}
        key = self.ground.identity(ends, plan.good).key
        # The machine of the tests is never quiet.
        with dask_engine_for(self.ground, key, ends, 0, self.tell, fair_attempts=0) as engine:
            self.engine = engine
            until(lambda: engine.jobs >= self.jobs, f"{self.jobs} places for readings")
            yield engine

    def run(self) -> Conclusion:
        """Run the complete hunt."""
        with self.opened() as engine:
            plan = plan_of(self.ground, self.ground.hunt.good)
            lookahead = Lookahead(plan, Stopwatch(time.monotonic))
            conclusion = drive(plan, engine, Known(), lambda _found: None, self.tell, lookahead)
        assert conclusion is not None
        return conclusion


TEST = """\
echo "$WORKER $BISECTOR_COMMIT $$" >> "$SCENE/tests"
while test -e "$SCENE/hold-$WORKER" || test -e "$SCENE/hold-$BISECTOR_COMMIT"; do sleep 0.05; done
echo tested by "$WORKER"
"""


class Scene:
    """A repository `repo` of 12 commits in `folder`. Its tests can be held, and record where they run."""

    def __init__(self, folder: Path, test: str = "test $(cat number) -lt 8\n") -> None:
        self.folder = folder
        files: list[dict[str, str | None]] = [{"number": str(n)} for n in range(12)]
        files[0]["test.sh"] = TEST + test
        self.ids = write_history(folder / "repo", chain(12, dict(enumerate(files))))

    @classmethod
    def at(cls, folder: Path) -> Scene:
        """A scene that already exists."""
        scene = cls.__new__(cls)
        scene.folder = folder
        return scene

    @contextlib.contextmanager
    def held(self, *whom: str) -> Iterator[None]:
        """Tests on these workers, or of these commits, do not end in this context."""
        files = [self.folder / f"hold-{one}" for one in whom]
        for file in files:
            file.touch()
        try:
            yield
        finally:
            for file in files:
                file.unlink(missing_ok=True)

    def release(self, whom: str) -> None:
        """Let the tests on a worker, or of a commit, end."""
        (self.folder / f"hold-{whom}").unlink()

    @property
    def tests(self) -> list[tuple[str, str, int]]:
        """Every test that began: worker, commit, process."""
        file = self.folder / "tests"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(worker, commit, int(pid)) for worker, commit, pid in map(str.split, lines)]

    def hunt(self, cluster: Cluster, jobs: int = 1, **said: Any) -> Hunting:
        """A hunt in this scene with `jobs` places. `said` are further keys, such as `test__timeout`."""
        defaults = {
            "repository": str(self.folder / "repo"),
            "scratch": str(self.folder / "scratch"),
            "good": "main~11",
            "bad": "main",
            "test.command": "sh test.sh",
            "environment.pass": ["WORKER", "SPEED"],
            "environment.set": {"SCENE": str(self.folder)},
            "engine.name": "dask",
            "engine.scheduler_file": str(cluster.scheduler_file),
        }
        overrides = defaults | {key.replace("__", "."): value for key, value in said.items()}
        return Hunting(Ground(build(overrides, self.folder, None), None, os.environ), jobs)


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
