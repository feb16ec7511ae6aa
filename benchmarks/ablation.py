"""What each device of speed saves: the same hunts with one of them turned off, in turn.

    python -m benchmarks.ablation [--repeats 5] [--cell jit-miss ...] [--device "early ends" ...]

Cells are scenarios of the sample history, and tests that sleep for 0.1, 1 or 10 seconds: a verdict, a test
that hangs from the first bad commit on, a measured step of five. The hunts of one repeat run one after the
other. Printed is the median over repeats of the share of wall time that the device saves, and of the probes.
Of tests that sleep for a second or more, several hunts run at once.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.machine import facts, table
from bisector import demo

SCENARIOS = ("jit-miss", "env-copy", "markers", "oom", "lua after tcl")
KINDS = ("verdict", "hangs", "measured")
SECONDS = (0.1, 1.0, 10.0)
CELLS = (*SCENARIOS, *(f"{kind}, {seconds:g} s" for kind in KINDS for seconds in SECONDS))
_COMMITS = 64
_ALL = "all devices"


@dataclass(frozen=True)
class Device:
    """A feature that makes hunts faster. `turn_off` disables it for hunts in this process."""

    turn_off: Callable[[], None]
    measured: bool = True
    """Whether it may affect hunts that measure ratios."""
    verdicts: bool = True
    """Whether it may affect hunts with verdicts."""
    only: str = ""
    """The only cell that it may affect. Empty means all."""


def _without_earlier_references() -> None:
    from bisector.engine.pairs import Pairs

    _put(Pairs, "_earlier", lambda _pairs, _request: None)


def _without_overdue() -> None:
    from bisector.hunt import lookahead

    _put(lookahead, "OVERDUE", math.inf)


def _asking_at_once_only_for(*roles: str) -> Callable[[], None]:
    """Of the readings that are requested in addition to the decision's, allow only those with these roles."""

    def turn_off() -> None:
        from bisector.hunt.lookahead import Lookahead

        more = Lookahead.more

        def fewer(self: Lookahead, known: Any, step: Any, running: Any, places: int) -> list[Any]:
            wanted = more(self, known, step, running, places)
            under_way = [one.request for one in running]
            return [r for r in wanted if r in step.requests or r.role.value in roles or _is_due(r, under_way)]

        _put(Lookahead, "more", fewer)

    return turn_off


def _is_due(request: Any, under_way: Sequence[Any]) -> bool:
    return request.role.value == "premise" or (request in under_way and request.role.value == "search")


def _without_slight_costs() -> None:
    from bisector.hunt.decide import costs

    rounded = costs._rounded

    def weight(ratio: float, allowed: float) -> float:
        return max(rounded(ratio, round), costs.CLEAR_SAVING) if ratio >= costs.CLEAR_SAVING else 1.0

    _put(costs, "weight", weight)


def _without_rounding() -> None:
    from bisector.hunt.decide import costs

    _put(costs, "_rounded", lambda ratio, _to_whole: ratio)


def _without_endpoints(*, paired: bool) -> Callable[[], None]:
    def turn_off() -> None:
        from bisector.hunt.decide import next as deciding

        endpoints_for = deciding.endpoints_for

        def none(plan: Any, *rest: Any, **options: Any) -> Any:
            return None if (plan.ratio is not None) is paired else endpoints_for(plan, *rest, **options)

        _put(deciding, "endpoints_for", none)

    return turn_off


def _without_found_before() -> None:
    from bisector.hunt.decide.belief import Belief

    _put(Belief, "_prior", lambda _belief: None)
    _put(Belief, "_suspected", lambda _belief, _pending: "")


def _without_builds_ahead() -> None:
    from bisector.engine.local import LocalEngine

    _put(LocalEngine, "build_ahead", lambda _engine, _likely: None)


def _without_sameness() -> None:
    from bisector.hunt.sameness import Sameness

    _put(Sameness, "reading_of", lambda _sameness, _request, _digest: None)


def _put(owner: object, name: str, new: object) -> None:
    """Replace an attribute. Fails if it does not exist, so that a renamed device is not silently left on."""
    if not hasattr(owner, name):
        raise SystemExit(f"{owner} has no {name} any more")
    setattr(owner, name, new)


