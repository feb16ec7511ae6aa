"""`bisector explain`: explains why each commit was tested."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bisector.cli.looking import looked_at
from bisector.cli.options import Chosen
from bisector.cli.publish import STDOUT, console_for, publish
from bisector.hunt.conclusion import name_of
from bisector.hunt.explanation import Step, Why, steps
from bisector.hunt.plan import Plan
from bisector.hunt.record import HuntRecord
from bisector.phases.result import Block, Bullets, Paragraph, Result
from bisector.report import findings, why
from bisector.report.atomic_write import atomic_write
from bisector.report.findings import Side, commit_info, headline
from bisector.report.safe_text import visible

_STAGES = {
    Why.PREMISE: "The premise: do the endpoints differ?",
    Why.MERGE_BASE: "The merge base of the endpoints",
    Why.CONFIRMATION: "The confirmation: the suspected commit and its parents",
}
_SEARCH = "The search: which test is most informative?"
_STYLES = {Side.GOOD: "green", Side.BAD: "red", Side.UNTESTABLE: "yellow", Side.UNDECIDED: "bold"}


def explain_hunt(chosen: Chosen, *, as_json: bool, md: Path | None) -> int:
    """Explain a hunt's steps without running anything; returns 0."""
    session, record = looked_at(chosen)
    result = explanation(record, session.plan, session.key)
    console = console_for(as_json=as_json, md=md)
    if as_json or md == STDOUT:
        return publish(result, console, as_json=as_json, md=md)
    if md is not None:
        atomic_write(md, f"{result.markdown}\n".encode())
    _show(console, record, session.plan)
    return result.exit_code


def _show(console: Console, record: HuntRecord, plan: Plan) -> None:
    """Print the steps: each commit on its own line, with the explanation below."""

    def say(text: str, indent: int = 0, style: str = "") -> None:
        if console.is_terminal:
            console.print(Padding(Text(visible(text), style), (0, 0, 0, indent)))
        else:
            console.print(Text(f"{' ' * indent}{visible(text)}"), soft_wrap=True)

    say(why.opening(record, plan))
    for stage, group in _stages(list(steps(plan, record.known))):
        console.print()
        say(stage, style="bold")
        for step in group:
            say(_named(record, step.commit), 2, _STYLES[findings.side(record, step.readings)])
            say(why.of_step(record, step), 6)
    console.print()
    say(why.ending(record), style="bold")


def explanation(record: HuntRecord, plan: Plan, key: str) -> Result:
    """The steps of a hunt as blocks and as JSON values."""
    taken = list(steps(plan, record.known))
    return Result(
        phase="explain",
        key=key,
        hunt=record.name,
        title=f"{record.name}: {headline(record)}",
        blocks=tuple(_blocks(record, plan, taken)),
        data={
            "candidates": len(plan.every_candidate),
            "distinct": len(plan.candidates),
            "conclusion": name_of(record.conclusion, fix=record.terms.better) if record.conclusion else None,
            "steps": [_document(record, step) for step in taken],
        },
    )


def _blocks(record: HuntRecord, plan: Plan, taken: Sequence[Step]) -> Iterator[Block]:
    yield Paragraph(why.opening(record, plan))
    for stage, group in _stages(taken):
        yield Paragraph(stage, strong=True)
        yield Bullets(tuple(f"{_named(record, step.commit)}: {why.of_step(record, step)}" for step in group))
    yield Paragraph(why.ending(record), strong=True)


def _stages(taken: Sequence[Step]) -> Iterator[tuple[str, Iterator[Step]]]:
    yield from itertools.groupby(taken, lambda step: _STAGES.get(step.why, _SEARCH))


def _named(record: HuntRecord, commit: str) -> str:
    info = commit_info(record, commit)
    return f"{info.short} {info.subject}" if info else commit[:12]


def _document(record: HuntRecord, step: Step) -> dict[str, Any]:
    return {
        "commit": step.commit,
        "for": step.why.value,
        "readings": len(step.readings),
        "judgement": type(step.readings[-1].judgement).__name__.lower(),
        "prospect": asdict(step.prospect) if step.prospect else None,
        "before": asdict(step.before) if step.before else None,
        "after": asdict(step.after) if step.after else None,
        "words": why.of_step(record, step),
    }
