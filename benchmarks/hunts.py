"""bisector beside `git bisect run` on the same histories: probes, wall time, right or wrong.

    python -m benchmarks.hunts [--scenario jit-miss ...] [--commits 120] [--seed 7]

Both start cold and use the same build and test commands. bisector's time holds its premise and its
confirmation, which git does not make; git's threshold is calibrated once, before its time starts. CPU
seconds hang less on what else the machine does. "Saved" is what bisector says of runs it ended early.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.git_judge import tested
from bisector import demo, hunt_file
from bisector.hunt.ground import predicate_of

SCENARIOS = ("jit-miss", "env-copy", "markers", "oom")


def by_bisector(sample: Path) -> dict[str, object]:
    """One cold hunt."""
    command = [sys.executable, "-m", "bisector", "run", "--json", "--config", str(sample / "hunt.yaml")]
    with timed() as took:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout)
    saved = summary["saved"]["seconds"] if summary["saved"] else 0.0
    return {**took, "saved": saved, "probes": summary["probes"], "answer": set(answer_of(summary))}


@contextmanager
def timed() -> Iterator[dict[str, object]]:
    """Wall and CPU seconds (of all processes waited for) of what is inside, known at its end."""
    took: dict[str, object] = {}
    started, before = time.monotonic(), os.times()
    yield took
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    took.update(seconds=time.monotonic() - started, cpu=cpu)


def answer_of(summary: dict[str, object]) -> list[str]:
    """The commits that a hunt names."""
    found = summary["first_bad"] or summary["any_of"] or []
    return [found] if isinstance(found, str) else [str(commit) for commit in found if isinstance(found, list)]


def by_git(sample: Path, scratch: Path) -> dict[str, object]:
    """`git bisect run` in a clone of its own."""
    clone = scratch / "clone"
    run(["git", "clone", "--quiet", str(sample / "repo"), str(clone)], scratch)
    hunt = hunt_file.load(sample / "hunt.yaml")
    predicate = predicate_of(hunt, sample / "hunt.yaml")
    judge = [sys.executable, "-m", "benchmarks.git_judge", str(sample / "hunt.yaml")]
    if predicate.paired:
        run(["git", "checkout", "--quiet", hunt.good[0]], clone)
        reference = tested(hunt, predicate, clone)
        if reference is None:
            raise SystemExit("the good endpoint does not build")
        judge.append(str(predicate.figure(reference)))  # type: ignore[attr-defined]  # as in git_judge
        run(["git", "clean", "-qffdx"], clone)
    run(["git", "bisect", "start", "origin/architecture", hunt.good[0]], clone)
    run_it = ["git", "bisect", "run", *judge]
    with timed() as took:
        subprocess.run(run_it, cwd=clone, capture_output=True, check=False, env=paths())
    log = run(["git", "bisect", "log"], clone)
    probes = sum(
        line.startswith(("git bisect good", "git bisect bad", "git bisect skip")) for line in log.splitlines()
    )
    named = [line for line in log.splitlines() if line.startswith(("# first", "# possible first"))]
    return {**took, "probes": probes, "answer": {line.split("[")[1][:40] for line in named}}


def paths() -> dict[str, str]:
    """The environment in which this package is found from any folder."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}


def run(command: list[str], folder: Path) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Print a Markdown table, and JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", action="append", choices=list(demo.SCENARIOS))
    parser.add_argument("--commits", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    print(f"{chosen.commits} commits, seed {chosen.seed}, {os.cpu_count()} cores, {platform.platform()}\n")
    heads = ("probes", "right", "seconds", "CPU seconds")
    print(
        f"| scenario | {' | '.join(f'{head}: bisector | git' for head in heads)} | seconds' ratio | saved |"
    )
    print(f"|{'---|' * 11}")
    rows = []
    for scenario in chosen.scenario or SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="bisector-bench-") as folder:
            made = demo.make(Path(folder) / "sample", scenario, commits=chosen.commits, seed=chosen.seed)
            truth = set(json.loads(made.truth.read_text())["any_of"])
            ours, theirs = by_bisector(Path(folder) / "sample"), by_git(Path(folder) / "sample", Path(folder))
        ratio = float(str(ours["seconds"])) / float(str(theirs["seconds"]))
        right = f"{ours['answer'] == truth} | {theirs['answer'] == truth}"
        seconds = f"{ours['seconds']:.0f} | {theirs['seconds']:.0f} | {ours['cpu']:.0f} | {theirs['cpu']:.0f}"
        probes = f"{ours['probes']} | {theirs['probes']}"
        saved = f"{ratio:.2f} | {ours['saved']:.0f} s"
        print(f"| {scenario} | {probes} | {right} | {seconds} | {saved} |", flush=True)
        rows.append({"scenario": scenario, "bisector": ours, "git": theirs, "ratio": ratio})
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2, default=sorted))


if __name__ == "__main__":
    main()
