"""The reference agrees with the code."""

from __future__ import annotations

import re

import pytest

from bisector.errors import ExitCode
from bisector.hunt import conclusion
from scripts.reference.commands import commands
from scripts.write_reference import PAGES as WRITTEN
from tests.docs.pages import DOCS, GENERATED, PAGES, command_lines


@pytest.mark.parametrize("name", WRITTEN)
def test_generated_pages_are_up_to_date(name: str) -> None:
    """A generated page is what the code would write now."""
    text = (DOCS / "reference" / name).read_text(encoding="utf-8")
    assert text == WRITTEN[name](), f"run `make docs`: {name} is old"


@pytest.mark.parametrize("name", commands())
def test_every_command_is_shown_in_use(name: str) -> None:
    """Each command is on a page that was written by hand, not only in the reference."""
    shown = [
        " ".join(["bisector", *words])
        for page in PAGES
        if page not in GENERATED
        for words in command_lines(page)
    ]
    assert any(f"{line} ".startswith(f"{name} ") for line in shown)


def test_every_ending_is_among_the_exit_codes() -> None:
    """The page of exit codes has each code, and each conclusion with its code."""
    rows = re.findall(
        r"^\| (\d+) \| (?:`([a-z-]+)`)?", (DOCS / "reference/exit-codes.md").read_text(), re.MULTILINE
    )
    endings = [kind for kind in vars(conclusion).values() if hasattr(kind, "exit_code")]
    single = [kind for kind in endings if kind is not conclusion.Steps]
    steps = {(int(code), conclusion.Steps.name) for code in (ExitCode.FIRST_BAD, ExitCode.INCONCLUSIVE)}
    told = {(int(code), name) for code, name in rows if name}
    assert told == {(int(kind.exit_code), kind.name) for kind in single} | steps
    assert {int(code) for code in ExitCode} <= {int(code) for code, _ in rows}
