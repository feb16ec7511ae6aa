"""`bisector init`: proposes a hunt file for a repository and tries it at HEAD."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bisector import hunt_file
from bisector.cli.completion import SYMPTOMS
from bisector.cli.publish import STDOUT
from bisector.cli.screen import Screen
from bisector.errors import EnvironmentFault, ExitCode, HistoryError, UsageError
from bisector.history.inputs import tracked_files
from bisector.history.repository import GitFailure, Repository
from bisector.hunt.ground import Ground
from bisector.hunt.trial import try_at
from bisector.hunt_file.proposal import Proposal, propose
from bisector.predicate import Bad, Good, Measured, Untestable
from bisector.probe.reading import Reading
from bisector.report.atomic_write import atomic_write
from bisector.report.findings import duration
from bisector.report.safe_text import visible, visible_lines
from bisector.units import format_size

_TAIL = 10


def propose_hunt(
    folder: Path, output: Path, symptom: str, *, force: bool, no_try: bool, as_json: bool, verbosity: int
) -> int:
    """Write a hunt file and try it; returns 1 if it cannot judge HEAD."""
    if symptom not in SYMPTOMS:
        raise UsageError(f"--for {symptom}: choose one of {', '.join(SYMPTOMS)}")
    if output != STDOUT and output.exists() and not force:
        raise UsageError(
            f"{output} already exists; overwrite it with --force or choose another with --output"
        )
    console = Console(stderr=as_json, highlight=False)
    repository = Repository(folder)
    proposal = _proposal(repository, output, symptom)
    if output == STDOUT:
        sys.stdout.write(proposal.text)
        return 0
    _write(output, proposal.text)
    _tell_written(console, repository, output, proposal)
    if no_try:
        return _answer(console, output, None, proposal, as_json=as_json)
    ground = Ground(hunt_file.load(output), output, os.environ)
    with Screen(console, lambda commit: repository.infos([commit])[commit], verbosity) as screen:
        reading = try_at(ground, "HEAD", screen)
    return _answer(console, output, reading, proposal, as_json=as_json)


def _proposal(repository: Repository, output: Path, symptom: str) -> Proposal:
    head = repository.resolve("HEAD")
    beside = Path.cwd() if output == STDOUT else output.resolve().parent
    proposal = propose(
        sorted(tracked_files(repository, head)),
        partial(repository.text, head),
        name=_name(repository, output),
        repository=os.path.relpath(repository.path, beside),
        tag=_newest_tag(repository),
        symptom=symptom,
        installed=lambda program: shutil.which(program) is not None,
    )
    if proposal is None:
        raise HistoryError(
            f"found no build system or test script at HEAD of {repository.path}; write the hunt file "
            "yourself: `good` and `test` are enough"
        )
    return proposal


def _name(repository: Repository, output: Path) -> str:
    own = output.stem if output != STDOUT and output.stem != "hunt" else repository.path.name
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in own).strip("-._")
    return kept or "hunt"


def _newest_tag(repository: Repository) -> str | None:
    """The newest tag on an ancestor of HEAD."""
    try:
        return repository.git("describe", "--tags", "--abbrev=0", "HEAD^").decode().strip() or None
    except GitFailure:
        return None


def _write(output: Path, text: str) -> None:
    try:
        atomic_write(output, text.encode())
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write {output} ({error.strerror}); choose another --output"
        ) from error


def _tell_written(console: Console, repository: Repository, output: Path, proposal: Proposal) -> None:
    inside = repository.work_tree is not None and output.resolve().is_relative_to(repository.work_tree)
    where = " (in your work tree, untracked)" if inside else ""
    console.print(Text(f"wrote {output} for {proposal.system}{where}", style="bold"), soft_wrap=True)
    for other in proposal.others:
        console.print(Text(f"also found: {visible(other)}", style="dim"), soft_wrap=True)


def _answer(
    console: Console, output: Path, reading: Reading | None, proposal: Proposal, *, as_json: bool
) -> int:
    works = reading is None or not isinstance(reading.judgement, Untestable)
    advice = _advice(reading, output)
    if as_json:
        document: dict[str, Any] = {"hunt_file": str(output), "system": proposal.system, "works": works}
        document |= {"trial": _seen(reading) if reading else None, "next": advice}
        sys.stdout.write(json.dumps(document) + "\n")
    else:
        if reading is not None:
            _show(console, reading)
        for line in advice:
            console.print(Text(line, style="" if works else "yellow"), soft_wrap=True)
    return int(ExitCode.FIRST_BAD if works else ExitCode.CHECK_FAILED)


def _seen(reading: Reading) -> dict[str, Any]:
    """The trial at HEAD as JSON values; times in seconds, memory in bytes."""
    judgement, run = reading.judgement, reading.run
    return {
        "build": reading.build_seconds,
        "wall": run.wall if run else None,
        "user": run.user if run else None,
        "peak_memory": run.peak_memory if run else None,
        "exit": run.exit_code if run else None,
        "judgement": type(judgement).__name__.lower(),
        "why": judgement.why,
    }


def _show(console: Console, reading: Reading) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    run, judgement = reading.run, reading.judgement
    table.add_row("build", f"{duration(reading.build_seconds)}" if run else "failed")
    if run is not None:
        ended = run.ending.value if run.ending else ""
        code = f" {run.exit_code}" if run.exit_code is not None else ""
        table.add_row("test", f"{duration(run.wall)}, {duration(run.user)} user time; {ended}{code}")
        if run.peak_memory:
            table.add_row("memory", f"peak {format_size(run.peak_memory)}")
    table.add_row("judged", Text(visible(f"{type(judgement).__name__.lower()}: {judgement.why}")))
    if reading.log:
        table.add_row("log", Text(str(reading.log), overflow="fold"))
    console.print(table)
    if isinstance(judgement, Untestable) and reading.log:
        console.print(Text(_tail(reading.log), style="dim"), soft_wrap=True)


def _tail(log: Path) -> str:
    """The last lines of a log, indented; empty if there is none."""
    try:
        lines = visible_lines(log.read_text(encoding="utf-8", errors="replace")).splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-_TAIL:])


def _advice(reading: Reading | None, output: Path) -> list[str]:
    config = f"--config {shlex.quote(str(output))}"
    check = f"next: bisector check {config}"
    if reading is None:
        return [check]
    match reading.judgement:
        case Untestable():
            of_setup = reading.judgement.why.startswith("the setup ")
            what = "test" if reading.run else "setup" if of_setup else "build"
            return [f"HEAD cannot be judged yet: fix `{what}` in {output}, then run bisector check {config}"]
        case Good():
            return [
                "HEAD is good, so a hunt would find nothing: change `test` so that it shows the problem, set "
                "`bad`, or create the file again with --for time or --for memory",
            ]
        case Bad():
            return ["HEAD shows the problem; check that `good` does not.", check]
        case Measured():
            return [
                "HEAD can be measured; `check` compares it with `good`, and `check --signals` tells what to "
                "measure.",
                check,
            ]
