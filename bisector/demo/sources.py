"""The substrate's sources from this package, and suites with a given number of tests."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files as resource_files
from importlib.resources.abc import Traversable

from bisector.demo.edits import Files
from bisector.demo.guests import SUITES

_TEST = re.compile(r"^(?=\(test )", re.MULTILINE)


@cache
def _sources() -> Files:
    """All files of the folder `substrate`, by path in the sample repository."""
    found: Files = {}

    def visit(folder: Traversable, prefix: str) -> None:
        for item in folder.iterdir():
            if item.is_dir():
                visit(item, f"{prefix}{item.name}/")
            else:
                found[prefix + item.name] = item.read_text(encoding="utf-8")

    visit(resource_files("bisector.demo") / "substrate", "")
    found[".gitignore"] = found.pop("gitignore")
    return found


@cache
def _templates(guest: str, suite: str) -> tuple[str, tuple[str, ...]]:
    """Head and test templates of a suite; `@N@` in a template is the number of the instance."""
    head, *tests = _TEST.split(_sources()[f"lib/{guest}/tests/{suite}.sx"])
    return head, tuple(test.rstrip() for test in tests)


def base_files(workload: int) -> Files:
    """The first commit's tree without its suites; `workload` is the percentage of each test's rounds."""
    files = {path: text for path, text in _sources().items() if "/tests/" not in path}
    path = "lib/guest/harness.sx"
    files[path] = files[path].replace("(define workload 100)", f"(define workload {workload})")
    return files


@cache
def _suites(guest: str, total: int) -> tuple[tuple[str, str], ...]:
    """(path, text) of a guest's suites with `total` tests, cycling through the templates."""
    templates = [(s, test) for s in SUITES[guest] for test in _templates(guest, s)[1]]
    chosen: dict[str, list[str]] = {s: [] for s in SUITES[guest]}
    for i in range(total):
        suite, test = templates[i % len(templates)]
        chosen[suite].append(test.replace("@N@", str(1 + i // len(templates))))
    return tuple(
        (f"lib/{guest}/tests/{s}.sx", "\n\n".join([_templates(guest, s)[0].rstrip(), *chosen[s]]) + "\n")
        for s in SUITES[guest]
    )


def with_tests(files: Files, totals: dict[str, int]) -> Files:
    """The tree with each guest's suites, with `totals` tests per guest."""
    for guest, total in totals.items():
        files.update(_suites(guest, total))
    return files