DEVICES: dict[str, Device] = {
    "earlier references": Device(_without_earlier_references, verdicts=False),
    "early ends": Device(_without_endpoints(paired=True), verdicts=False),
    "verdicts presumed half way": Device(_without_endpoints(paired=False), measured=False),
    "a second search at once": Device(_asking_at_once_only_for("confirmation"), measured=False),
    "overdue searches": Device(_without_overdue, measured=False),
    "the confirmation begun early": Device(_asking_at_once_only_for("search"), measured=False),
    "builds ahead": Device(_without_builds_ahead),
    "equal builds": Device(_without_sameness),
    "costs below 4x": Device(_without_slight_costs),
    "rounded costs": Device(_without_rounding),
    "results of other hunts": Device(_without_found_before, only="lua after tcl"),
}


@dataclass(frozen=True)
class Cell:
    """A hunt to run. Everything that it needs is in `folder`."""

    name: str
    folder: Path
    config: str
    jobs: int
    first: frozenset[str]
    at_once: int

    def devices(self, chosen: Sequence[str]) -> list[str]:
        """The devices that may affect it."""
        return [
            name
            for name in chosen
            if (DEVICES[name].measured if self.jobs == 1 else DEVICES[name].verdicts)
            and DEVICES[name].only in ("", self.name)
        ]

    def run(self, without: str) -> tuple[float, int]:
        """Seconds and probes of one hunt that starts cold."""
        with tempfile.TemporaryDirectory(prefix="bisector-ablation-") as scratch:
            if self.name == "lua after tcl":
                self._hunt(scratch, "hunt.yaml", "")
            return self._hunt(scratch, self.config, without)

    def _hunt(self, scratch: str, config: str, without: str) -> tuple[float, int]:
        options = ["--config", config, "--scratch", scratch, "--jobs", str(self.jobs)]
        own = ["--turn-off", without] if without else []
        command = [sys.executable, "-m", "benchmarks.ablation", *own, "--", "run", "--json", *options]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
        began = time.monotonic()
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        seconds = time.monotonic() - began
        found = json.loads(done.stdout or "{}")
        if config == self.config and found.get("first_bad") not in self.first:
            raise SystemExit(f"{self.name} without {without or 'nothing'}: {done.stdout}{done.stderr}")
        return seconds, int(found["probes"])


def cell(name: str, folder: Path) -> Cell:
    """The cell of this name, prepared in `folder`."""
    if name in SCENARIOS:
        return _scenario(name, folder)
    kind, _, length = name.partition(", ")
    return _sleeping(name, kind, float(length.split()[0]), folder)


def _scenario(name: str, folder: Path) -> Cell:
    scenario = "jit-miss" if name == "lua after tcl" else name
    made = demo.make(folder / "sample", scenario, commits=120, seed=7, workload=100)
    text = (folder / "sample/hunt.yaml").read_text()
    lua = text.replace("lib/tcl", "lib/lua").replace("jit-miss", "lua")
    (folder / "sample/lua.yaml").write_text(lua)
    config = "lua.yaml" if name == "lua after tcl" else "hunt.yaml"
    jobs = 2 if name in ("markers", "oom") else 1
    first = frozenset(json.loads(made.truth.read_text())["any_of"])
    return Cell(name, folder / "sample", config, jobs, first, at_once=1)


