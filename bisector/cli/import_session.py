"""`bisector import`: starts a hunt from a `git bisect` session."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from bisector.cli.objects import print_object
from bisector.cli.options import Chosen
from bisector.cli.probe import repository_here, with_range_of
from bisector.cli.typed import option_words
from bisector.errors import HistoryError
from bisector.history.bisect_session import BisectSession, Mark, bisect_session
from bisector.history.repository import Repository
from bisector.hunt.imported import Imported, import_marks
from bisector.hunt.session import Session
from bisector.hunt_file import AUTO
from bisector.report.findings import counted
from bisector.terms import Terms

_KINDS = {Mark.GOOD: "good", Mark.BAD: "bad"}


def import_session(chosen: Chosen, *, as_json: bool, restart: bool) -> None:
    """Import the session's verdicts into the hunt's journal, and print the command to continue."""
    repository = _repository_of(chosen)
    session = bisect_session(repository)
    if session is None:
        raise HistoryError(
            f"there is no git bisect session in {repository.path}; name its checkout with --repo"
        )
    added = _added(chosen, session, repository)
    ground = Chosen(chosen.config, {**chosen.values, **added}).ground()
    imported = import_marks(Session(ground, ground.hunt.before), session.marks, restart=restart)
    command = _next_command(sys.argv[1:], added)
    if as_json:
        print_object("import", {**_counts(imported, ground.hunt.kinds), "next": command})
        return
    print(_report(imported, ground.hunt.kinds))
    print(f"continue with:\n  {command}")
    print("the git bisect session is unchanged; end it with `git bisect reset`")


def _repository_of(chosen: Chosen) -> Repository:
    """The repository of this folder if it is a checkout of the hunt's; else the hunt's own."""
    if "repository" in chosen.values or chosen.config is None:
        return Repository(Path(str(chosen.values.get("repository", "."))))
    named = chosen.ground().repository
    here = repository_here(chosen)
    return here if here and here.git_folder == named.git_folder else named


def _added(chosen: Chosen, session: BisectSession, repository: Repository) -> dict[str, object]:
    """Options to add to the user's own, so that the range stays the same when HEAD moves."""
    whole = with_range_of(session, chosen)
    hunt = whole.ground().hunt
    added = {key: value for key, value in whole.values.items() if key not in chosen.values}
    older, newer = ("bad", "good") if hunt.kinds.better else ("good", "bad")
    ends = hunt.with_commits(
        list(session.good)
        if hunt.before == (AUTO,)
        else [repository.resolve(session.lasting(revision)) for revision in hunt.before],
        session.bad,
    )
    if hunt.before == (AUTO,) or any(map(session.moves, hunt.before)):
        added[older] = ends[older]
    if session.moves(hunt.after):
        added[newer] = ends[newer]
    return added


def _next_command(arguments: Sequence[str], added: Mapping[str, object]) -> str:
    """The command that runs the hunt, with the user's own options."""
    words = list(arguments)
    words[words.index("import")] = "run"
    given = [word for word in words if word not in ("--json", "--restart")]
    return shlex.join(["bisector", *given, *(word for one in added.items() for word in option_words(*one))])


def _word(mark: Mark, terms: Terms) -> str:
    return terms.words[_KINDS[mark]] if mark in _KINDS else "skipped"


def _report(imported: Imported, terms: Terms) -> str:
    kinds = Counter(imported.taken.values())
    which = ", ".join(f"{kinds[mark]} {_word(mark, terms)}" for mark in Mark if kinds[mark])
    taken = f"imported from git bisect: {which}" if which else "nothing new to import from git bisect"
    beside = {"already known": imported.known, "endpoints or outside the range": imported.outside}
    rest = "".join(f"; {count} {what}" for what, count in beside.items() if count)
    left = f"{imported.candidates_left} of {counted(imported.candidates, 'candidate')} left"
    return f"{taken}{rest}\n{left}"


def _counts(imported: Imported, terms: Terms) -> dict[str, object]:
    return {
        "taken": {commit: _word(mark, terms) for commit, mark in imported.taken.items()},
        "known": imported.known,
        "outside": imported.outside,
        "candidates": imported.candidates,
        "candidates_left": imported.candidates_left,
    }
