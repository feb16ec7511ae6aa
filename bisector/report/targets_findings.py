"""The facts about a hunt of several targets that all its reports share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bisector.hunt.conclusion import AnyOf, FirstBad, NoRegression
from bisector.hunt.targets.record import Answer, TargetRecord, TargetsRecord
from bisector.probe.reading import Reading
from bisector.report.findings import Side, counted, duration, side_by

_NOUNS = {"": "script", "tests": "test", "benchmark": "benchmark"}
"""What the targets of a predicate are called."""


def headline(record: TargetsRecord) -> str:
    """All answers in one line: `12 tests since 4f9e21a0 (subject), 3 since 9c1f88b2, 2 no regression`."""
    if not record.targets:
        return record.why_none
    parts = [part for answer in record.answers for part in _parts(record, answer)]
    number, _, rest = parts[0].partition(" ")
    return ", ".join([f"{counted(int(number), noun(record))} {rest}", *parts[1:]])


def noun(record: TargetsRecord) -> str:
    """What one target is called."""
    return _NOUNS.get(record.predicate, "target")


def _parts(record: TargetsRecord, answer: Answer) -> Iterator[str]:
    """The number of targets with this answer, the flaky ones apart, each with what was found."""
    where = found(record, answer)
    flaky = [one for one in answer.targets if one.is_flaky]
    if steady := len(answer.targets) - len(flaky):
        yield f"{steady} {where}"
    if flaky:
        yield f"{len(flaky)} flaky {where}"


def found(record: TargetsRecord, answer: Answer) -> str:
    """What was found, after the number of targets: `since 4f9e21a0 (subject)`."""
    conclusion = answer.conclusion
    match conclusion:
        case FirstBad(commit):
            info = record.commits.get(commit)
            subject = f" ({info.subject})" if info else ""
            return f"since {commit[:12]}{subject}" + ("" if conclusion.confirmed else ", not confirmed")
        case AnyOf(commits):
            return f"since one of {len(commits)} commits that cannot be tested"
        case NoRegression():
            return "no regression"
        case None:
            return "not finished"
    return f"without an answer ({conclusion.name})"


def possible(record: TargetsRecord, answer: Answer) -> list[str]:
    """The commits of a set that may be the first bad one, with their subjects; empty for any other answer."""
    commits = answer.conclusion.commits if isinstance(answer.conclusion, AnyOf) else ()
    infos = [(commit, record.commits.get(commit)) for commit in commits]
    return [f"{commit[:12]} {info.subject}" if info else commit[:12] for commit, info in infos]


def label(one: TargetRecord) -> str:
    """The target's name, with what is special about it: `tcl (1.52x)`, `test_a (flaky)`."""
    conclusion = one.conclusion
    effect = conclusion.effect if isinstance(conclusion, FirstBad) else None
    special = "flaky" if one.is_flaky else f"{effect.ratio:.2f}x" if effect else ""
    return f"{one.target} ({special})" if special else one.target


def why_open(one: TargetRecord) -> str:
    """Why a target has no confirmed answer, as one clause."""
    return getattr(one.conclusion, "why", "") or (
        "its hunt goes on" if one.conclusion is None else "only untestable commits are left"
    )


def costs(record: TargetsRecord) -> str:
    """Probes, builds (if there were any) and runs of the whole hunt, and their time."""
    parts = [counted(record.probes, "probe"), counted(record.runs, "run")]
    if record.builds:
        parts.insert(1, counted(record.builds, "build"))
    return f"{', '.join(parts)} for {counted(len(record.targets), 'target')}, {duration(record.seconds)}"


def culprits(record: TargetsRecord) -> list[Answer]:
    """The answers that name one confirmed first bad commit."""
    return [one for one in record.answers if one.first_bad is not None and one.is_settled]


def read_commits(record: TargetsRecord) -> list[str]:
    """The commits that were read for some target, oldest first: good, then candidates, with bad last."""
    read = {reading.commit for one in record.targets for reading in one.readings}
    inside = [commit for commit in record.candidates if commit in read]
    return [*sorted(read.difference(inside)), *inside]


def side_of(one: TargetRecord, commit: str) -> tuple[Side, Sequence[Reading]] | None:
    """The side of a commit for a target, and its readings; None if it was not read for that target."""
    readings = [reading for reading in one.readings if reading.commit == commit]
    return (side_by(readings, 1.0, None), readings) if readings else None
