"""The files beside the sample repository: the hunt file and the plan with its progress log."""

from __future__ import annotations

from importlib.resources import files as resource_files

from bisector.demo.guests import script
from bisector.demo.scenarios import Scenario
from bisector.demo.shape import TRUNK

_HUNT = r"""# {sentence}
hunt: {name}
repository: repo
good: baseline
bad: {trunk}

build:
  command: dune build bin/sx_server.exe
  folder: hosts/ocaml
  timeout: 5m
  inputs: [hosts/ocaml]
  outputs: [hosts/ocaml/_build/default/bin/sx_server.exe]

test:
  command: bash {script}
  timeout: {timeout}
  memory: {memory}
  inputs: [lib/{guest}, lib/guest, spec]

{overlay}predicate: {predicate}
progress_log: plan.md
scratch: worktrees
"""


def hunt_text(name: str, scenario: Scenario) -> str:
    """The hunt file of a scenario."""
    return _HUNT.format(
        sentence=f"The sample history's hunt for: {scenario.sentence}.",
        name=name,
        trunk=TRUNK,
        script=script(scenario.guest),
        guest=scenario.guest,
        timeout=scenario.timeout,
        memory=scenario.memory,
        predicate=scenario.predicate,
        overlay=f"overlay:\n{scenario.overlay}\n" if scenario.overlay else "",
    )


def plan_text(scenario: Scenario) -> str:
    """The plan that the hunt writes its progress log into."""
    text = (resource_files("bisector.demo") / "plan.md").read_text(encoding="utf-8")
    return text.replace("@GUEST@", scenario.guest).replace("@SCRIPT@", script(scenario.guest))
