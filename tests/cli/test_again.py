"""Running the same command again: fixed problems are noticed, and everything else is remembered."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bisector.history.repository import Repository
from tests.cli.running import bisector
from tests.git_history import chain, write_history

BAD_AT = 3


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Six commits. From the fourth on, `value` is bad."""
    files = {at: {"n": str(at), "value": "bad" if at >= BAD_AT else "good"} for at in range(6)}
    files[0] |= {"build.sh": "mytool build\n", "test.sh": '[ "$(cat value)" = good ]\n'}
    write_history(tmp_path / "repo", chain(6, files))
    return tmp_path / "repo"


def hunt(repo: Path, *more: str, **environment: str) -> dict[str, Any]:
    """The summary of `bisector run`, with its exit code and its messages."""
    words = ["run", "--good", "main~5", "--bad", "main", "--scratch", str(repo.parent / "scratch"), "--json"]
    done = bisector(*words, *more, folder=repo, **environment)
    assert done.stdout, done.stderr
    return {**json.loads(done.stdout), "told": done.stderr}


def tool(folder: Path, text: str = "exit 0") -> None:
    """A program of the user on the PATH of the tests below."""
    folder.mkdir(exist_ok=True)
    (folder / "mytool").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "mytool").chmod(0o755)


def script(path: Path, text: str) -> None:
    """A script outside the repository."""
    path.write_text(text)


def test_a_tool_that_was_missing_is_found_by_the_same_command(repo: Path) -> None:
    """If the good endpoint could not be built, it is built again, and the hunt continues to its answer."""
    path = f"{repo.parent}/bin:/usr/bin:/bin"
    command = ["--build", "sh build.sh", "--test", "sh test.sh"]
    (repo.parent / "bin").mkdir()
    before = hunt(repo, *command, PATH=path)
    assert before["conclusion"] == "inconclusive"
    tool(repo.parent / "bin")
    after = hunt(repo, *command, PATH=path)
    assert after["exit_code"] == 0
    assert "may have been fixed since (`--restart` starts over)" in after["told"]


@pytest.mark.parametrize("failing", ["good-is-bad", "no-regression"])
def test_a_service_that_was_down_is_seen_by_the_same_command(repo: Path, failing: str) -> None:
    """After a conclusion about the endpoints they are read again, although the recipe is the same."""
    up = repo.parent / "service"
    answer = "false" if failing == "good-is-bad" else "true"
    command = ["--test", f"if [ -d {up} ]; then sh test.sh; else {answer}; fi"]
    assert hunt(repo, *command)["conclusion"] == failing
    again = hunt(repo, *command)
    assert again["conclusion"] == failing
    assert again["readings"] > 0
    up.mkdir()
    assert hunt(repo, *command)["exit_code"] == 0


def test_a_confirmed_answer_is_only_confirmed_again(repo: Path) -> None:
    """The same command tests the commit and its parent, and says when the answer was found."""
    count = repo.parent / "count"
    command = ["--test", f"cat n >> {count}; sh test.sh"]
    first = hunt(repo, *command)
    runs = count.read_text()
    again = hunt(repo, *command)
    assert again["first_bad"] == first["first_bad"]
    assert "and confirmed again; `--restart` starts over" in again["told"]
    assert "remembered from" not in first["told"]
    assert set(count.read_text().removeprefix(runs)) == {str(BAD_AT), str(BAD_AT - 1)}
    count.unlink()
    assert hunt(repo, *command, "--restart")["first_bad"] == first["first_bad"]
    assert {"0", "5"} < set(count.read_text())


def test_a_remembered_answer_that_does_not_hold_starts_over(repo: Path) -> None:
    """A test may read files that no recipe names; here one changes between two starts."""
    limit = repo.parent / "limit"
    command = ["--test", f"[ $(cat n) -lt $(cat $(dirname {repo})/limit) ]"]
    limit.write_text("4\n")
    first = hunt(repo, *command)
    limit.write_text("2\n")
    second = hunt(repo, *command)
    assert (first["exit_code"], second["exit_code"]) == (0, 0)
    assert [one["confirmed"] for one in (first, second)] == [True, True]
    assert first["first_bad"] != second["first_bad"]
    assert "does not hold now: something outside of the commits changed; starting over" in second["told"]
    assert "remembered from" not in second["told"].splitlines()[-1]


@pytest.mark.parametrize("name", ["{folder}/check.sh", "~/check.sh", "$FOLDER/check.sh"])
def test_an_edited_script_outside_makes_another_hunt(repo: Path, name: str) -> None:
    """The old answer does not count, and a line says what has changed."""
    folder = str(repo.parent)
    environment = {"HOME": folder, "FOLDER": folder}
    command = ["--set", "environment.pass=[FOLDER]", "--test", f"sh {name.format(folder=folder)}"]
    script(repo.parent / "check.sh", "[ $(cat n) -lt 2 ]\n")
    first = hunt(repo, *command, **environment)
    script(repo.parent / "check.sh", "[ $(cat n) -lt 4 ]\n")
    second = hunt(repo, *command, **environment)
    assert (first["exit_code"], second["exit_code"]) == (0, 0)
    assert first["first_bad"] != second["first_bad"]
    assert "a file that the test names changed since" in second["told"]


def _by_pass(repo: Path, value: str) -> dict[str, Any]:
    said = ["--set", "environment.pass=[LIMIT]", "--test", "[ $(cat n) -lt $LIMIT ]"]
    return hunt(repo, *said, LIMIT=value)


