"""Reports in Markdown: a full one for an issue, and a paragraph for a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bisector.hunt.conclusion import AnyOf, FirstBad
from bisector.hunt.record import CommitInfo, HuntRecord
from bisector.report import bounds, descent_words, failed_builds_words, findings, probe_table
from bisector.report.probe_table import Row
from bisector.report.safe_text import markdown, visible_lines
from bisector.report.saved import ahead, saved
from bisector.terms import Terms


def issue_report(record: HuntRecord) -> str:
    """The hunt in GitHub-flavoured Markdown: the answer, its figures, all readings, how to run it again."""
    return "\n\n".join(_sections(record)) + "\n"


def chat_report(record: HuntRecord, report: Path | None = None) -> str:
    """The answer in one paragraph of Markdown, with the path of the full report if any."""
    figures = "; ".join(f"{label} {text}" for label, text in _figures(record))
    parts = [f"**{markdown(record.name)}: {findings.headline(record)}.**"]
    if isinstance(record.conclusion, FirstBad):
        info = findings.commit_info(record, record.conclusion.commit)
        parts += [_subject(info) + "."] if info else []
    elif isinstance(record.conclusion, AnyOf):
        parts.append(", ".join(f"`{c[:12]}`" for c in record.conclusion.commits) + ".")
    parts += [f"{markdown(descent_words.in_one_line(level))}." for level in record.descent]
    parts += [markdown(findings.reason(record)), figures[:1].upper() + figures[1:] + "."]
    if report:
        parts.append(f"Report: {markdown(str(report))}")
    return " ".join(parts)


def _sections(record: HuntRecord) -> Iterator[str]:
    yield f"## {markdown(record.name)}: {findings.headline(record)}"
    yield from _answer(record)
    yield markdown(findings.reason(record))
    if record.descent:
        steps = enumerate(map(descent_words.in_one_line, record.descent))
        yield "\n".join(f"{'  ' * depth}- {markdown(line)}" for depth, line in steps)
    yield from _own_words(record)
    for group in failed_builds_words.shown(record):
        points = "\n".join(f"- {markdown(line)}" for line in failed_builds_words.details(group))
        yield f"{markdown(failed_builds_words.title(group))}\n\n{points}"
    yield _table(("", ""), [(label.capitalize(), text) for label, text in _figures(record)])
    if record.readings:
        shown = (_row(row, record.terms) for row in probe_table.rows(record))
        table = _table(("#", "commit", "for", "verdict", "value", "times", "why"), list(shown))
        label = findings.counted(len(record.readings), "reading")
        yield f"<details><summary>{label}</summary>\n\n{table}\n\n</details>"
    if record.machine:
        yield "Machine: " + ", ".join(f"{markdown(k)} {markdown(v)}" for k, v in record.machine.items())
    if record.reproduce:
        yield f"To run this hunt again:\n\n{fenced(record.reproduce)}"


def _own_words(record: HuntRecord) -> Iterator[str]:
    """What the endpoints and untestable commits printed, and what to do about it."""
    for one in record.excerpts:
        end = record.terms.words.get(one.end, one.end)
        title = " ".join(filter(None, (end, f"`{one.commit[:12]}`: {markdown(one.why)}")))
        yield f"{title}\n\n{fenced(chr(10).join(one.lines), 'text')}" if one.lines else title
    for advice in record.advice:
        language, how = ("sh", advice.command) if advice.command else ("yaml", advice.written)
        yield f"{markdown(advice.why)}\n\n{fenced(how, language)}" if how else markdown(advice.why)


def _answer(record: HuntRecord) -> Iterator[str]:
    known = [(c, findings.commit_info(record, c)) for c in findings.suspects(record)]
    lines = [f"- `{commit[:12]}` {_subject(info) if info else ''}".rstrip() for commit, info in known]
    if lines:
        yield "\n".join(lines)


def _subject(info: CommitInfo) -> str:
    return f"{markdown(info.subject)} ({markdown(info.author)}, {info.date.date().isoformat()})"


def _figures(record: HuntRecord) -> list[tuple[str, str]]:
    effect, certainty = findings.effect(record), findings.certainty(record)
    length = findings.seconds(record)
    good = ", ".join(f"`{c.short}`" for c in record.good)
    figures = [("range", f"{record.terms.old} {good}, {record.terms.new} `{record.bad.short}`")]
    if effect:
        figures.append(("ratio", f"{effect}, {findings.counted(effect.pairs, 'pair')} of runs"))
    elif bound := bounds.bound(record):
        figures.append(("ratio", bound))
    if certainty:
        figures.append(("confidence", certainty))
    candidates = findings.counted(len(record.candidates), "candidate")
    figures.append(("probes", f"{record.probes} of {candidates}, {len(findings.skipped(record))} skipped"))
    if length is not None:
        figures.append(("time", findings.duration(length)))
    early = saved(record)
    if record.ahead:
        figures.append(("ahead", ahead(record)))
    return [*figures, ("saved", str(early))] if early else figures


def _row(row: Row, terms: Terms) -> tuple[str, ...]:
    busy = " (busy machine)" if row.busy else ""
    subject = markdown(row.info.subject) if row.info else ""
    commit = f"`{row.short}` {subject}".rstrip()
    verdict = findings.word(row.side, terms)
    return (str(row.number), commit, row.role, verdict, row.value, row.times + busy, markdown(row.why))


def _table(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def fenced(command: str, language: str = "sh") -> str:
    """A command or output as a Markdown code block, with a fence that it cannot close."""
    text = visible_lines(command)
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
