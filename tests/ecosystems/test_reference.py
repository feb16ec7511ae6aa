"""The page of the reference is true."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from bisector.ecosystems.finding import shipped_ecosystems

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/ecosystems.md").read_text(encoding="utf-8")


def test_the_first_example_prints_what_it_says() -> None:
    """It runs as it stands."""
    example, printed = re.findall(r"```(?:python|text)\n(.*?)```", PAGE, re.DOTALL)[:2]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(example, "ecosystems.md", "exec"), {})
    assert output.getvalue().strip() == printed.strip()


def test_every_ecosystem_is_on_the_page() -> None:
    """With its lock files."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    for ecosystem in shipped_ecosystems():
        own = " ".join(row for row in rows if row.startswith(f"| `{ecosystem.name}` "))
        for glob in ecosystem.lock_files():
            name = glob.rpartition("/")[2].removeprefix("*") if glob.endswith(".txt") else glob
            assert name.replace("*", "") in own.replace("*", "") or "/" in glob, (ecosystem.name, glob)
