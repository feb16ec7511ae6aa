"""The system's Chromium, controlled by Playwright, with reports to open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from bisector.history.patch import CommitPatch, FilePatch
from bisector.report.html import write_html_report
from tests.report.factory import CASES, HOSTILE

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: CI runs as root in a container. The other options keep the browser off the network.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

CHANGE = CommitPatch(
    " lib/env.ml | 2 +-\n 1 file changed",
    (
        FilePatch("lib/env.ml", ("@@ -1,3 +1,3 @@ let share", " a", "-b", "+c"), 1, 1),
        FilePatch("x", (), is_binary=True),
    ),
)
HOSTILE_CHANGE = CommitPatch(HOSTILE, (FilePatch(HOSTILE, (HOSTILE, f"+{HOSTILE}", "-"), 1, 1, 1),), 1)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests. Each test opens its own context."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, "no Chromium on PATH; `make test-browser` installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page for each kind of outcome, by name."""
    folder = tmp_path_factory.mktemp("reports")
    pages = {name: folder / f"{name}.html" for name in CASES}
    for name, page in pages.items():
        write_html_report(CASES[name](), page, HOSTILE_CHANGE if name == "hostile" else CHANGE)
    return pages
