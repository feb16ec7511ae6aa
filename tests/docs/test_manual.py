"""The manual pages agree with the commands, and troff accepts them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts.reference.commands import commands
from scripts.reference.man import file_of, man_pages
from scripts.write_reference import MANUAL

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = man_pages()


def shown(name: str) -> str:
    """A page as `man` shows it, on wide lines without bold."""
    done = subprocess.run(
        ["man", "-l", str(MANUAL / name)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={
            **os.environ,
            "MANWIDTH": "200",
            "MANPAGER": "cat",
            "LC_ALL": "C.UTF-8",
            "MAN_KEEP_FORMATTING": "",
        },
    )
    return done.stdout


def test_the_pages_are_up_to_date() -> None:
    """Each is what the code would write now, and there are no others."""
    there = {page.name: page.read_text(encoding="utf-8") for page in MANUAL.iterdir()}
    assert there == WRITTEN, "run `make docs`: man/ is old"


def test_the_pages_are_in_the_wheel() -> None:
    """The project installs all of them below share/man."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["data-files"]["share/man/man1"] == ["man/*.1"]


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
@pytest.mark.parametrize("name", WRITTEN)
def test_troff_has_no_complaint(name: str) -> None:
    """With all warnings."""
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", str(MANUAL / name)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
@pytest.mark.parametrize("name", ["bisector run", "bisector forget", "bisector demo make"])
def test_man_shows_every_option_and_example(name: str) -> None:
    """As a reader types and copies them: with plain hyphens, quotes and tildes."""
    text = shown(file_of(name))
    for parameter in commands()[name].params:
        for option in parameter.opts if parameter.opts[0].startswith("-") else ():
            assert option in text, option
    assert "EXAMPLES" in text and f"\n       {name}" in text
    assert "[bold]" not in text and "\\" not in text


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_the_first_page_lists_every_command() -> None:
    """With the name of its page."""
    text = shown("bisector.1")
    assert [name for name in commands() if f"{name.replace(' ', '-')}(1)" not in text] == []
