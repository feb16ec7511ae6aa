"""`bisector alarm`: measures, compares and stores the benchmarks; can hunt for the cause of a failure."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from bisector.cli.options import Chosen
from bisector.cli.publish import console_for, publish
from bisector.cli.ready import ready_to_compare
from bisector.cli.run import run_hunt
from bisector.cli.screen import Screen
from bisector.errors import UsageError
from bisector.hunt.ground import Ground, opened
from bisector.phases.alarm.references import (
    YAML,
    Facts,
    parsed_references,
    plain,
    read_references,
    rewritten_references,
    text_of,
    written_references,
)
from bisector.phases.alarm.result import PHASE, Given, alarm_result, updated_result
from bisector.phases.alarm.run import Measurement, alarm_key, alarm_of, measured_at, measured_here
from bisector.phases.result import Result, keep
from bisector.report.atomic_write import atomic_write


def sound_alarm(
    chosen: Chosen,
    *,
    update: bool,
    factor: float | None,
    here: bool,
    commit: str,
    hunt: bool,
    strict: bool,
    as_json: bool,
    md: Path | None,
    verbosity: int,
) -> int:
    """Measure and compare, or measure and update the references; returns the exit code."""
    if hunt and as_json:
        raise UsageError("--hunt cannot be combined with --json; omit one of them")
    asked = {} if factor is None else {"alarm.factor": factor}
    ground = ready_to_compare(replace(chosen, values={**chosen.values, **asked}).ground(), "alarm")
    path = alarm_of(ground).references
    console = console_for(as_json=as_json, md=md)
    measure = functools.partial(_measured, ground, console, here=here, commit=commit, verbosity=verbosity)
    if update:
        result = _update(ground, path, measure)
        keep(result, ground.scratch)
        return publish(result, console, as_json=as_json, md=md)
    references = read_references(path)
    measurement = measure()
    with opened(ground.scratch) as journal:
        history = journal.results(PHASE, alarm_key(ground))
    own = {key: value for key, value in chosen.values.items() if not key.startswith("alarm.")}
    found = alarm_result(ground, Given(chosen.config, own), measurement, references, history, strict=strict)
    keep(found.result, ground.scratch)
    code = publish(found.result, console, as_json=as_json, md=md)
    if hunt and found.hunt:
        chosen = replace(chosen, values={**own, **found.hunt})
        run_hunt(chosen, as_json=False, verbosity=verbosity, restart=False)
    return code


def _measured(ground: Ground, console: Console, *, here: bool, commit: str, verbosity: int) -> Measurement:
    if here:
        return measured_here(ground, Path.cwd())
    repository = ground.repository
    with Screen(console, lambda one: repository.infos([one])[one], verbosity) as screen:
        return measured_at(ground, repository.resolve(commit), screen)


def _update(ground: Ground, path: Path, measure: Callable[[], Measurement]) -> Result:
    """Measure, then update the file of references in place; writes nothing if the benchmarks do not run."""
    old = read_references(path) if path.exists() else None
    if old is None and path.suffix not in YAML:
        raise UsageError(
            f"there is no {path}; create it with a line like REF_FIB18=0 per benchmark, or name a .yaml file"
        )
    measurement = measure()
    if measurement.broken:
        raise UsageError(
            f"the benchmarks do not run at {measurement.commit[:12]}: {measurement.broken}; "
            "the references are unchanged"
        )
    facts: Facts = {
        "commit": measurement.commit,
        "at": f"{measurement.at:%Y-%m-%dT%H:%M:%SZ}",
        "load": round(measurement.load, 2),
        "runs": measurement.runs,
        "machine": measurement.machine,
    }
    times = measurement.times
    text = rewritten_references(text_of(path), old, times, facts) if old else written_references(times, facts)
    new = parsed_references(path, text)
    if not old or not old.by_variable:
        wrong = [name for name, time in times.items() if new.times.get(name) != float(plain(time))]
        if wrong:
            raise UsageError(f"{path}: cannot update {wrong[0]} in place; write it as a plain number")
    atomic_write(path, text.encode())
    return updated_result(ground, measurement, old, new)
