"""What `bisector init` says about the file that it wrote, and about its trial."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bisector import hunt_file
from bisector.cli.objects import print_object
from bisector.errors import ExitCode
from bisector.history.repository import Repository
from bisector.hunt.secrets import secrets_of, without
from bisector.hunt_file.proposal_symptoms import FLAKY
from bisector.hunt_file.proposal_text import Draft
from bisector.phases.proposing.endpoints import Endpoint
from bisector.phases.proposing.run import Tried
from bisector.probe.reading import Reading
from bisector.report.findings import counted, duration
from bisector.report.log_tail import log_tail
from bisector.report.safe_text import visible
from bisector.units import format_size

_TAIL = 10


def tell_written(console: Console, repository: Repository, output: Path, draft: Draft) -> None:
    """Say which file was written, and for what."""
    inside = repository.work_tree is not None and output.resolve().is_relative_to(repository.work_tree)
    where = " (in your work tree, untracked)" if inside else ""
    title = f"wrote {output} for {draft.detected.best.system}{where}"
    console.print(Text(visible(title), style="bold"), soft_wrap=True)
    for other in draft.detected.others:
        console.print(Text(f"also found: {visible(other)}", style="dim"), soft_wrap=True)
    for entry in draft.overlay:
        path = entry.get("to") or entry["copy"]
        whose = "yours" if "to" in entry else "that of HEAD"
        told = f"{path} is not in every commit: all are tested with {whose}"
        console.print(Text(visible(told), style="cyan"), soft_wrap=True)


def answer(console: Console, output: Path, draft: Draft, tried: Tried | None, *, as_json: bool) -> int:
    """Print what the trial saw and what to do next; returns the exit code."""
    works = tried is None or tried.works
    advice = _advice(tried, output)
    if as_json:
        document: dict[str, Any] = {
            "hunt_file": str(output),
            "system": draft.detected.best.system,
            "for": draft.symptom,
            "works": works,
            "begins": tried.begins if tried else None,
            "trial": _seen(tried.bad) if tried else None,
            "good": _seen(tried.good) if tried and tried.good else None,
            "rejected": _seen(tried.rejected) if tried and tried.rejected else None,
            "notes": list(tried.notes) if tried else [],
            "next": advice,
        }
        print_object("init", document)
    else:
        if tried is not None:
            _show(console, tried)
        for line in advice:
            console.print(Text(visible(line), style="" if works else "yellow"), soft_wrap=True)
    return int(ExitCode.FIRST_BAD if works else ExitCode.CHECK_FAILED)


def _seen(end: Endpoint) -> dict[str, Any]:
    """An endpoint as JSON values; times in seconds, memory in bytes."""
    reading = end.telling
    judgement, run = reading.judgement, reading.run
    return {
        "revision": end.name,
        "commit": end.commit,
        "runs": len(end.readings),
        "bad_runs": end.fails,
        "build": reading.build_seconds,
        "wall": run.wall if run else None,
        "user": run.user if run else None,
        "peak_memory": run.peak_memory if run else None,
        "exit": run.exit_code if run else None,
        "judgement": type(judgement).__name__.lower(),
        "why": judgement.why,
    }


def _show(console: Console, tried: Tried) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    ends = [end for end in (tried.good or tried.rejected, tried.bad) if end is not None]
    for _ in ends:
        table.add_column(overflow="fold")
    table.add_row("", *(Text(f"{visible(end.name)}  {end.commit[:12]}", style="bold") for end in ends))
    rows = zip(*(_rows(end) for end in ends), strict=True)
    for row in rows:
        if any(value for _, value in row):
            table.add_row(row[0][0], *(Text(visible(value)) for _, value in row))
    console.print(table)
    secrets = secrets_of(tried.draft.passing, os.environ)
    for end in ends:
        reading = end.telling
        if reading.log and (not end.works or end.fails):
            _show_output(console, end, reading, secrets)
    for note in tried.notes:
        console.print(Text(f"- {visible(without(secrets, note))}"), soft_wrap=True)


def _rows(end: Endpoint) -> list[tuple[str, str]]:
    reading = end.telling
    run, judgement = reading.run, reading.judgement
    test = memory = ""
    if run is not None:
        ended = run.ending.value if run.ending else ""
        code = f" {run.exit_code}" if run.exit_code is not None else ""
        test = f"{duration(run.wall)}, {duration(run.user)} user time; {ended}{code}"
        memory = f"peak {format_size(run.peak_memory)}" if run.peak_memory else ""
    often = f" ({end.fails} of {counted(len(end.readings), 'run')} bad)" if len(end.readings) > 1 else ""
    return [
        ("build", duration(reading.build_seconds) if run else "failed"),
        ("test", test),
        ("memory", memory),
        ("judged", f"{type(judgement).__name__.lower()}: {judgement.why}{often}"),
    ]


def _show_output(console: Console, end: Endpoint, reading: Reading, secrets: tuple[str, ...]) -> None:
    """The last lines that a build or a test printed, and where the rest is."""
    assert reading.log is not None
    lines = [visible(without(secrets, line)) for line in log_tail(reading.log, _TAIL)]
    if lines:
        console.print(Text(f"{visible(end.name)} printed:", style="dim"), soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(("  │ ", "dim"), line), soft_wrap=True)
    console.print(Text(f"  log: {visible(shlex.quote(str(reading.log)))}", style="dim"), soft_wrap=True)


def _advice(tried: Tried | None, output: Path) -> list[str]:
    """What the trial means, and the command that leads on."""
    is_usual = hunt_file.usual(Path.cwd()) == output.resolve()
    config = "" if is_usual else f" --config {shlex.quote(str(output))}"
    if tried is None:
        return [f"next: bisector check{config}"]
    for end in (tried.bad, *([tried.good] if tried.good else [])):
        if not end.works:
            reading = end.telling
            of_setup = reading.judgement.why.startswith("the setup ")
            what = "test" if reading.run else "setup" if of_setup else "build"
            place = output if end is tried.bad else f"{output}, or name another `good`"
            again = f"bisector check{config}"
            return [f"{end.name} cannot be judged yet: fix `{what}` in {place}, then run {again}"]
    if not tried.begins:
        return [_why_not(tried, output)]
    return [_begins(tried), f"next: bisector run{config}"]


def _begins(tried: Tried) -> str:
    paired = tried.bad.telling.reference is not None
    if tried.good is not None and not tried.differ:
        if tried.good.fails:
            return (
                f"HEAD and {tried.good.name} both fail; the hunt begins with whether HEAD fails more often."
            )
        return f"HEAD and {tried.good.name} can be measured; the hunt begins with whether they differ."
    if tried.good is not None:
        return f"HEAD and {tried.good.name} differ: the hunt can begin."
    shows = "HEAD can be measured" if paired else "HEAD shows the problem"
    return f"{shows}; the hunt begins with the search for a good commit."


def _why_not(tried: Tried, output: Path) -> str:
    if tried.bad.fails and tried.good is not None:
        return f"HEAD and {tried.good.name} do not differ: name another `good` in {output}"
    if tried.bad.telling.reference is not None:
        return (
            f"no step is seen at HEAD, so a hunt would find nothing yet: change `test` or `good` in {output}"
        )
    again = "with another --for" if tried.draft.symptom != FLAKY else "or a test that fails more often"
    times = f" in {counted(len(tried.bad.readings), 'run')}" if len(tried.bad.readings) > 1 else ""
    return (
        f"HEAD is good{times}, so a hunt would find nothing: change `test` so that it shows the problem, set "
        f"`bad`, or create the file again {again}"
    )
