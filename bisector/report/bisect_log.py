"""A hunt in the format of `git bisect log`, for `git bisect replay`."""

from __future__ import annotations

from collections.abc import Iterator, Set

from bisector.hunt.conclusion import AnyOf, FirstBad, Steps
from bisector.hunt.record import HuntRecord, Reading, Role
from bisector.report import findings
from bisector.report.findings import Side
from bisector.report.safe_text import visible

_COMMAND = {Side.GOOD: "good", Side.BAD: "bad", Side.UNTESTABLE: "skip"}


def git_bisect_log(record: HuntRecord) -> str:
    """The hunt's readings as git bisect commands, one per commit, in the order of first readings.

    Measurements are good or bad by their side of the step. Readings that git would reject (an undecided
    commit, a reading that contradicts the conclusion, a second bad commit that is not an ancestor of the
    first, a bad merge base) are omitted with a comment. git bisect knows one step: for every step, the
    log has the first commit that made it worse, and that commit's parents.
    """
    return "\n".join(_lines(record)) + "\n"


def _lines(record: HuntRecord) -> Iterator[str]:
    yield f"# {record.terms.new}: {_named(record, record.bad.id)}"
    for good in record.good:
        yield f"# {record.terms.old}: {_named(record, good.id)}"
    if isinstance(record.conclusion, Steps):
        yield from _of_steps(record, record.conclusion)
        return
    yield _start(record)
    yield from _commands(record)
    yield from _ending(record)


def _start(record: HuntRecord) -> str:
    # Replay reads only quoted words after `start`.
    options = "'--first-parent' " if record.first_parent else ""
    if (record.terms.old, record.terms.new) != ("good", "bad"):
        options += f"'--term-new={record.terms.new}' '--term-old={record.terms.old}' "
    return f"git bisect start {options}" + " ".join(f"'{c.id}'" for c in (record.bad, *record.good))


def _of_steps(record: HuntRecord, found: Steps) -> Iterator[str]:
    """The first confirmed step for the worse between its parents; only a comment if there is none."""
    yield f"# {visible(findings.headline(record))}"
    worse = [step.commits[0] for step in found.steps if step.confirmed and not step.better]
    if not worse:
        yield "# git bisect looks for one commit that made it worse, and none is confirmed: nothing to replay"
        return
    (first, *more), words = worse, record.terms.words
    if len(found.steps) > 1 or more:
        yield f"# git bisect knows one step: this is {first[:12]}; `bisector report` has them all"
    yield _start(record)
    ends = {record.bad.id, *(one.id for one in record.good)}
    info = findings.commit_info(record, first)
    for word, commits in ((words["good"], info.parents if info else ()), (words["bad"], (first,))):
        for commit in commits:
            if commit not in ends:
                yield f"# {word}: {_named(record, commit)}"
                yield f"git bisect {word} {commit}"
    yield f"# first {record.terms.new} commit: {_named(record, first)}"


def _commands(record: HuntRecord) -> Iterator[str]:
    ancestry = _Ancestry(record)
    newest_bad = record.bad.id
    for commit, readings in _by_commit(record).items():
        side = findings.side(record, readings)
        problem = ancestry.problem(commit, side, newest_bad)
        if readings[0].role is Role.MERGE_BASE and side is Side.BAD:
            problem = "a merge base, where git bisect would stop"
        if problem:
            yield f"# omitted: {_named(record, commit)} ({findings.word(side, record.terms)}: {problem})"
            continue
        if side is Side.BAD:
            newest_bad = commit
        word = record.terms.words.get(_COMMAND[side], _COMMAND[side])
        yield f"# {word}: {_named(record, commit)}"
        yield f"git bisect {word} {commit}"


def _by_commit(record: HuntRecord) -> dict[str, list[Reading]]:
    endpoints = {record.bad.id, *(c.id for c in record.good)}
    grouped: dict[str, list[Reading]] = {}
    for reading in record.readings:
        if reading.commit not in endpoints:
            grouped.setdefault(reading.commit, []).append(reading)
    return grouped


class _Ancestry:
    """Ancestry between candidates and a few commits (endpoints, suspects)."""

    def __init__(self, record: HuntRecord) -> None:
        self._record = record
        self._suspects = frozenset(findings.suspects(record))
        if not isinstance(record.conclusion, FirstBad | AnyOf):
            self._suspects = frozenset()

    def problem(self, commit: str, side: Side, newest_bad: str) -> str:
        """Why git would reject this mark; empty if it would not."""
        if side is Side.UNDECIDED:
            return "its readings are undecided"
        if side is Side.UNTESTABLE:
            return ""
        above = self._suspects & self._ancestors(commit)
        if self._suspects and not (above if side is Side.BAD else self._suspects - above):
            return "contradicts the conclusion"
        if side is Side.BAD and commit not in self._ancestors(newest_bad):
            return f"not an ancestor of {newest_bad[:12]}, which is already {self._record.terms.new}"
        return ""

    def _ancestors(self, commit: str) -> Set[str]:
        """The commit and those of its ancestors that are in the record."""
        seen: set[str] = set()
        waiting = [commit]
        while waiting:
            current = waiting.pop()
            if current not in seen and current in self._record.commits:
                seen.add(current)
                waiting += self._record.commits[current].parents
        return seen


def _ending(record: HuntRecord) -> Iterator[str]:
    match record.conclusion:
        case FirstBad(commit=commit):
            yield f"# first {record.terms.new} commit: {_named(record, commit)}"
        case AnyOf(commits=commits):
            yield "# only skipped commits left to test"
            yield from (f"# possible first {record.terms.new} commit: {_named(record, c)}" for c in commits)
        case None:
            pass
        case conclusion:
            yield f"# {conclusion.name}: {visible(findings.reason(record))}"


def _named(record: HuntRecord, commit: str) -> str:
    info = findings.commit_info(record, commit)
    return f"[{commit}] {visible(info.subject) if info else ''}".rstrip()
