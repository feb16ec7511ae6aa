"""Help, version and completion, as a new user needs them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.reference.commands import commands
from tests.cli.running import bisector


@pytest.mark.parametrize("name", commands())
def test_every_help_has_an_example(name: str) -> None:
    """Each command's help ends with an example of that command, which can be typed."""
    text = commands()[name].help or ""
    shown = re.findall(r"\[bold\](.*?)\[/bold\]", text.partition("Example")[2], re.DOTALL)
    assert shown, f"{name} --help has no example"
    assert all(name in " ".join(line.split()) for line in shown)


def test_help_is_printed(tmp_path: Path) -> None:
    """`--help` and `-h` print the example as plain text."""
    for option in ("--help", "-h"):
        done = bisector("explain", option, folder=tmp_path)
        assert done.returncode == 0
        assert "Examples: bisector explain" in done.stdout


def test_the_version(tmp_path: Path) -> None:
    """`--version` is one line, with the version of the installation."""
    asked = [sys.executable, "-c", "import bisector; print('bisector', bisector.__version__)"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert bisector("--version", folder=tmp_path).stdout == done.stdout
    assert re.fullmatch(r"bisector \d+\.\d+\S*\n", done.stdout)


def completed(line: str, folder: Path) -> list[str]:
    """The completions of bash for the last word of `line`."""
    environment = {
        "_BISECTOR_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    return bisector(folder=folder, **environment).stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("bisector expl", ["explain"]),
        ("bisector run --predicate peak", ["peak_memory"]),
        ("bisector predicates out", ["output_matches"]),
        ("bisector demo make there --scenario jit", ["jit-miss"]),
        ("bisector ci init --for gitl", ["gitlab"]),
        ("bisector init --for m", ["memory"]),
        ("bisector run --config h", ["hunt.yaml"]),
    ],
)
def test_names_are_completed(line: str, offered: list[str], tmp_path: Path) -> None:
    """Commands, predicates, scenarios, services and the hunt files of this folder."""
    (tmp_path / "hunt.yaml").touch()
    assert completed(line, tmp_path) == offered


def test_the_completion_script_is_bash(tmp_path: Path) -> None:
    """Bash accepts the output of `--show-completion`, which registers the command."""
    script = bisector("--show-completion", "bash", folder=tmp_path).stdout
    shown = subprocess.run(
        ["bash", "-c", f"{script}\ncomplete -p bisector"], capture_output=True, text=True, check=True
    )
    assert "_bisector_completion bisector" in shown.stdout
