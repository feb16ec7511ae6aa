"""The programs and files that a command names are found, however the command is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.probe.command_words import Place, begins_with, files, programs, script


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A user's home with a tool on PATH and a script, and a checkout next to it."""
    for name in ("bin/tool", "home/check.sh", "repo/in.sh", "other.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home"), "WHERE": str(tmp_path)}
    return Place(environment, tmp_path / "repo")


@pytest.mark.parametrize(
    "command",
    [
        "tool",
        ("tool", "x"),
        "FOO=1 tool x",
        "env FOO=1 tool",
        "true && tool",
        "cat x | tool",
        "(cd src; tool)",
        "if tool; then true; fi",
        "bash -c 'cd x && tool y'",
        ("sh", "-c", "timeout 5 tool"),
        'test "$(tool --version)" = 1',
        "x=`tool`",
        "true\ntool",
        "'tool' 'not closed",
        "tool\\\n --flag",
    ],
)
def test_a_program_is_found_wherever_it_stands(command: str | tuple[str, ...], place: Place) -> None:
    """A program may come after wrappers, assignments and operators, and inside nested command lines."""
    assert list(programs(command, place)) == ["tool"]


@pytest.mark.parametrize(
    "command",
    [
        "sh {folder}/home/check.sh",
        ("sh", "{folder}/home/check.sh"),
        "sh ~/check.sh",
        "sh $HOME/check.sh",
        'sh "${{WHERE}}/home/check.sh" arg',
        ". ../home/check.sh",
        "../home/check.sh",
        "cd ../home && ./check.sh",
        "cd ~ && ./check.sh",
        "sh <{folder}/home/check.sh",
        "bash -c '. ~/check.sh; true'",
        "prog --script={folder}/home/check.sh",
        "SCRIPT=~/check.sh make",
    ],
)
def test_a_script_outside_is_found_however_it_is_named(
    command: str | tuple[str, ...], place: Place, tmp_path: Path
) -> None:
    """A script is found by an absolute path, from home, by a variable, or relative to the checkout."""
    words = [command] if isinstance(command, str) else command
    said = [word.format(folder=tmp_path) for word in words]
    line = said[0] if isinstance(command, str) else tuple(said)
    before = files(line, place)
    assert [Path(path).resolve() for path in before] == [tmp_path / "home/check.sh"]
    (tmp_path / "home/check.sh").write_text("edited\n")
    assert files(line, place) != before


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("sh test.sh", "test.sh"),
        ("timeout 20s env A=1 bash -eu ci/test.sh arg && true", "ci/test.sh"),
        (("python3", "-B", "test.py"), "test.py"),
        ("python3 -X dev test.py", "test.py"),
        ("bash -euo pipefail test.sh", "test.sh"),
        ("bash -o pipefail -c './bench | tee log'", ""),
        ("python3.12 -m pytest", ""),
        ("sh -c 'exit 1'", ""),
        ("node -e 1", ""),
        ("make && sh made.sh", ""),
        ("sh $SCRIPT", ""),
        ("python3 < test.py", ""),
        ("./test.sh", ""),
        ("", ""),
    ],
)
def test_the_script_that_a_command_begins_with(command: str | tuple[str, ...], name: str) -> None:
    """Only a script that must exist before the test counts."""
    assert script(command) == name


@pytest.mark.parametrize(
    ("script", "text", "named"),
    [
        ("check.sh", '. "$(dirname "$0")/lib.sh"', "lib.sh"),
        ("check.sh", "source ./lib", "lib"),
        ("check.sh", "read limit <{folder}/limit.txt", "limit.txt"),
        ("check.sh", "python3 ${HERE}/deep/limits.py", "deep/limits.py"),
        ("Makefile", "-include rules.mk", "rules.mk"),
        ("Makefile", "include {folder}/rules", "rules"),
        ("check.py", "def main():\n    from limits import LIMIT", "limits.py"),
        ("check.py", "import deep.limits", "deep/limits.py"),
        ("check.py", "json.load(open('limits.json'))", "limits.json"),
        ("check.py", "Path(__file__).with_name('limits.txt').read_text()", "limits.txt"),
        ("check.py", "from deep import (\n    other,\n    limits as mine,\n)", "deep/limits.py"),
        ("check.py", "import os, deep.limits", "deep/limits.py"),
        ("check.py", "def f():\n    from . import limits", "limits.py"),
        ("test_it.py", "def test_it(): pass", "conftest.py"),
        ("check", "#!/usr/bin/env python3\nimport limits", "limits.py"),
        ("check.js", 'const limits = require("./limits")', "limits.js"),
        ("check.rb", "require_relative 'limits'", "limits.rb"),
    ],
)
def test_what_a_script_outside_reads_is_found_with_it(
    script: str, text: str, named: str, place: Place, tmp_path: Path
) -> None:
    """A file that a script reads is found in any language, and also if that file names another one."""
    home = tmp_path / "home"
    (home / script).write_text(text.replace("{folder}", str(home)))
    (home / named).parent.mkdir(exist_ok=True)
    (home / named).write_text("sh last.sh\n")
    ((home / named).parent / "last.sh").write_text("true\n")
    before = files(f"run {home}/{script}", place)
    assert [Path(path).name for path in before] == [script, Path(named).name, "last.sh"]
    ((home / named).parent / "last.sh").write_text("false\n")
    assert files(f"run {home}/{script}", place) != before


