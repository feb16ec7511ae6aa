"""Diagnoses of sample histories: the command as a user runs it, on the commit that the truth names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bisector import demo
from tests.cli.running import bisector
from tests.git_history import git

LEAST_WORK = 1
"""Percent of the usual workload. The counters show the same with the smallest."""


@dataclass(frozen=True)
class Sample:
    """A sample history, and the commit that its truth names."""

    folder: Path
    culprit: str

    @property
    def repo(self) -> Path:
        """The repository."""
        return self.folder / "repo"

    def diagnosed(self, *arguments: str, commit: str | None = None, **environment: str) -> dict[str, Any]:
        """The output of `bisector diagnose --json`, by default for the first bad commit."""
        config = ("--config", "hunt.yaml", "--json")
        done = bisector(
            "diagnose", *config, *arguments, commit or self.culprit, folder=self.folder, **environment
        )
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert found["exit_code"] == done.returncode
        return {**found, "stderr": done.stderr}

    def traces(self) -> dict[str, object]:
        """Everything that a diagnosis must not change."""
        return {
            "HEAD": (self.repo / ".git/HEAD").read_text(),
            "refs": git(self.repo, "for-each-ref"),
            "work tree": git(self.repo, "status", "--porcelain", "--ignored"),
            "worktrees": git(self.repo, "worktree", "list"),
            "slots": sorted((self.folder / "worktrees/slots").glob("*")),
            "locks": sorted(self.folder.rglob("*.lock")),
        }


def sample(folder: Path, scenario: str) -> Sample:
    """The shortest history of a scenario, with the smallest workload."""
    made = demo.make(folder, scenario, commits=14, workload=LEAST_WORK)
    return Sample(folder, json.loads(made.truth.read_text())["first_bad"])


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    """The verdicts by name of the hypothesis."""
    return {hypothesis["name"]: hypothesis["verdict"] for hypothesis in found["hypotheses"]}


def figures(found: dict[str, Any], collector: str) -> dict[str, Any]:
    """The evidence of a collector, by figure."""
    (one,) = [evidence for evidence in found["evidence"] if evidence["collector"] == collector]
    return dict(one["figures"])
