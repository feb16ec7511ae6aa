"""Detects build systems by their files in a repository, and proposes how each builds and tests.

Most of these need no `setup`: their tools download to caches that all slots share.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import PurePosixPath

from bisector.hunt_file.proposal_jvm import gradle, maven
from bisector.hunt_file.proposal_packages import javascript, php, ruby
from bisector.hunt_file.proposal_python import python
from bisector.hunt_file.proposal_tree import NETWORK, Found, Install, Tree, folder_of, within

_FETCHES = re.compile(
    r"^\s*(FetchContent_Declare|FetchContent_Populate|CPMAddPackage)\s*\(", re.MULTILINE | re.I
)
_MOST_KEYS = 20
"""Files of CMake that a `key` lists; more are no help to a person."""
_EXECUTABLE = re.compile(r"\(executables?\s+(?:;[^\n]*\n\s*)*\(names?\s+([\w-]+)")
_MAKE_TARGET = re.compile(r"^([A-Za-z][\w-]*)\s*:(?!=)", re.MULTILINE)


def _scripted(tree: Tree) -> tuple[str, tuple[str, ...]] | None:
    """The command of the likeliest test script, and notes about it."""
    scripts = tree.test_scripts()
    if not scripts:
        return None
    more = f"Others here: {', '.join(scripts[1:6])}{' ...' if len(scripts) > 6 else ''}."
    return f"bash {shlex.quote(scripts[0])}", (
        "The test script nearest to the top.",
        *([more] if scripts[1:] else []),
    )


def dune(tree: Tree) -> Found | None:
    """OCaml: dune-project; builds the first executable and runs a test script, else `dune test`."""
    project = tree.nearest("dune-project")
    if project is None:
        return None
    folder = folder_of(project)
    inside = "" if folder == "." else f"{folder}/"
    programs = [
        f"{folder_of(file.removeprefix(inside))}/{match[1]}.exe".removeprefix("./")
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
            no_setup=_of_opam(tree),
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
        no_setup=_of_opam(tree),
        folder=folder,
        build=f"dune build {shlex.quote(programs[0])}",
        identity="ocamlc -version",
        build_notes=(f"Programs here: {', '.join(programs[:6])}.",),
        inputs=inputs,
        outputs=within(folder, f"_build/default/{programs[0]}"),
    )


def _of_opam(tree: Tree) -> str:
    named = any(file.endswith(".opam") or file == "opam" for file in tree.files)
    return "opam's packages are in the switch of your shell, which all commits share." if named else ""


def cargo(tree: Tree) -> Found | None:
    """Rust: Cargo.toml; optimised, because many hunts are about speed."""
    manifest = tree.nearest("Cargo.toml")
    if manifest is None:
        return None
    folder = folder_of(manifest)
    return Found(
        "cargo",
        manifest,
        test="cargo test --release",
        no_setup="Cargo downloads to a cache that all commits share (CARGO_HOME, else ~/.cargo).",
        variables=("CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTFLAGS", *NETWORK),
        folder=folder,
        test_folder=folder,
        build="cargo build --release --all-targets",
        identity="rustc -V",
        build_notes=("All targets, so that a commit that does not compile is untestable, not bad.",),
        test_notes=("One test: cargo test --release NAME; a benchmark: cargo bench --bench NAME.",),
    )


def go(tree: Tree) -> Found | None:
    """Go: go.mod; the build includes the tests."""
    module = tree.nearest("go.mod")
    if module is None:
        return None
    folder = folder_of(module)
    return Found(
        "go",
        module,
        test="go test -count=1 ./...",
        no_setup="Go downloads to a cache that all commits share (GOMODCACHE, else ~/go/pkg/mod).",
        variables=("GOPATH", "GOMODCACHE", "GOCACHE", "GOPROXY", "GOFLAGS", "GOROOT", *NETWORK),
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
    configure = "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release"
    files = [
        file for file in tree.files if file.endswith(".cmake") or PurePosixPath(file).name == "CMakeLists.txt"
    ]
    fetches = any(_FETCHES.search(tree.read(file)) for file in files)
    setup = None
    if fetches and len(files) <= _MOST_KEYS:
        notes = (
            "What FetchContent downloads. It contains the path of its slot, so each slot downloads its own.",
        )
        setup = Install(configure, files, ("build/_deps",), notes)
    return Found(
        "cmake",
        "CMakeLists.txt",
        test="ctest --test-dir build --output-on-failure",
        setup=setup,
        build=f"{configure} && cmake --build build",
        identity="cc --version",
        build_notes=("Optimised, because most hunts are about speed.",),
        test_notes=("One test: ctest --test-dir build -R NAME.",),
        variables=("CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "CMAKE_PREFIX_PATH", *NETWORK),
    )


def make(tree: Tree) -> Found | None:
    """A Makefile with a test target, or with a test script next to it."""
    makefile = next((name for name in ("GNUmakefile", "makefile", "Makefile") if tree.has(name)), None)
    if makefile is None:
        return None
    targets = _MAKE_TARGET.findall(tree.read(makefile))
    target = next((name for name in ("test", "check", "tests", "bench") if name in targets), None)
    scripted = _scripted(tree)
    if target is None and scripted is None and not tree.is_tested:
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
        variables=("CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS"),
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


SYSTEMS: tuple[Callable[[Tree], Found | None], ...] = (
    *(dune, cargo, go, meson, cmake, maven, gradle),
    *(javascript, python, ruby, php, make),
)
"""In order of preference: a Makefile often only calls one of the others."""