@pytest.mark.parametrize(
    "text",
    [
        "date > state.json",
        "date | tee -a state.json",
        "open('state.json', 'w')",
        "cc -o state.json",
        "(here / 'state.json').write_text('1')",
    ],
)
def test_what_a_script_outside_writes_does_not_count(text: str, place: Place, tmp_path: Path) -> None:
    """If files that a script writes counted, each run of the test would start another hunt."""
    (tmp_path / "home/check.sh").write_text(text)
    (tmp_path / "home/state.json").write_text("1")
    assert list(files(f"sh {tmp_path}/home/check.sh", place)) == [str(tmp_path / "home/check.sh")]


def test_modules_of_a_package_are_looked_up_where_the_script_lies(place: Place, tmp_path: Path) -> None:
    """Within a package, absolute imports begin at the folder of the script, relative ones at the module."""
    home = tmp_path / "home"
    (home / "pkg/inner").mkdir(parents=True)
    (home / "check.py").write_text("from pkg import rules\n")
    (home / "pkg/rules.py").write_text("from pkg.inner import one\n")
    (home / "pkg/inner/one.py").write_text("from .. import two\n")
    (home / "pkg/two.py").write_text("LIMIT = 3\n")
    found = [Path(path).name for path in files(f"python3 {home}/check.py", place)]
    assert found == ["check.py", "rules.py", "one.py", "two.py"]


def test_a_module_on_pythonpath_is_found(place: Place, tmp_path: Path) -> None:
    """A module that `python -m` names is found."""
    (tmp_path / "home/checks.py").write_text("pass\n")
    there = replace(place, environment={**place.environment, "PYTHONPATH": str(tmp_path / "home")})
    assert list(files("python3 -m checks", there)) == [str(tmp_path / "home/checks.py")]


@pytest.mark.parametrize(
    "command",
    [
        "sh in.sh",
        "./in.sh",
        "prog > {folder}/other.txt",
        "prog 2>>{folder}/other.txt",
        "prog | tee {folder}/other.txt",
        "cc -o {folder}/other.txt x.c",
        "prog > {folder}/other.txt && cat {folder}/other.txt",
        "ls {folder}",
        "cat /dev/null",
    ],
)
def test_the_repository_folders_and_outputs_do_not_count(command: str, place: Place, tmp_path: Path) -> None:
    """The commit covers its own files, and a file that a test writes says nothing about the next test."""
    assert files(command.format(folder=tmp_path), place) == {}


@given(st.text(max_size=60))
def test_any_line_is_read(line: str) -> None:
    """Any command line can be parsed."""
    here = Place({"PATH": "/nowhere", "HOME": "/nowhere"}, Path("/nowhere/repo"))
    assert programs(line, here) == {}
    files(line, here)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("if true; then make; fi", "make"),
        ("cd sub && make -j2 | tee log", "make tee"),
        ("! ( dune build ) > log 2>&1; { opam exec; }", "dune opam"),
        ("CC=gcc time make", "make"),
        ("> log make", "make"),
        ("while read x; do cc $x; done < files", "cc"),
        ("build() { make; }; build", "make"),
        ("case $x in a) make;; b) dune build;; esac", "make dune"),
        ("set -e\nmake || exit 127", "make"),
        ("export PATH=~/bin:$PATH; make", ""),
        ("./build.sh; $CC x.c; [ -f x ]", ""),
        (("make", "all"), "make"),
        (("./build.sh", "make"), ""),
        ((), ""),
    ],
)
def test_the_programs_that_simple_commands_begin_with(command: str | tuple[str, ...], names: str) -> None:
    """Arguments, builtins and functions of the shell, and targets of a redirection are not programs."""
    assert begins_with(command) == tuple(names.split())
