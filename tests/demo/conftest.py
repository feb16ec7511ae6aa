"""Real sample histories with real dune builds, created once per session."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from bisector import demo
from bisector.demo.guests import script
from bisector.probe.execution import Command, execute

WORKLOADS = {"type-check": 50, "frame-lists": 50, "none": 50, "markers": 100, "oom": 100}
"""Scenarios whose effect needs more work to be seen, in percent of the full workload."""

SERVER = "hosts/ocaml/_build/default/bin/sx_server.exe"


def git(repository: Path, *arguments: str) -> str:
    """The output of a git command in a repository, without inherited variables."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@dataclass(frozen=True)
class Outcome:
    """One run of a test suite's script, with times in seconds and memory in bytes."""

    status: int
    user: float
    peak: int
    output: str
    first_marker: float | None

    @property
    def counters(self) -> dict[str, int]:
        """The counters that the server printed."""
        return {name: int(n) for name, n in re.findall(r"^counter (\S+) (\d+)", self.output, re.MULTILINE)}


@dataclass(frozen=True)
class Tree:
    """A commit that is checked out and built in its own worktree."""

    root: Path

    def run(self, guest: str, patience: float = 60.0) -> Outcome:
        """Run the script of a test suite. It is stopped after `patience` seconds without a marker."""
        marker = r"^\(ok-len"
        command = Command(("timeout", str(patience), "bash", script(guest)), self.root, os.environ)
        run = execute(command, patterns=(marker,)).run
        first = next((match.at for match in run.matches.get(marker, ())), None)
        return Outcome(run.exit_code or 0, run.user, run.peak_memory or 0, run.output, first)

    def build(self) -> subprocess.CompletedProcess[str]:
        """Build the server in this tree, with the hunt file's command."""
        return subprocess.run(
            ["dune", "build", "--root", ".", "bin/sx_server.exe"],
            cwd=self.root / "hosts/ocaml",
            capture_output=True,
            text=True,
        )


@dataclass
class Made:
    """A sample history, with trees that are built when needed."""

    folder: Path
    history: demo.DemoHistory
    trees: dict[str, Tree] = field(default_factory=dict)

    @property
    def truth(self) -> tuple[str | None, list[str]]:
        """The first bad commit, and the set that git would be left with."""
        truth = json.loads(self.history.truth.read_text())
        return truth["first_bad"], truth["any_of"]

    def laid_out(self, revision: str) -> Tree:
        """A worktree at a revision, not built."""
        commit = git(self.history.repo, "rev-parse", f"{revision}^{{commit}}")
        root = self.folder / "trees" / commit[:12]
        if not root.exists():
            git(self.history.repo, "worktree", "add", "--quiet", "--detach", str(root), commit)
        return Tree(root)

    def built(self, revision: str) -> Tree:
        """A worktree at a revision, built once for all tests."""
        tree = self.laid_out(revision)
        if str(tree.root) not in self.trees:
            done = tree.build()
            assert done.returncode == 0, done.stderr
            self.trees[str(tree.root)] = tree
        return tree


Maker = Callable[[str], Made]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """Create (once) the history of a scenario with 40 commits."""

    @cache
    def make(scenario: str) -> Made:
        folder = tmp_path_factory.mktemp(scenario)
        workload = WORKLOADS.get(scenario, 20)
        return Made(folder, demo.make(folder / "made", scenario, 40, workload=workload))

    yield make
