"""Build systems by the files they leave in a repository, and how each builds and tests."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_TEST_SCRIPT = re.compile(r"(run[-_]?)?(tests?|check|bench(mark)?s?|smoke)(\.sh)?")
_EXECUTABLE = re.compile(r"\(executables?\s+(?:;[^\n]*\n\s*)*\(names?\s+([\w-]+)")
_MAKE_TARGET = re.compile(r"^([A-Za-z][\w-]*)\s*:(?!=)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one commit, and their texts."""

    files: tuple[str, ...]
    read: Callable[[str], str]

    def nearest(self, *names: str) -> str | None:
        """The file of one of these names that lies nearest to the top."""
        found = [file for file in self.files if PurePosixPath(file).name in names]
        return min(found, key=lambda file: (file.count("/"), file), default=None)

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return path in self.files or any(file.startswith(f"{path}/") for file in self.files)

    def test_scripts(self) -> list[str]:
        """Shell scripts that look like tests, the nearest to the top first."""
        found = [
            file
            for file in self.files
            if _TEST_SCRIPT.fullmatch(PurePosixPath(file).name)
            and (file.endswith(".sh") or self._is_shell(file))
        ]
        return sorted(found, key=lambda file: (file.count("/"), file))

    def _is_shell(self, file: str) -> bool:
        return bool(re.match(r"#!.*\b(ba|da|z)?sh\b", self.read(file)[:80]))


@dataclass(frozen=True, slots=True)
class Found:
    """A build system, seen in a repository; texts are for the comments of a hunt file."""

    system: str
    seen: str
    test: str
    folder: str = "."
    test_folder: str = "."
    build: str | None = None
    no_build: str = "the test runs on the sources as they are."
    build_notes: Sequence[str] = ()
    test_notes: Sequence[str] = ()
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    identity: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_note: str = ""
    skip: Sequence[int] = ()
    skip_note: str = ""


def _folder(file: str) -> str:
    return str(PurePosixPath(file).parent)


