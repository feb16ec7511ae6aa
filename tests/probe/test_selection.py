"""The names of targets in the command of a test, its variables and its file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.probe.selection import FILE, LONGEST, VARIABLE, is_too_long, selects, told, with_names

NAMES = st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=1, max_size=5)


@given(NAMES)
def test_the_shell_reads_each_name_as_one_word(names: list[str]) -> None:
    """Whatever is in it: quotes, brackets, dollars."""
    command = with_names("printf '%s\\n' {targets}", names)
    assert isinstance(command, str)
    out = subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout.decode()
    assert out.splitlines() == names


def test_a_list_of_words_gets_a_word_for_each_name() -> None:
    """Only a word of its own is replaced so; inside of another word, the names are for a shell."""
    assert with_names(("run", "{targets}", "-v"), ["a b", "c"]) == ("run", "a b", "c", "-v")
    assert with_names(("sh", "-c", "run {targets}"), ["a b", "c"]) == ("sh", "-c", "run 'a b' c")
    assert with_names(("run", "{targets}"), []) == ("run",)


def test_the_variable_of_a_shell_stays() -> None:
    """`${targets}` is not ours."""
    assert with_names("echo ${targets} {targets}", ["a"]) == "echo ${targets} a"
    assert not selects("echo ${targets}")


@pytest.mark.parametrize(
    "command", ["run {targets}", ("run", "{targets}"), f"run ${VARIABLE}", f"run <${FILE}"]
)
def test_a_command_selects_if_it_uses_the_names(command: str | tuple[str, ...]) -> None:
    """In its words, from the variable, or from the file."""
    assert selects(command)


def test_names_that_are_too_long_are_only_in_the_file() -> None:
    """The variable would be too large for the kernel; a command with that many names is refused before."""
    names = [f"{at:0100}" for at in range(LONGEST // 100)]
    assert is_too_long("run {targets}", names)
    assert not is_too_long(f"run <${FILE}", names)
    with told(names) as (variables, (folder,)):
        assert variables.keys() == {FILE}
        assert Path(variables[FILE]).read_text().splitlines() == names
    assert not folder.exists()


def test_a_hunt_without_targets_tells_nothing() -> None:
    """Its tests see no variable of ours."""
    with told(None) as (variables, folders):
        assert (variables, folders) == ({}, ())
    with told([]) as (variables, _):
        assert variables[VARIABLE] == ""
