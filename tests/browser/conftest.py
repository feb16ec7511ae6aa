"""The system's Chromium, driven by Playwright, and reports written for it to open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from bisector.report.html import write_html_report
from tests.report.factory import CASES, HOSTILE

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: CI runs as root in a container. The others keep the browser itself off the network.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each opens a context of its own in it."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, "no Chromium on PATH; `make test-browser` installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each kind of outcome, by name."""
    folder = tmp_path_factory.mktemp("reports")
    pages = {name: folder / f"{name}.html" for name in CASES}
    for name, page in pages.items():
        diffstat = HOSTILE if name == "hostile" else " lib/env.ml | 12 +++---\n 1 file changed"
        write_html_report(CASES[name](), page, diffstat)
    return pages
