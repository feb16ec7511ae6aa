"""The questions of `bisector init` on a terminal; an empty line takes the proposal."""

from __future__ import annotations

import typer

from bisector.cli.completion import SYMPTOMS
from bisector.errors import BisectorError
from bisector.history.repository import Repository
from bisector.hunt_file import AUTO
from bisector.hunt_file.proposal_symptoms import FAILS, FLAKY

__all__ = ["FLAKY", "ask_good", "ask_symptom", "ask_test"]


def ask_symptom() -> str:
    """What is wrong; the beginning of a word is enough."""
    return str(typer.prompt(f"What is wrong ({', '.join(SYMPTOMS)})?", default=FAILS, value_proc=_symptom))


def ask_test(proposed: str | None) -> str:
    """The command that shows the problem."""
    question = "Which command shows it?"
    return str(typer.prompt(question, default=proposed, value_proc=_command))


def ask_good(repository: Repository) -> str:
    """A revision without the problem, or `auto`."""

    def revision(answer: str) -> str:
        if answer.strip() == AUTO:
            return AUTO
        try:
            repository.resolve(answer.strip())
        except BisectorError as error:
            raise typer.BadParameter(str(error)) from error
        return answer.strip()

    question = "Which commit or tag does not have it (auto: search for one)?"
    return str(typer.prompt(question, default=AUTO, value_proc=revision))


def _symptom(answer: str) -> str:
    word = answer.strip().lower()
    found = [one for one in SYMPTOMS if word and one.startswith(word)]
    exact = [one for one in found if one == word]
    if len(exact or found) != 1:
        raise typer.BadParameter(f"choose one of {', '.join(SYMPTOMS)}")
    return (exact or found)[0]


def _command(answer: str) -> str:
    if not answer.strip() or not answer.isprintable():
        raise typer.BadParameter("a command on one line, such as ./bench.sh")
    return answer.strip()