def _sleeping(name: str, kind: str, seconds: float, folder: Path) -> Cell:
    """64 commits: a third change no input, some have identical builds, and two runs of three do not build."""
    repo, bad_from, length = folder / "repo", 45, min(seconds / 2, 2.0)
    repo.mkdir()
    _git(repo, "init", "--quiet")
    ids = []
    for at in range(_COMMITS):
        (repo / "level").write_text(f"{seconds * 5 if at >= bad_from and kind == 'measured' else seconds}\n")
        if at % 3 == 2:
            (repo / "notes").write_text(f"{at}\n")
        else:
            (repo / "source").write_text(f"{at - at % 4}\n# {at}\n")
        (repo / "mark").write_text("bad\n" if at >= bad_from else "good\n")
        (repo / "broken").write_text("yes\n" if at in (20, 21, 22, 50, 51, 52) else "no\n")
        _git(repo, "add", "--all")
        _git(repo, "commit", "--quiet", "--message", f"change {at}")
        ids.append(_git(repo, "rev-parse", "HEAD"))
    ending = {
        "verdict": 'sleep "$(sed -n 2p out)"; grep -q good out',
        "hangs": 'sleep "$(sed -n 2p out)"; grep -q good out || sleep 100000',
        "measured": 'sleep "$(sed -n 2p out)"',
    }[kind]
    hunt: dict[str, Any] = {
        "repository": "repo",
        "good": ids[0],
        "bad": ids[-1],
        "build": {
            "command": f"grep -q no broken && sleep {length} && {{ cat mark level; head -1 source; }} > out",
            "inputs": ["mark", "level", "source", "broken"],
            "outputs": ["out"],
        },
        "test": {"command": ending, "inputs": ["mark"], "timeout": f"{6 * seconds:g}s"},
    }
    if kind == "measured":
        hunt["predicate"] = {"name": "wall_time", "ratio": 1.5}
    (folder / "hunt.yaml").write_text(yaml.safe_dump(hunt))
    jobs = 1 if kind == "measured" else 2
    at_once = {0.1: 1, 1.0: 4, 10.0: 16}[seconds]
    return Cell(name, folder, "hunt.yaml", jobs, frozenset(ids[bad_from : bad_from + 1]), at_once)


def _git(repository: Path, *arguments: str) -> str:
    who = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=repository, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def measured(name: str, chosen: Sequence[str], repeats: int) -> dict[str, Any]:
    """The share of wall time and the number of probes that each device saves, as medians over repeats."""
    with tempfile.TemporaryDirectory(prefix="bisector-ablation-") as folder:
        hunt = cell(name, Path(folder))
        variants = ["", *hunt.devices(chosen)]
        with ThreadPoolExecutor(hunt.at_once) as pool:
            runs = list(pool.map(hunt.run, variants * repeats))
    by_repeat = [runs[at : at + len(variants)] for at in range(0, len(runs), len(variants))]
    saved = {}
    for at, variant in enumerate(variants[1:], start=1):
        shares = [1 - repeat[0][0] / repeat[at][0] for repeat in by_repeat]
        probes = [repeat[at][1] - repeat[0][1] for repeat in by_repeat]
        saved[variant] = {
            "wall": statistics.median(shares),
            "shares": shares,
            "probes": statistics.median(probes),
        }
    seconds = [repeat[0][0] for repeat in by_repeat]
    return {"cell": name, "seconds": statistics.median(seconds), "saved": saved}


def lines(found: Sequence[dict[str, Any]], chosen: Sequence[str]) -> list[tuple[str, ...]]:
    """The cells of the table, one row per hunt."""

    def told(saved: dict[str, Any] | None) -> str:
        if saved is None:
            return ""
        probes = f" {saved['probes']:+.0f}" if round(saved["probes"]) else ""
        return f"{100 * saved['wall']:.0f}%{probes}"

    return [
        (one["cell"], f"{one['seconds']:.1f} s", *(told(one["saved"].get(name)) for name in chosen))
        for one in found
    ]


def main() -> None:
    """Print a Markdown table, and write JSON if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cell", action="append", choices=CELLS)
    parser.add_argument("--device", action="append", choices=list(DEVICES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--turn-off", choices=list(DEVICES), help=argparse.SUPPRESS)
    parser.add_argument("command", nargs="*", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.command:
        _be_bisector(chosen.turn_off, chosen.command)
    devices = chosen.device or list(DEVICES)
    found = []
    for name in chosen.cell or CELLS:
        found.append(measured(name, devices, chosen.repeats))
        print(f"{name}: {found[-1]['seconds']:.1f} s", file=sys.stderr, flush=True)
        if chosen.json:
            chosen.json.write_text(json.dumps({"machine": facts(), "cells": found}, indent=2))
    print(f"{chosen.repeats} repeats; {facts()}\n")
    print(table(("hunt", _ALL, *devices), lines(found, devices)))


def _be_bisector(device: str | None, command: list[str]) -> None:
    from bisector.cli.main import run

    if device:
        DEVICES[device].turn_off()
    sys.exit(run(command))


if __name__ == "__main__":
    main()
