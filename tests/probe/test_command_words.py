"""Programs and files that a command names are found however the command is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.probe.command_words import Place, begins_with, files, programs


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A user's home with a tool on PATH and a script, and a checkout beside it."""
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
    """Behind wrappers, assignments and operators, and within lines of lines."""
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
    """By an absolute path, from home, by a variable, or relative to the checkout."""
    words = [command] if isinstance(command, str) else command
    said = [word.format(folder=tmp_path) for word in words]
    line = said[0] if isinstance(command, str) else tuple(said)
    before = files(line, place)
    assert [Path(path).resolve() for path in before] == [tmp_path / "home/check.sh"]
    (tmp_path / "home/check.sh").write_text("edited\n")
    assert files(line, place) != before


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
    """The commit covers its own files, and what a test writes says nothing of the next one."""
    assert files(command.format(folder=tmp_path), place) == {}


@given(st.text(max_size=60))
def test_any_line_is_read(line: str) -> None:
    """No command line is too odd to be looked at."""
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
    """Neither words, commands and functions of the shell nor targets of a redirection are among them."""
    assert begins_with(command) == tuple(names.split())
