"""`bisector ci init --red-main`: its steps hunt each test that failed on main, and comment on changes."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from bisector.cli.ci import Wanted, workflow
from bisector.cli.ci_red_main import RedMain
from tests.cli.red_main import hunt_file, red_main
from tests.cli.running import bisector
from tests.cli.test_ci import ACTIONS, shell
from tests.git_history import Node, git, write_history

WANTED = Wanted(install="true", red_main=True, budget="5m")


def steps(service: str) -> dict[str, Any]:
    """The shell steps of an Actions workflow, by name."""
    made = yaml.safe_load(workflow(service, WANTED, RedMain("main", "CI")))
    return {step["name"]: step["run"] for step in made["jobs"]["hunt"]["steps"] if "run" in step}


class Forge:
    """A server with one pull request (7) for each commit but those in `direct`, and its comments."""

    def __init__(self) -> None:
        self.direct: set[str] = set()
        self.comments: list[str] = []
        self.paths: list[str] = []
        self.green = ""
        forge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                forge.paths.append(self.path)
                self.answer(forge.get(urlsplit(self.path).path))

            def do_POST(self) -> None:
                forge.paths.append(self.path)
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                is_json = self.headers["Content-Type"] == "application/json"
                forge.comments.append(json.loads(sent)["body"] if is_json else parse_qs(sent)["body"][0])
                self.answer({})

            def answer(self, found: object) -> None:
                self.send_response(404 if found is None else 200)
                self.end_headers()
                self.wfile.write(json.dumps(found).encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def get(self, path: str) -> object:
        """What GitHub's, Gitea's or GitLab's interface answers; None for nothing there."""
        *_, commit, last = path.split("/")
        match last:
            case "runs":
                return {"workflow_runs": [{"head_sha": self.green}] if self.green else []}
            case "pulls":
                return [] if commit in self.direct else [{"number": 7}]
            case "pull":
                return None if commit in self.direct else {"number": 7}
            case "merge_requests":
                return [] if commit in self.direct else [{"iid": 7}]
        return [{"body": text} for text in self.comments]


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A running server."""
    made = Forge()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def checkout_of(folder: Path) -> tuple[Path, dict[str, str]]:
    """A repository with hunt.yaml in it, whose test a1 broke in c3 and b1 in c6; the ids of its commits."""
    ids = red_main(folder, {"a1": 3, "b1": 6})
    hunt_file(folder, "auto", good="main~1", repository=".")
    (folder / "hunt.yaml").rename(folder / "repo/hunt.yaml")
    (folder / "home").mkdir()
    return folder / "repo", ids


@pytest.mark.parametrize("service", ["github", "gitea"])
def test_each_change_gets_a_comment_with_its_tests(service: str, forge: Forge, tmp_path: Path) -> None:
    """The hunt starts at the last green commit; a second run comments no second time."""
    checkout, ids = checkout_of(tmp_path)
    forge.green = ids["c0"]
    forge.direct = {ids["c6"]}
    own = steps(service)
    green = {"RUNS": f"{forge.url}/runs", "BRANCH": "main", "TOKEN": "s3", "BEFORE": ids["c0"]}
    for name, given in (("Good", green), ("Hunt", {}), *[("Comment", {"API": forge.url, "TOKEN": "s3"})] * 2):
        done = shell(own[name], checkout, **given)
        assert done.returncode == 0, done.stdout + done.stderr
    assert f"no pull request of {ids['c6']}" in done.stdout
    (comment,) = forge.comments
    assert comment.startswith(f"**Since `{ids['c3'][:12]}` (c3), 1 test fails.**\n\n- a1\n")
    assert sum(path.startswith("/issues/7/comments") for path in forge.paths) == 3
    assert "b1" in (checkout / "summary.md").read_text()


def test_without_a_green_commit_that_of_the_hunt_file_counts(forge: Forge, tmp_path: Path) -> None:
    """A rewritten branch, or a first push, has no usable commit before."""
    checkout, _ = checkout_of(tmp_path)
    for given, service in (({"RUNS": f"{forge.url}/runs"}, "github"), ({"BEFORE": "0" * 40}, "gitea")):
        done = shell(steps(service)["Good"], checkout, BRANCH="main", TOKEN="s3", **given)
        assert done.returncode == 0, done.stderr
        assert (checkout / "good.txt").read_text() == "\n"
    done = shell(steps("gitea")["Hunt"], checkout)
    assert done.returncode == 0, done.stderr
    assert "::warning::not every test has an answer" in done.stdout, "main~1 fails already: no target"


def test_a_mistake_in_the_hunt_file_fails_the_job(tmp_path: Path) -> None:
    """It is no red main that could not be decided."""
    checkout, _ = checkout_of(tmp_path)
    (checkout / "good.txt").write_text("\n")
    (checkout / "hunt.yaml").write_text("god: main~8\n")
    assert shell(steps("github")["Hunt"], checkout).returncode == 2


def test_the_gitlab_job(forge: Forge, tmp_path: Path) -> None:
    """It runs after a failed push to the default branch, and comments on the merge requests."""
    job = yaml.safe_load(workflow("gitlab", WANTED, RedMain("main")))["bisector-red-main"]
    assert job["rules"][0]["when"] == "on_failure"
    checkout, ids = checkout_of(tmp_path)
    variables = {
        "CI_COMMIT_BEFORE_SHA": ids["c0"],
        "CI_PROJECT_DIR": str(checkout),
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "3",
        "BISECTOR_TOKEN": "s3",
    }
    for script in (*job["before_script"], *job["script"], *job["after_script"]):
        done = shell(script, checkout, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(text.split("\n")[2] for text in forge.comments) == ["- a1", "- b1"]


@pytest.mark.parametrize("service", ACTIONS)
def test_only_a_failed_push_to_the_branch_starts_it(service: str) -> None:
    """A workflow of a fork may run on a branch with the same name; no step contains what others wrote."""
    made = yaml.safe_load(workflow(service, WANTED, RedMain('odd "name"', "CI: all")))
    (event,) = made[True].values()
    assert event["branches"] == ['odd "name"']
    if service == "github":
        assert event["workflows"] == ["CI: all"]
        assert "event == 'push'" in made["jobs"]["hunt"]["if"]
    assert "${{ github" not in "".join(steps(service).values()), "an injection"


def test_the_workflow_that_tests_main_is_found_or_asked_for(tmp_path: Path) -> None:
    """One that runs on pushes is taken; of several, or of none, the user names one."""
    write_history(tmp_path / "repo", [Node("c0")])
    repo, folder = tmp_path / "repo", tmp_path / "repo/.github/workflows"
    made = ("ci", "init", "--red-main", "--for", "github")
    none = bisector(*made, folder=repo)
    assert (none.returncode, "--tests NAME" in none.stderr) == (2, True)
    folder.mkdir(parents=True)
    (folder / "tests.yml").write_text("name: All tests\non: [push, pull_request]\n")
    (folder / "docs.yml").write_text("name: Docs\non: {schedule: []}\n")
    assert bisector(*made, folder=repo).returncode == 0
    written = yaml.safe_load((folder / "bisector-red-main.yml").read_text())
    assert written[True]["workflow_run"]["workflows"] == ["All tests"]
    (folder / "lint.yml").write_text("name: Lint\non: push\n")
    assert "found Lint, All tests" in bisector(*made, "--force", folder=repo).stderr
    assert bisector(*made, "--force", "--tests", "Lint", folder=repo).returncode == 0
    assert git(repo, "status", "--porcelain", "--untracked-files=no") == ""


@pytest.mark.parametrize(
    "wrong", [("--tests", "CI"), ("--red-main", "--tests", "CI"), ("--red-main", "--branch", "a\nb")]
)
def test_what_says_nothing_to_the_service_is_refused(wrong: tuple[str, ...], tmp_path: Path) -> None:
    """One sentence, exit code 2, and no file."""
    write_history(tmp_path / "repo", [Node("c0")])
    done = bisector("ci", "init", "--for", "gitea", *wrong, folder=tmp_path / "repo")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert git(tmp_path / "repo", "status", "--porcelain") == ""
