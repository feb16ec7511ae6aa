"""The workflow that hunts the tests that failed on main: what differs between CI services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bisector.errors import HuntFileError, UsageError
from bisector.history.repository import GitFailure, Repository
from bisector.hunt_file.source import Source

FILE = "bisector-red-main.yml"
"""The name of the workflow file."""
_FOLDER = ".github/workflows"

# A workflow of a fork may run on a branch of the same name: only a push counts.
_AFTER_FAILURE = """\
workflow_run:
    workflows: [{tests}]
    types: [completed]
    branches: [{branch}]"""
_RUN = "github.event.workflow_run"
_IF_FAILED = f"if: ${{{{ {_RUN}.conclusion == 'failure' && {_RUN}.event == 'push' }}}}"
_WORKFLOWS = "${{ github.api_url }}/repos/${{ github.repository }}/actions/workflows"
_GREEN_ENV = f"""\
TOKEN: ${{{{ github.token }}}}
          RUNS: {_WORKFLOWS}/${{{{ {_RUN}.workflow_id }}}}/runs
          BRANCH: ${{{{ {_RUN}.head_branch }}}}"""
_ASK_FOR_GREEN = """\
good=$(
            curl --fail --silent --show-error --get --header "Authorization: Bearer $TOKEN" "$RUNS" \\
              --data-urlencode "branch=$BRANCH" --data "status=success&event=push&per_page=1" | python3 -c '
          import json, sys
          print(*[one["head_sha"] for one in json.load(sys.stdin)["workflow_runs"]])'
          )"""

# Gitea and Forgejo start no workflow when another one fails, so each push is tested. What failed before it is
# not hunted again.
_AFTER_PUSH = """\
push:
    branches: [{branch}]"""


@dataclass(frozen=True, slots=True)
class RedMain:
    """What the workflow watches: the `branch`, and on GitHub the workflow that `tests` it."""

    branch: str
    tests: str = ""

    def values(self, service: str) -> Mapping[str, str]:
        """The placeholders of the template for a service, with their texts."""
        quoted = {"branch": json.dumps(self.branch), "tests": json.dumps(self.tests)}
        if service == "github":
            return {
                "BRANCH_NAME": self.branch,
                "TRIGGER": _AFTER_FAILURE.format(**quoted),
                "CONDITION": _IF_FAILED,
                "HEAD": "github.event.workflow_run.head_sha",
                "GOOD_ENV": _GREEN_ENV,
                "GOOD": _ASK_FOR_GREEN,
                "PULLS": "pulls",
            }
        return {
            "BRANCH_NAME": self.branch,
            "TRIGGER": _AFTER_PUSH.format(**quoted),
            "CONDITION": "# Every push: this service starts no workflow when another one fails.",
            "HEAD": "github.sha",
            "GOOD_ENV": "BEFORE: ${{ github.event.before }}",
            "GOOD": "good=$BEFORE",
            "PULLS": "pull",
        }


def watched(repository: Repository, service: str, branch: str | None, tests: str | None) -> RedMain:
    """What to watch, as the user says or as the repository shows.

    Raises `UsageError` if there is no single workflow that tests pushes.
    """
    if tests is not None and service != "github":
        raise UsageError(f"--tests {tests}: only GitHub starts a workflow after another one; leave it out")
    for option, text in (("--branch", branch), ("--tests", tests)):
        if text is not None and (not text.isprintable() or not text.strip()):
            raise UsageError(f"{option}: {text!r} is not a name; write it on one line")
    name = branch or _main_branch(repository)
    return RedMain(name, (tests or _testing(repository)) if service == "github" else "")


def _main_branch(repository: Repository) -> str:
    """The branch that the remote has checked out, else `main`."""
    try:
        head = repository.git("symbolic-ref", "--short", "refs/remotes/origin/HEAD").decode().strip()
    except GitFailure:
        return "main"
    return head.removeprefix("origin/")


def _testing(repository: Repository) -> str:
    """The name of the only workflow that runs on pushes."""
    folder = (repository.work_tree or repository.path) / _FOLDER
    files = [file for file in sorted(folder.glob("*.y*ml")) if not file.name.startswith("bisector")]
    names = [name for file in files if (name := _name_if_on_push(file))]
    if len(names) == 1:
        return names[0]
    found = f"found {', '.join(names)}" if names else f"none in {_FOLDER} runs on a push"
    raise UsageError(f"--red-main: name the workflow that tests main with --tests NAME ({found})")


def _name_if_on_push(file: Path) -> str | None:
    try:
        read = Source(file.read_text(encoding="utf-8", errors="replace"), file.name).data
    except (OSError, HuntFileError):
        return None
    if not isinstance(read, dict) or "push" not in _triggers(read.get("on")):
        return None
    return str(read.get("name") or f"{_FOLDER}/{file.name}")


def _triggers(on: object) -> list[object]:
    return [on] if isinstance(on, str) else list(on) if isinstance(on, dict | list) else []