def _within(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(name if folder == "." else f"{folder}/{name}" for name in names)


def _scripted(tree: Tree) -> tuple[str, tuple[str, ...]] | None:
    """The command of the likeliest test script, and notes on it."""
    scripts = tree.test_scripts()
    if not scripts:
        return None
    more = f"Others here: {', '.join(scripts[1:6])}{' ...' if len(scripts) > 6 else ''}."
    return f"bash {shlex.quote(scripts[0])}", (
        "The test script nearest to the top.",
        *([more] if scripts[1:] else []),
    )


def dune(tree: Tree) -> Found | None:
    """OCaml: a dune-project; the executable that is built, and a script or `dune test`."""
    project = tree.nearest("dune-project")
    if project is None:
        return None
    folder = _folder(project)
    inside = "" if folder == "." else f"{folder}/"
    programs = [
        f"{_folder(file.removeprefix(inside))}/{match[1]}.exe".removeprefix("./")
        for file in tree.files
        if file.startswith(inside) and PurePosixPath(file).name == "dune" and "test" not in file
        for match in [_EXECUTABLE.search(tree.read(file))]
        if match
    ]
    scripted = _scripted(tree)
    inputs = (folder,) if folder != "." else ()
    if not programs or scripted is None:
        return Found(
            "dune",
            project,
            test="dune test --force",
            folder=folder,
            test_folder=folder,
            build="dune build",
            identity="ocamlc -version",
            build_notes=("Builds everything. It is faster to build only the program that the test runs.",),
            test_notes=("--force: also runs tests whose result dune has cached.",),
            inputs=inputs,
        )
    command, notes = scripted
    return Found(
        "dune",
        project,
        test=command,
        test_notes=notes,
        folder=folder,
        build=f"dune build {shlex.quote(programs[0])}",
        identity="ocamlc -version",
        build_notes=(f"Programs here: {', '.join(programs[:6])}.",),
        inputs=inputs,
        outputs=_within(folder, f"_build/default/{programs[0]}"),
    )


def cargo(tree: Tree) -> Found | None:
    """Rust: Cargo.toml; optimised, because what is hunted is often speed."""
    manifest = tree.nearest("Cargo.toml")
    if manifest is None:
        return None
    folder = _folder(manifest)
    return Found(
        "cargo",
        manifest,
        test="cargo test --release",
        folder=folder,
        test_folder=folder,
        build="cargo build --release --all-targets",
        identity="rustc -V",
        build_notes=("All targets, so that a commit that does not compile is untestable, not bad.",),
        test_notes=("One test: cargo test --release NAME; a benchmark: cargo bench --bench NAME.",),
    )


def go(tree: Tree) -> Found | None:
    """Go: go.mod; vet builds the tests too."""
    module = tree.nearest("go.mod")
    if module is None:
        return None
    folder = _folder(module)
    return Found(
        "go",
        module,
        test="go test -count=1 ./...",
        folder=folder,
        test_folder=folder,
        build="go build ./... && go test -run '^$' ./...",
        identity="go version",
        build_notes=("With the tests, so that a commit that does not compile is untestable, not bad.",),
        test_notes=("-count=1: without go's cache. A benchmark: go test -run '^$' -bench NAME ./PACKAGE.",),
    )


def meson(tree: Tree) -> Found | None:
    """C and others: meson.build."""
    if not tree.has("meson.build"):
        return None
    return Found(
        "meson",
        "meson.build",
        test="meson test -C build --no-rebuild",
        build="meson setup --reconfigure build --buildtype=release && meson compile -C build",
        identity="cc --version",
        test_notes=("One test: meson test -C build NAME.",),
    )


def cmake(tree: Tree) -> Found | None:
    """C, C++ and others: CMakeLists.txt at the top."""
    if not tree.has("CMakeLists.txt"):
        return None
    return Found(
        "cmake",
        "CMakeLists.txt",
        test="ctest --test-dir build --output-on-failure",
        build="cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build",
        identity="cc --version",
        build_notes=("Optimised, because most hunts are about speed.",),
        test_notes=("One test: ctest --test-dir build -R NAME.",),
    )


def npm(tree: Tree) -> Found | None:
    """JavaScript: package.json with a test script."""
    manifest = tree.nearest("package.json")
    if manifest is None or "node_modules/" in manifest:
        return None
    folder = _folder(manifest)
    scripts = _scripts_of(tree.read(manifest))
    if "test" not in scripts or "no test specified" in scripts["test"]:
        return None
    locked = any(tree.has(name) for name in _within(folder, "package-lock.json", "npm-shrinkwrap.json"))
    install = "npm ci" if locked else "npm install --no-audit --no-fund"
    return Found(
        "npm",
        manifest,
        test="npm test",
        folder=folder,
        test_folder=folder,
        build=f"{install} && npm run build" if "build" in scripts else install,
        identity="node --version",
        build_notes=("Installs the packages of each commit.",),
        test_notes=(f"package.json: {''.join(filter(str.isprintable, scripts['test']))[:80]}",),
    )


def _scripts_of(text: str) -> dict[str, str]:
    try:
        scripts = json.loads(text).get("scripts", {})
        return {str(name): str(command) for name, command in scripts.items()}
    except (ValueError, AttributeError, RecursionError):
        return {}


def python(tree: Tree) -> Found | None:
    """Python: pytest on the sources of the slot."""
    known = ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini")
    project = next((name for name in known if tree.has(name)), "")
    tests = [file for file in tree.files if re.fullmatch(r"(.*/)?(test_\w+|\w+_test)\.py", file)]
    if not tests or not (project or tree.has("tests")):
        return None
    source = "src" if tree.has("src") else "."
    return Found(
        "python",
        f"{project or 'tests/'} and {len(tests)} test file{'s' if len(tests) > 1 else ''}",
        test="python3 -m pytest -q -x -p no:cacheprovider",
        no_build="Python. If the required packages change along the history, make their environment here.",
        test_notes=(f"One test: python3 -m pytest -q {shlex.quote(tests[0])}",),
        environment={"PYTHONPATH": source},
        environment_note="Test the sources in the slot, not an installed package.",
        skip=(2, 3, 4, 5),
        skip_note="pytest: stopped (an import fails), its own error, usage, no tests found",
    )


def make(tree: Tree) -> Found | None:
    """A Makefile with a target that tests, or beside a test script."""
    makefile = next((name for name in ("GNUmakefile", "makefile", "Makefile") if tree.has(name)), None)
    if makefile is None:
        return None
    targets = _MAKE_TARGET.findall(tree.read(makefile))
    target = next((name for name in ("test", "check", "tests", "bench") if name in targets), None)
    scripted = _scripted(tree)
    if target is None and scripted is None:
        return None
    command, notes = (f"make {target}", ()) if target else scripted or ("", ())
    configure = "./configure && " if tree.has("configure") else ""
    named = f"Targets here: {', '.join(dict.fromkeys(targets))[:90]}."
    return Found(
        "make",
        makefile,
        test=command,
        build=f"{configure}make",
        identity="cc --version",
        build_notes=(named,),
        test_notes=notes,
    )


def script(tree: Tree) -> Found | None:
    """No build system, but a test script."""
    scripted = _scripted(tree)
    if scripted is None:
        return None
    command, notes = scripted
    build = next((name for name in ("build.sh", "scripts/build.sh") if tree.has(name)), None)
    return Found(
        "script",
        f"a test script, {command.removeprefix('bash ')}",
        test=command,
        test_notes=notes,
        build=f"bash {build}" if build else None,
    )


SYSTEMS: tuple[Callable[[Tree], Found | None], ...] = (dune, cargo, go, meson, cmake, npm, python, make)
"""In the order in which they are believed: a Makefile often only calls one of the others."""
