"""`bisector ci init`: writes a workflow file for the repository's CI service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector.cli import ci_red_main
from bisector.cli.ci_red_main import RedMain
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
    """What else to do; `{file}` stands for the workflow."""


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
        note="include it in .gitlab-ci.yml: `include: [{{local: {file}}}]`",
    ),
    "github": Service(".github/workflows/bisector.yml", (".github",), values=_ACTIONS),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants of a workflow: options of its hunts, the time for them, how to install bisector."""

    hunts: str | None = None
    budget: str = "50m"
    install: str | None = None
    red_main: bool = False
    """Hunt what failed on main, instead of the deadlines that a change raises."""
    branch: str | None = None
    tests: str | None = None
    """The workflow that tests main, on GitHub."""


def write_workflow(repo: Path, service: str | None, wanted: Wanted, *, force: bool) -> None:
    """Write the workflow file and print the next steps."""
    if service is not None and service not in SERVICES:
        raise UsageError(f"--for {service}: choose one of {', '.join(SERVICES)}")
    _refuse_what_breaks_the_file(wanted)
    repository = Repository(repo)
    if repository.work_tree is None:
        raise UsageError(f"{repository.path} is a bare repository; name a checkout with --repo")
    name = service or _looks_made_for(repository)
    red_main = None
    place = Path(_SERVICES[name].file)
    if wanted.red_main:
        red_main = ci_red_main.watched(repository, name, wanted.branch, wanted.tests)
        place = place.with_name(ci_red_main.FILE)
    file = repository.work_tree / place
    if file.exists() and not force:
        raise UsageError(f"{file} already exists; overwrite it with --force")
    _write(file, workflow(name, wanted, red_main))
    console = Console(highlight=False)
    console.print(Text(f"wrote {file} for {name}", style="bold"), soft_wrap=True)
    for line in (_SERVICES[name].note.format(file=place), "review the install step, then commit the file"):
        if line:
            console.print(Text(line), soft_wrap=True)


def workflow(service: str, wanted: Wanted, red_main: RedMain | None = None) -> str:
    """The text of a workflow file; `red_main` says what to watch if it hunts what failed on main."""
    chosen = _SERVICES[service]
    template = f"red_main_{chosen.template}" if red_main else chosen.template
    text = (resources.files("bisector.cli") / "workflows" / template).read_text(encoding="utf-8")
    hunts = wanted.hunts or ("--config hunt.yaml" if red_main else "--guests all")
    install = wanted.install or chosen.install
    given = {"HUNTS": hunts, "BUDGET": wanted.budget, "INSTALL": install, "FORMAT": service}
    own = red_main.values(service) if red_main else {}
    for key, value in {**own, **(chosen.values or {}), **given}.items():
        text = text.replace(f"@{key}@", value)
    return text


def _refuse_what_breaks_the_file(wanted: Wanted) -> None:
    try:
        parse_duration(wanted.budget)
    except ValueError as error:
        raise UsageError(f"--budget: {error}") from error
    if not wanted.red_main:
        for option, named in (("--branch", wanted.branch), ("--tests", wanted.tests)):
            if named is not None:
                raise UsageError(f"{option} {named}: only for --red-main; add it, or leave this out")
    shell = (("--hunts", wanted.hunts), ("--install", wanted.install), ("--budget", wanted.budget))
    for option, text in shell:
        if text is not None and (not text.isprintable() or not text.strip()):
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
