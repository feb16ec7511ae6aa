"""`bisector probe`: judges one commit, with the exit codes of `git bisect run`."""

from __future__ import annotations

from pathlib import Path

from bisector.cli.objects import print_object
from bisector.cli.options import Chosen
from bisector.cli.ready import ready
from bisector.errors import HistoryError, UsageError
from bisector.history.bisect_session import BisectSession, bisect_session
from bisector.history.repository import Repository
from bisector.hunt.ground import Ground
from bisector.hunt.single import Judged, Single
from bisector.predicate import Bad, Good
from bisector.report.safe_text import visible
from bisector.terms import Terms, looks_for_a_fix

_EXIT_CODES = {Good: 0, Bad: 1}
_UNTESTABLE = 125


def probe_commit(chosen: Chosen, commit: str | None, *, again: bool, as_json: bool, verbose: bool) -> int:
    """Judge `commit` in a slot (default: this folder's checkout in place); returns git's exit code."""
    here = repository_here(chosen)
    session = bisect_session(here) if here else None
    in_place = commit is None and not (session and session.without_checkout)
    ground = ready(with_range_of(session, chosen).ground(in_place=in_place))
    place, identity = _asked(ground, here, session, commit)
    single = Single(ground, session)
    judged = single.known(identity, again=again)
    if judged is None:
        from bisector.cli.probing import read_commit

        judged = read_commit(single, identity, place, again=again, verbose=verbose)
    terms = ground.hunt.kinds
    if as_json:
        print_object("probe", _summary(judged, terms))
    else:
        print(_sentence(judged, terms))
    return _EXIT_CODES.get(type(judged.judgement), _UNTESTABLE)


def repository_here(chosen: Chosen) -> Repository | None:
    """The repository of this folder, or the one named by --repo; None if there is none."""
    try:
        return Repository(Path(str(chosen.values.get("repository", "."))))
    except HistoryError:
        return None


def with_range_of(session: BisectSession | None, chosen: Chosen) -> Chosen:
    """The chosen hunt; without a hunt file, the session supplies missing parts of the range."""
    if session is None or chosen.config is not None:
        return chosen
    said: dict[str, object] = {"good": list(session.good), "bad": session.bad}
    if looks_for_a_fix(*session.terms) or chosen.values.get("find") == "fix":
        said = {"find": "fix", "good": [session.bad], "bad": session.good[0]}
    if session.terms != ("good", "bad"):
        said |= {"terms.old": session.terms[0], "terms.new": session.terms[1]}
    if session.first_parent:
        said["first_parent"] = True
    if session.paths:
        said["paths"] = list(session.paths)
    return Chosen(None, {**said, **chosen.values})


def _asked(
    ground: Ground, here: Repository | None, session: BisectSession | None, commit: str | None
) -> tuple[Repository | None, str]:
    """The checkout to probe in place (None for a slot), and the commit."""
    if commit is not None:
        return None, ground.repository.resolve(commit)
    if here is None or here.git_folder != ground.repository.git_folder:
        raise UsageError(
            f"this folder is not a checkout of the hunt's repository {ground.repository.path}; "
            "change to it, name a checkout with --repo, or name the commit to probe"
        )
    if session is not None and session.without_checkout:
        return None, session.without_checkout
    return here, here.resolve("HEAD")


def _word(judged: Judged, terms: Terms) -> str:
    return terms.words.get(type(judged.judgement).__name__.lower(), "untestable")


def _sentence(judged: Judged, terms: Terms) -> str:
    word = _word(judged, terms)
    known = " (from the journal)" if judged.readings and not judged.taken else ""
    return f"{judged.commit[:12]} is {word}: {visible(judged.judgement.why)}{known}"


def _summary(judged: Judged, terms: Terms) -> dict[str, object]:
    return {
        "commit": judged.commit,
        "verdict": _word(judged, terms),
        "why": judged.judgement.why,
        "readings": len(judged.readings),
        "taken": judged.taken,
    }
