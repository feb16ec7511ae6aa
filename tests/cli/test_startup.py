"""Each command imports only the libraries that it needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.main import get_group

from bisector.cli.app import app, app_for
from tests.cli.running import WORK, shell_history

HEAVY = {
    *("git", "jinja2", "markdown_it", "numpy", "psutil", "pydantic", "regex", "rich", "sqlite3", "tenacity"),
    *("asyncio", "dask", "distributed", "playwright", "tornado", "typer", "unidiff", "yaml"),
    *(
        "bisector.demo",
        "bisector.engine.reader",
        "bisector.phases",
        "bisector.report.html",
        "bisector.search",
    ),
    *("bisector.probe.execution", "bisector.watchdog"),
}
"""Modules that take long to import, or are for other work."""

TO_READ_A_HUNT = {"typer", "pydantic", "yaml", "git", "sqlite3"}
TO_PROBE = {*TO_READ_A_HUNT, "regex", "bisector.engine.reader", "bisector.probe.execution"}
TO_HUNT = {
    *TO_PROBE,
    "numpy",
    "psutil",
    "bisector.search",
    "rich",
    "jinja2",
    "markdown_it",
    "bisector.report.html",
}


def imported_for(arguments: Sequence[str], folder: Path) -> set[str]:
    """The modules of the list that `bisector ARGUMENTS` imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bisector", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (0, 1) and done.stdout, done.stderr[-1000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    modules = {line.rpartition("|")[2].strip() for line in lines}
    assert "bisector.cli.main" in modules
    return {heavy for heavy in HEAVY if any(f"{module}.".startswith(f"{heavy}.") for module in modules)}


def _commands(line: Typer) -> list[tuple[str, Any]]:
    return list(get_group(line).commands.items())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history in which one commit has been judged."""
    folder = tmp_path_factory.mktemp("startup") / "repo"
    shell_history(folder)
    assert "bisector.engine.reader" in imported_for(["probe", *WORK, "--scratch", "../scratch"], folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "may"),
    [
        (["--version"], {"typer"}),
        (["--help"], {"typer", "rich", "markdown_it"}),
        (["probe", "--help"], {"typer", "rich", "markdown_it", "pydantic"}),
        (["probe", *WORK, "--scratch", "../scratch"], TO_READ_A_HUNT),
        (["probe", *WORK, "--scratch", "../scratch", "--again"], TO_PROBE),
        (["status", "--scratch", "../scratch"], {*TO_READ_A_HUNT, "rich"}),
        (["check", *WORK, "--scratch", "../scratch"], TO_HUNT),
    ],
    ids=["version", "help", "probe help", "probe known", "probe", "status", "check"],
)
def test_nothing_is_imported_in_vain(arguments: list[str], may: set[str], folder: Path) -> None:
    """Each command has its list. `probe` needs no search, screen or report, and no command needs Dask."""
    loaded = imported_for(arguments, folder)
    assert "typer" in loaded
    assert loaded <= may


def test_the_list_of_commands_is_whole() -> None:
    """`--help` lists all commands with their texts, in order, without loading any options."""
    listed, whole = (
        [(name, command.help, command.rich_help_panel) for name, command in _commands(line)]
        for line in (app_for("--help"), app)
    )
    assert listed == whole
    assert len(whole) > 20


@pytest.mark.parametrize("word", [name for name, _ in _commands(app)])
def test_a_command_alone_is_the_same_command(word: str) -> None:
    """If only one command is loaded, it is the same as in the full list."""
    (alone,) = _commands(app_for(word))
    whole = dict(_commands(app))[word]
    assert alone[0] == word
    assert [p.opts for p in alone[1].params] == [p.opts for p in whole.params]
    assert getattr(alone[1], "commands", {}).keys() == getattr(whole, "commands", {}).keys()
