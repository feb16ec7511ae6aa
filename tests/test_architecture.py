"""The layers of DESIGN: each room imports only from rooms below it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FLOORS = [
    ["cli"],
    ["phases"],
    ["watchdog"],
    ["report", "demo"],
    ["hunt"],
    ["engine", "ecosystems"],
    ["probe"],
    ["history", "hunt_file"],
    ["search"],
    ["predicate", "units", "pattern", "terms"],
    ["errors"],
]
FLOOR = {room: len(FLOORS) - at for at, rooms in enumerate(FLOORS) for room in rooms}
ONE_DOOR = {
    "git": "history",
    "sqlite3": "hunt",
    "typer": "cli",
    "tenacity": "engine",
    "distributed": "engine",
    "dask": "engine",
    "ruamel": "phases",
    "packaging": "ecosystems",
    "tomlkit": "ecosystems",
    "nodesemver": "ecosystems",
    "mcp": "cli",
    "mcp_types": "cli",
}
"""Libraries that only one room may import."""


def imports_of(file: Path) -> set[str]:
    """Full names of the modules that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(module: str) -> str | None:
    """The room of a module of bisector, or None for another module."""
    parts = module.split(".")
    return parts[1] if parts[0] == "bisector" and len(parts) > 1 and parts[1] in FLOOR else None


@pytest.mark.parametrize("file", sorted((ROOT / "bisector").rglob("*.py")), ids=lambda file: file.stem)
def test_imports_run_downwards(file: Path) -> None:
    """No room imports from the same layer or from above, and some libraries are for one room only."""
    own = room_of(f"bisector.{file.relative_to(ROOT / 'bisector').parts[0].removesuffix('.py')}")
    for module in imports_of(file):
        room = room_of(module)
        if own and room and room != own:
            assert FLOOR[room] < FLOOR[own], f"{file.name} imports {module}"
        door = ONE_DOOR.get(module.split(".")[0])
        assert door in (None, own), f"{file.name} imports {module}, which belongs to {door}"


@pytest.mark.parametrize("file", sorted((ROOT / "predicates").rglob("*.py")), ids=lambda file: file.stem)
def test_predicates_know_only_the_contract(file: Path) -> None:
    """A plug-in imports from bisector only the contract and its units."""
    rooms = {room_of(module) for module in imports_of(file)} - {None}
    assert rooms <= {"predicate", "units", "pattern"}


def test_the_search_is_pure() -> None:
    """The search core imports no files, processes or clocks."""
    allowed = {"numpy", "math", "collections", "dataclasses", "typing", "__future__", "bisector"}
    allowed |= {"itertools", "functools", "heapq", "bisect", "random", "abc", "enum", "copy"}
    for file in (ROOT / "bisector/search").glob("*.py"):
        assert {module.split(".")[0] for module in imports_of(file)} <= allowed, file.name


def test_help_imports_nothing_heavy() -> None:
    """`--help` works without git, numpy, pydantic and a template engine."""
    script = (
        "import sys; sys.argv = ['bisector', '--help']\nimport bisector.cli.app\nprint(','.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.strip().split(","))
    heavy = {"git", "numpy", "pydantic", "jinja2", "yaml", "ruamel", "psutil", "sqlite3", "tenacity"}
    heavy |= {"packaging", "tomlkit", "nodesemver"}
    assert not loaded & heavy


def test_every_package_is_in_the_wheel() -> None:
    """Every room is in pyproject.toml's list."""
    import tomllib

    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    there = {".".join(f.parent.relative_to(ROOT).parts) for f in (ROOT / "bisector").rglob("__init__.py")}
    shipped = {".".join(f.parent.relative_to(ROOT).parts) for f in (ROOT / "predicates").rglob("__init__.py")}
    assert listed - {"bisector.configs"} == there | {f"bisector.{package}" for package in shipped}
