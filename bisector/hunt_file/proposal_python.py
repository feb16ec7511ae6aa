"""Detects Python projects, and proposes how to install their packages once."""

from __future__ import annotations

import posixpath
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from bisector.hunt_file.proposal_tree import NETWORK, Found, Install, Tree, folder_of

_REQUIREMENTS = re.compile(r"(requirements([-_](dev|tests?|ci))?|(dev|test)[-_]requirements)\.txt")
_NAMES_ANOTHER = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)", re.MULTILINE)
_PINS_BY_HASH = re.compile(r"--hash[= ]")
_INSTALLS_ITSELF = re.compile(r"^\s*(\.(/\S*)?|\.\[.*\])\s*(#.*)?$", re.MULTILINE)
"""A line of a requirements file that installs the project, or a folder of it, as a copy."""
_OF_PYTEST = "-m pytest -q -x -p no:cacheprovider"
_KEEPS = (".venv",)
_PURE = ("hatchling", "flit_core", "poetry", "pdm")
"""Build backends that usually compile nothing."""
_OWN_SLOT = "The result contains the path of its slot, so each slot installs its own."


def python(tree: Tree) -> Found | None:
    """Python: pytest on the sources of the slot, with the packages of a lock or requirements file."""
    known = ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini")
    project = next((name for name in known if tree.has(name)), "")
    tests = [file for file in tree.files if re.fullmatch(r"(.*/)?(test_\w+|\w+_test)\.py", file)]
    if not (project or tree.has("tests")) or not (tests or tree.is_tested):
        return None
    setup = _python_packages(tree)
    interpreter = ".venv/bin/python" if setup else "python3"
    return Found(
        "python",
        f"{project or 'tests/'} and {len(tests)} test file{'s' if len(tests) > 1 else ''}",
        test=f"{interpreter} {_OF_PYTEST}",
        setup=setup,
        no_build="Python. The test runs on the sources as they are."
        if setup
        else "Python. If the required packages change along the history, install them in a `setup`.",
        test_notes=tuple(f"One test: {interpreter} -m pytest -q {shlex.quote(one)}" for one in tests[:1]),
        environment={"PYTHONPATH": "src" if tree.has("src") else "."},
        environment_note="Test the sources in the slot, not an installed package.",
        variables=(
            "PIP_INDEX_URL",
            "PIP_EXTRA_INDEX_URL",
            "PIP_FIND_LINKS",
            "PIP_CERT",
            "UV_INDEX_URL",
            *NETWORK,
        ),
        skip=(2, 3, 4, 5),
        skip_note="pytest: stopped (an import fails), its own error, usage, no tests found",
    )


def _python_packages(tree: Tree) -> Install | None:
    """How to install them into `.venv`: with uv, with poetry, or with pip."""
    if tree.has("pyproject.toml") and tree.has("uv.lock"):
        command = " ".join(["uv sync --frozen", *_extras_of_pytest(_document(tree))])
        locked = re.search(r'^name = "pytest"$', tree.read("uv.lock"), re.MULTILINE)
        more = "" if locked else " && uv pip install --quiet pytest"
        return Install(command + more, ("pyproject.toml", "uv.lock"), _KEEPS)
    if tree.has("pyproject.toml") and tree.has("poetry.lock"):
        command = "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-root --no-interaction"
        return Install(command, ("pyproject.toml", "poetry.lock"), _KEEPS)
    files = [file for file in tree.files if _REQUIREMENTS.fullmatch(file)]
    return _of_requirements(tree, files) if files else _of_project(tree)


def _of_requirements(tree: Tree, files: Sequence[str]) -> Install | None:
    key = _with_named(tree, files)
    texts = [tree.read(file) for file in key]
    if any(map(_INSTALLS_ITSELF.search, texts)):
        return None
    wanted = [f"-r {shlex.quote(file)}" for file in files]
    if not any(
        re.search(r"^\s*pytest\b", text, re.MULTILINE) or _PINS_BY_HASH.search(text) for text in texts
    ):
        wanted.append("pytest")
    return _by_pip(" ".join(wanted), key)


def _of_project(tree: Tree) -> Install | None:
    """What pyproject.toml requires, without a lock; None if it requires nothing and pytest is there."""
    document = _document(tree)
    project = _part(document, "project")
    extras = _extras_of_pytest(document)
    if not project.get("dependencies") and not extras:
        return None if tree.installed("pytest") else _only_pytest(tree)
    if tree.installed("uv"):
        chosen = " ".join(["-r pyproject.toml", *extras, *([] if extras else ["pytest"])])
        command = f"uv venv --quiet .venv && uv pip install --quiet {chosen}"
        return Install(command, ("pyproject.toml",), _KEEPS, (_OWN_SLOT,))
    backend = str(_part(document, "build-system").get("build-backend", ""))
    # An editable install points to the slot. What it compiled would belong to another commit.
    if backend.split(".")[0] in _PURE or (backend.startswith("setuptools") and not tree.has("setup.py")):
        names = [flag for flag in extras if not flag.startswith("--")]
        chosen = f"[{','.join(names)}]" if extras[:1] == ["--extra"] else ""
        return _by_pip(f"-e {shlex.quote(f'.{chosen}')} pytest", ("pyproject.toml",))
    return None


def _only_pytest(tree: Tree) -> Install | None:
    known = [name for name in ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini") if tree.has(name)]
    return _by_pip("pytest", known[:1]) if known else None


def _by_pip(wanted: str, key: Sequence[str]) -> Install:
    command = f"python3 -m venv .venv && .venv/bin/pip install --quiet {wanted}"
    return Install(command, key, _KEEPS, (_OWN_SLOT,))


def _extras_of_pytest(document: Mapping[str, Any]) -> list[str]:
    """Options of uv that install the extra or the group in which pytest is; none for the group `dev`."""
    places = {
        "--extra": _part(_part(document, "project"), "optional-dependencies"),
        "--group": _part(document, "dependency-groups"),
    }
    for option, lists in places.items():
        for name, wanted in lists.items():
            if isinstance(wanted, list) and any(_is_pytest(one) for one in wanted):
                return [] if (option, name) == ("--group", "dev") else [option, shlex.quote(str(name))]
    return []


def _is_pytest(requirement: object) -> bool:
    return isinstance(requirement, str) and bool(re.match(r"pytest(?![\w-])", requirement))


def _document(tree: Tree) -> Mapping[str, Any]:
    """pyproject.toml; empty if there is none that can be read."""
    try:
        return tomllib.loads(tree.read("pyproject.toml")) if tree.has("pyproject.toml") else {}
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The table under a key; empty for any other value."""
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _with_named(tree: Tree, files: Sequence[str]) -> tuple[str, ...]:
    """Requirements files, and those of the commit that they include."""
    found: dict[str, None] = {}
    waiting = list(reversed(files))
    while waiting:
        file = waiting.pop()
        if file not in found and file in tree.files:
            found[file] = None
            named = _NAMES_ANOTHER.findall(tree.read(file))
            waiting += [posixpath.normpath(f"{folder_of(file)}/{name}") for name in named]
    return tuple(found)
