"""`bisector init` on a terminal: at most three questions, and none that the command line answers."""

from __future__ import annotations

from pathlib import Path

from bisector import hunt_file
from tests.cli.terminal import typed
from tests.git_history import chain, git, write_history

WRONG, COMMAND, GOOD = (
    "What is wrong (fails, slow, memory, hangs, flaky)?",
    "Which command shows it?",
    "does not",
)
NO_TRY = ("init", "--no-try")


def repository(folder: Path, tag: str | None = None) -> Path:
    files = {"Makefile": "all:\ntest:\n\ttrue\n", "bench.sh": "exit 0\n"}
    write_history(folder / "r", chain(3, {0: files}))
    if tag:
        git(folder / "r", "tag", tag, "HEAD~1")
    return folder / "r"


def asked(screen: str) -> int:
    return sum(question in screen for question in (WRONG, COMMAND, GOOD))


def test_three_questions_about_what_is_not_known(tmp_path: Path) -> None:
    """What is wrong, the command that shows it, and a good commit where there is no tag."""
    repo = repository(tmp_path)
    answers = [
        (f"{WRONG} [fails]: ", "slow\n"),
        (f"{COMMAND} [make test]: ", "sh bench.sh\n"),
        ("[auto]: ", "HEAD~2\n"),
    ]
    code, screen = typed(NO_TRY, repo, answers)
    assert code == 0, screen
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert (hunt.test.command, hunt.predicate.name, hunt.good) == ("sh bench.sh", "wall_time", ("HEAD~2",))


def test_one_question_where_the_rest_is_known(tmp_path: Path) -> None:
    """A test suite shows failures, and the newest tag is good until it is tested."""
    repo = repository(tmp_path, "v1")
    code, screen = typed(NO_TRY, repo, [("[fails]: ", "\n")])
    assert (code, asked(screen)) == (0, 1), screen
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert (hunt.test.command, hunt.predicate.name, hunt.good) == ("make test", "exit_status", ("v1",))


def test_none_with_symptom_and_test(tmp_path: Path) -> None:
    """Then good is the newest tag, or searched for."""
    repo = repository(tmp_path)
    code, screen = typed([*NO_TRY, "--for", "hangs", "--test", "sh bench.sh"], repo, [])
    assert (code, asked(screen)) == (0, 0), screen
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert (hunt.good, hunt.predicate.options) == (("auto",), {"like": "auto"})


def test_a_wrong_answer_is_asked_again(tmp_path: Path) -> None:
    """With what can be answered; the beginning of a word is enough."""
    repo = repository(tmp_path)
    answers = [
        ("[fails]: ", "broken\n"),
        ("choose one of fails, slow, memory, hangs, flaky", ""),
        ("[fails]: ", "fl\n"),
        ("[auto]: ", "v9\n"),
        ("v9", ""),
        ("[auto]: ", "\n"),
    ]
    code, screen = typed(NO_TRY, repo, answers)
    assert code == 0, screen
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert (hunt.premise.runs, hunt.good) == (10, ("auto",))


def test_an_unknown_project_is_asked_for_its_test(tmp_path: Path) -> None:
    """Without a proposal, an empty line is no answer."""
    write_history(tmp_path / "r", chain(3))
    answers = [
        ("[fails]: ", "\n"),
        (f"{COMMAND}: ", "\n"),
        (f"{COMMAND}: ", "test -f c1\n"),
        ("[auto]: ", "\n"),
    ]
    code, screen = typed(NO_TRY, tmp_path / "r", answers)
    assert code == 0, screen
    assert hunt_file.load(tmp_path / "r/hunt.yaml").test.command == "test -f c1"


def test_an_interrupted_question_writes_nothing(tmp_path: Path) -> None:
    """Ctrl-D ends the command."""
    repo = repository(tmp_path)
    code, screen = typed(NO_TRY, repo, [("[fails]: ", "\x04")])
    assert code == 130, screen
    assert git(repo, "status", "--porcelain") == ""
