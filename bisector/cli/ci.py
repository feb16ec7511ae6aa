"""`bisector ci init`: writes a workflow file for the repository's CI service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector.cli.completion import SERVICES
from bisector.errors import EnvironmentFault, UsageError
from bisector.history.repository import GitFailure, Repository
from bisector.report.atomic_write import atomic_write
from bisector.units import parse_duration

_PIP = "pip install bisector"
# The system's Python may refuse to install packages (PEP 668).
_IN_A_VENV = f'python3 -m venv ~/.bisector && ~/.bisector/bin/{_PIP} && echo ~/.bisector/bin >>"$GITHUB_PATH"'


@dataclass(frozen=True, slots=True)
class Service:
    """A CI service: the path of its workflow, and its specifics."""

    file: str
    marks: tuple[str, ...]
    """Files and folders that show that a repository uses this service."""
    template: str = "actions.yml"
    values: Mapping[str, str] | None = None
    install: str = _IN_A_VENV
    note: str = ""


_ACTIONS = {"RUNNER": "ubuntu-latest", "AUTH": "Bearer", "UPLOAD": "actions/upload-artifact@v4"}
# Gitea and Forgejo support artifacts v3, and expect their own tokens as `token`.
_OWN = {"RUNNER": "ubuntu-latest", "AUTH": "token", "UPLOAD": "actions/upload-artifact@v3"}
_FORGEJO = {**_OWN, "RUNNER": "docker", "UPLOAD": "https://code.forgejo.org/forgejo/upload-artifact@v4"}

_SERVICES: Mapping[str, Service] = {
    "gitea": Service(".gitea/workflows/bisector.yml", (".gitea",), values=_OWN),
    "forgejo": Service(".forgejo/workflows/bisector.yml", (".forgejo",), values=_FORGEJO),
    "gitlab": Service(
        ".gitlab/ci/bisector.yml",
        (".gitlab-ci.yml", ".gitlab"),
        "gitlab.yml",
        install=_PIP,
        note="include it in .gitlab-ci.yml: `include: [{local: .gitlab/ci/bisector.yml}]`",
    ),
    "github": Service(".github/workflows/bisector.yml", (".github",), values=_ACTIONS),
}


def write_workflow(
    repo: Path, service: str | None, *, hunts: str, budget: str, install: str | None, force: bool
) -> None:
    """Write the workflow file and print the next steps."""
    if service is not None and service not in SERVICES:
        raise UsageError(f"--for {service}: choose one of {', '.join(SERVICES)}")
    _refuse_what_breaks_the_file(hunts, budget, install)
    repository = Repository(repo)
    if repository.work_tree is None:
        raise UsageError(f"{repository.path} is a bare repository; name a checkout with --repo")
    name = service or _looks_made_for(repository)
    file = repository.work_tree / _SERVICES[name].file
    if file.exists() and not force:
        raise UsageError(f"{file} already exists; overwrite it with --force")
    _write(file, workflow(name, hunts=hunts, budget=budget, install=install))
    console = Console(highlight=False)
    console.print(Text(f"wrote {file} for {name}", style="bold"), soft_wrap=True)
    for line in (_SERVICES[name].note, "review the install step, then commit the file"):
        if line:
            console.print(Text(line), soft_wrap=True)


def workflow(service: str, *, hunts: str, budget: str, install: str | None) -> str:
    """The text of a workflow file."""
    chosen = _SERVICES[service]
    text = (resources.files("bisector.cli") / "workflows" / chosen.template).read_text(encoding="utf-8")
    given = {"HUNTS": hunts, "BUDGET": budget, "INSTALL": install or chosen.install, "FORMAT": service}
    for key, value in {**given, **(chosen.values or {})}.items():
        text = text.replace(f"@{key}@", value)
    return text


def _refuse_what_breaks_the_file(hunts: str, budget: str, install: str | None) -> None:
    try:
        parse_duration(budget)
    except ValueError as error:
        raise UsageError(f"--budget: {error}") from error
    for option, text in (("--hunts", hunts), ("--install", install or _PIP), ("--budget", budget)):
        if not text.isprintable() or not text.strip():
            raise UsageError(f"{option}: {text!r} is not a shell command; write it on one line")


def _looks_made_for(repository: Repository) -> str:
    """The service whose files exist, else the one named in a remote, else GitHub."""
    root = repository.work_tree or repository.path
    for name, service in _SERVICES.items():
        if any((root / mark).exists() for mark in service.marks):
            return name
    try:
        remotes = repository.git("remote", "--verbose").decode("utf-8", "replace").lower()
    except GitFailure:
        remotes = ""
    known = {"codeberg": "forgejo", **{name: name for name in _SERVICES}}
    return next((name for word, name in known.items() if word in remotes), "github")


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(file, text.encode())
    except OSError as error:
        raise EnvironmentFault(f"cannot write {file} ({error.strerror}); fix that and try again") from error