def _by_set(repo: Path, value: str) -> dict[str, Any]:
    said = ["--set", f'environment.set={{LIMIT: "{value}"}}', "--test", "[ $(cat n) -lt $LIMIT ]"]
    return hunt(repo, *said)


def _by_tool(repo: Path, value: str) -> dict[str, Any]:
    tool(repo.parent / "bin", f"[ $(cat n) -lt {value} ]")
    return hunt(repo, "--test", "env X=1 mytool", PATH=f"{repo.parent}/bin:/usr/bin:/bin")


def _by_module(repo: Path, value: str) -> dict[str, Any]:
    folder = repo.parent
    (folder / "beside.py").write_text(f"LIMIT = {value}\n")
    (folder / "mine.py").write_text(
        "import sys; sys.path.insert(0, __file__.rpartition('/')[0])\n"
        "from bisector.predicate import Bad, Good, Options, Predicate\n"
        "class Mine(Predicate):\n"
        "    name, Options = 'mine', Options\n"
        "    def judge(self, run, baseline):\n"
        "        from beside import LIMIT\n"
        "        return Good('low') if int(run.output) < LIMIT else Bad('high')\n"
    )
    return hunt(repo, "--predicate", str(folder / "mine.py"), "--test", "cat n")


def _by_overlay(repo: Path, value: str) -> dict[str, Any]:
    script(repo.parent / "check.sh", f"[ $(cat n) -lt {value} ]\n")
    overlay = json.dumps([{"file": str(repo.parent / "check.sh"), "to": "check.sh"}])
    return hunt(repo, "--set", f"overlay={overlay}", "--test", "sh check.sh")


def _by_identity(repo: Path, value: str) -> dict[str, Any]:
    """Builds are kept in the store, and only a script names the compiler."""
    answer = f'if [ "$1" = -V ]; then echo {value}; else [ $(cat n) -lt {value} ]; echo $? > out; fi'
    tool(repo.parent / "bin", answer)
    said = ["--build", "sh build.sh", "--test", "[ $(cat out) = 0 ]"]
    said += ["--set", "build.outputs=[out]", "--set", "build.identity=mytool -V"]
    return hunt(repo, *said, PATH=f"{repo.parent}/bin:/usr/bin:/bin")


@pytest.mark.parametrize("ask", [_by_pass, _by_set, _by_tool, _by_module, _by_overlay, _by_identity])
def test_a_change_outside_of_the_repository_is_a_new_question(
    repo: Path, ask: Callable[[Path, str], dict[str, Any]]
) -> None:
    """The new question has its own answer. With the change undone, the old answer is remembered."""
    first, second = ask(repo, "2"), ask(repo, "4")
    assert (first["exit_code"], second["exit_code"]) == (0, 0)
    assert first["first_bad"] != second["first_bad"]


def test_a_branch_that_moved_is_read_where_it_is(repo: Path, tmp_path: Path) -> None:
    """`copy: from: BRANCH` means the branch's current commit."""
    nodes = chain(6, {at: {"n": str(at), "limit": "4" if at else "2"} for at in range(6)})
    write_history(tmp_path / "other", nodes)
    command = [
        "--set",
        'overlay=[{"copy": "limit", "from": "moving"}]',
        "--test",
        "[ $(cat n) -lt $(cat limit) ]",
    ]

    git = Repository(tmp_path / "other").git
    git("branch", "moving", "main~5")
    first = hunt(tmp_path / "other", *command)
    git("branch", "-f", "moving", "main")
    second = hunt(tmp_path / "other", *command)
    assert (first["exit_code"], second["exit_code"]) == (0, 0)
    assert first["first_bad"] != second["first_bad"]


def test_two_names_are_two_hunts_at_once(repo: Path) -> None:
    """Hunts with different names do not wait for each other or use each other's answer."""
    with ThreadPoolExecutor(2) as at_once:
        test = ["--test", "sleep 0.2; sh test.sh"]
        found = list(at_once.map(lambda name: hunt(repo, *test, "--name", name), ["a", "b"]))
    assert [one["exit_code"] for one in found] == [0, 0]
    assert [one["hunt"] for one in found] == ["a", "b"]


def test_a_program_that_was_missing_along_the_way_is_no_reason_to_skip(repo: Path) -> None:
    """A commit that was untestable because a program was missing is read again when the program exists."""
    path = f"{repo.parent}/bin:/usr/bin:/bin"
    (repo.parent / "bin").mkdir()
    build = "test $(cat n) = 0 || test $(cat n) = 5 || sh build.sh"
    command = ["--build", build, "--test", "sh test.sh"]
    before = hunt(repo, *command, PATH=path)
    assert before["conclusion"] == "any-of"
    tool(repo.parent / "bin")
    after = hunt(repo, *command, PATH=path)
    assert after["exit_code"] == 0
    assert after["skipped"] == 0


def test_a_build_that_failed_is_made_again(repo: Path) -> None:
    """Neither the store nor the journal remembers that a commit does not build."""
    switch = repo.parent / "disk"
    command = [
        "--build",
        f"[ -d {switch} ] && touch out",
        "--set",
        "build.outputs=[out]",
        "--test",
        "sh test.sh",
    ]
    assert hunt(repo, *command)["conclusion"] == "inconclusive"
    switch.mkdir()
    assert hunt(repo, *command)["exit_code"] == 0
