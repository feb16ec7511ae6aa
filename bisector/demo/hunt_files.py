"""The files beside the sample repository: hunt files, and the plan with its progress log."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files as resource_files
from pathlib import Path

from bisector.demo import diagnosis
from bisector.demo.guests import GUESTS, script
from bisector.demo.scenarios import CATALOGUE, Scenario
from bisector.demo.shape import TRUNK

_BUILD = """build:
  command: dune build bin/sx_server.exe
  folder: hosts/ocaml
  timeout: 5m
  inputs: [hosts/ocaml]
  outputs: [hosts/ocaml/_build/default/bin/sx_server.exe]

"""
_HUNT = r"""# {sentence}
hunt: {name}
repository: repo
good: baseline
bad: {trunk}

{build}test:
  command: bash {script}
  timeout: {timeout}
  memory: {memory}
  inputs: [lib/{guest}, lib/guest, spec]

{overlay}predicate: {predicate}
progress_log: plan.md
scratch: worktrees
{diagnose}"""

_SMOKE = r"""# The sample history's micro-benchmarks, for `bisector alarm`.
hunt: smoke
repository: repo
good: baseline
bad: {trunk}

{build}test:
  command: bash scripts/perf-smoke.sh
  timeout: 2m

alarm:
  references: perf-reference.yaml
  factor: 5
  runs: 6

scratch: worktrees
"""


def hunt_text(name: str, scenario: Scenario) -> str:
    """The hunt file of a scenario."""
    return _HUNT.format(
        build=_BUILD,
        sentence=f"The sample history's hunt for: {scenario.sentence}.",
        name=name,
        trunk=TRUNK,
        script=script(scenario.guest),
        guest=scenario.guest,
        timeout=scenario.timeout,
        memory=scenario.memory,
        predicate=scenario.predicate,
        diagnose=diagnosis.section(scenario.guest),
        overlay=f"overlay:\n{scenario.overlay}\n" if scenario.overlay else "",
    )


def smoke_text() -> str:
    """The hunt file of the alarm."""
    return _SMOKE.format(build=_BUILD, trunk=TRUNK)


def write_guests(folder: Path, scenario: Scenario) -> None:
    """Write a hunt file for each guest: the scenario's own for its guest, else user time per test."""
    folder.mkdir()
    for guest in GUESTS:
        own = guest == scenario.guest
        text = hunt_text(guest, scenario if own else replace(CATALOGUE["none"], guest=guest))
        beside = {"repository": "repo", "progress_log": "plan.md", "scratch": "worktrees"}
        for key, path in {**beside, "patch": diagnosis.PATCH}.items():
            text = text.replace(f"{key}: {path}\n", f"{key}: ../{path}\n")
        about = scenario.sentence if own else f"{guest}, beside the hunt for {scenario.guest}"
        head = f"# The sample history's guest {guest}: {about}.\n"
        (folder / f"{guest}.yaml").write_text(head + text.partition("\n")[2], encoding="utf-8")


def plan_text(scenario: Scenario) -> str:
    """The plan with the progress log."""
    text = (resource_files("bisector.demo") / "plan.md").read_text(encoding="utf-8")
    return text.replace("@GUEST@", scenario.guest).replace("@SCRIPT@", script(scenario.guest))
