"""The Markdown report of a hunt of several targets, and its entries in the progress log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from bisector.hunt.targets.record import Answer, TargetsRecord
from bisector.report import targets_findings
from bisector.report.findings import Side, counted
from bisector.report.progress_log import Entry
from bisector.report.safe_text import markdown

_MARKS = {Side.GOOD: "✓", Side.BAD: "✗", Side.UNTESTABLE: "?", Side.UNDECIDED: "~"}
_MOST_COLUMNS = 20


def targets_report(record: TargetsRecord) -> str:
    """The hunt in GitHub-flavoured Markdown: answers, what is open, and a table of targets and commits."""
    return "\n\n".join(_sections(record)) + "\n"


def targets_chat(record: TargetsRecord, report: Path | None = None) -> str:
    """The answers in one paragraph of Markdown, with the path of the full report if any."""
    parts = [f"**{markdown(record.name)}: {markdown(targets_findings.headline(record))}.**"]
    if record.open:
        parts.append(f"Without a confirmed answer: {_listed([one.target for one in record.open])}.")
    figures = _figures(record)
    parts.append(f"{figures[:1].upper()}{figures[1:]}.")
    return " ".join([*parts, f"Report: {markdown(str(report))}"] if report else parts)


def entries_for(record: TargetsRecord, report: Path | None, today: date) -> list[Entry]:
    """One entry of the progress log for each confirmed first bad commit."""
    return [_entry(record, one, report, today) for one in targets_findings.culprits(record)]


def _sections(record: TargetsRecord) -> Iterator[str]:
    yield f"## {markdown(record.name)}: {markdown(targets_findings.headline(record))}"
    for answer in record.answers:
        yield f"### {markdown(_title(record, answer))}"
        yield "\n".join(f"- {markdown(targets_findings.label(one))}" for one in answer.targets)
        if possible := targets_findings.possible(record, answer):
            yield "One of these commits:\n\n" + "\n".join(f"- {markdown(one)}" for one in possible)
    if record.open:
        reasons = (f"- `{one.target}`: {markdown(targets_findings.why_open(one))}" for one in record.open)
        yield "Without a confirmed answer:\n\n" + "\n".join(reasons)
    for kind, names in record.others.items():
        yield f"{len(names)} {kind}" + (f": {_listed(names)}" if len(names) <= _MOST_COLUMNS else "")
    yield _figures(record)
    if table := _table(record):
        yield f"<details><summary>Targets and commits</summary>\n\n{table}\n\n</details>"


def _title(record: TargetsRecord, answer: Answer) -> str:
    return f"{counted(len(answer.targets), 'target')} {targets_findings.found(record, answer)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(markdown(name) for name in names)


def _figures(record: TargetsRecord) -> str:
    ends = f"good `{record.good.short}`, bad `{record.bad.short}`"
    return f"{targets_findings.costs(record)} of builds and tests; {ends}"


def _table(record: TargetsRecord) -> str:
    """Targets by commits, if that many columns can be read."""
    commits = targets_findings.read_commits(record)
    if not record.targets or len(commits) > _MOST_COLUMNS:
        return ""
    guilty = {one.first_bad for one in targets_findings.culprits(record)}
    heads = [f"**`{one[:7]}`**" if one in guilty else f"`{one[:7]}`" for one in commits]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(commits)}"]
    for target in record.targets:
        sides = [targets_findings.side_of(target, commit) for commit in commits]
        cells = [_MARKS[side[0]] if side else "" for side in sides]
        lines.append(f"| {markdown(target.target)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _entry(record: TargetsRecord, answer: Answer, report: Path | None, today: date) -> Entry:
    names = [one.target for one in answer.targets]
    parts = [record.name, record.bad.id, record.good.id, str(answer.first_bad), *sorted(names)]
    key = f"targets {hashlib.sha256(chr(0).join(parts).encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
    title = f"{today.isoformat()} — {markdown(record.name)}: {markdown(_title(record, answer))}"
    facts = (f"**Targets:** {_listed(names)}", f"**Cost of all targets:** {_figures(record)}")
    return Entry(key, title, facts, report)
