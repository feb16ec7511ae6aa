"""bisector beside `git bisect run` on the same histories: wall time, probes, right or wrong.

    python -m benchmarks.hunts [--scenario jit-miss ...] [--commits 120] [--seed 7] [--repeats 3]
                               [--workload 100]

Both start cold and use the same build and test commands, the same endpoints. bisector's time holds its
start, its premise and its confirmation, which git does not make; git's threshold is calibrated before its
time starts. Verdicts are read by two jobs, measured tests one at a time. The second guest is a hunt for `lua`
in the scratch folder that the hunt for `tcl` left, beside git's own for `lua`, which starts cold.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import facts, table
from bisector import demo, hunt_file
from bisector.hunt.ground import predicate_of
from bisector.hunt_file import Hunt

SCENARIOS = ("jit-miss", "env-copy", "markers", "oom")
JUDGE = Path(__file__).with_name("git_judge.py")
Row = dict[str, Any]


def by_bisector(sample: Path, config: str, jobs: int) -> Row:
    """One hunt in the sample's scratch folder."""
    command = [sys.executable, "-m", "bisector", "run", "--json", "--config", config, "--jobs", str(jobs)]
    started = time.monotonic()
    done = subprocess.run(command, cwd=sample, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    summary = json.loads(done.stdout)
    found = summary["first_bad"] or ""
    return {
        "seconds": seconds,
        "probes": summary["probes"],
        "answer": found,
        "readings": summary["readings"],
        "ahead": summary["ahead"],
        "conclusion": summary["conclusion"],
    }


def by_git(sample: Path, hunt: Hunt, config: Path, scratch: Path) -> Row:
    """`git bisect run` in a clone of its own."""
    shutil.rmtree(scratch, ignore_errors=True)
    clone = scratch / "clone"
    scratch.mkdir(parents=True)
    run(["git", "clone", "--quiet", str(sample / "repo"), str(clone)], scratch)
    judge = [sys.executable, "-IS", str(JUDGE), str(scratch / "spec.json")]
    (scratch / "spec.json").write_text(json.dumps(spec_of(hunt, config, clone, scratch)))
    run(["git", "checkout", "--quiet", hunt.good[0]], clone)
    run(["git", "clean", "-qffdx"], clone)
    run(["git", "bisect", "start", "origin/architecture", hunt.good[0]], clone)
    started = time.monotonic()
    subprocess.run(["git", "bisect", "run", *judge], cwd=clone, capture_output=True, check=False)
    seconds = time.monotonic() - started
    log = run(["git", "bisect", "log"], clone).splitlines()
    verdicts = ("git bisect good", "git bisect bad", "git bisect skip")
    named = [line.split("[")[1][:40] for line in log if line.startswith(("# first", "# possible first"))]
    return {
        "seconds": seconds,
        "probes": sum(line.startswith(verdicts) for line in log),
        "answer": " ".join(named),
    }


def spec_of(hunt: Hunt, config: Path, clone: Path, scratch: Path) -> Row:
    """The specification for the judge. For a measured hunt, it includes the value of good, measured here."""
    if hunt.build is None:
        raise SystemExit("the hunt has no build")
    spec: Row = {
        "build": hunt.build.command,
        "build_folder": hunt.build.folder,
        "test": hunt.test.command,
        "test_folder": hunt.test.folder,
        "timeout": hunt.test.timeout,
    }
    options = predicate_of(hunt, config).options
    if hunt.predicate.name == "markers_within":
        return spec | {"marker": options.pattern.pattern, "within": options.within}
    if hunt.predicate.name == "no_oom":
        return spec | {"memory": hunt.test.memory}
    spec |= {"tests": options.tests.pattern, "threshold": float("inf")}
    (scratch / "calibrate.json").write_text(json.dumps(spec | {"print": True}))
    run(["git", "checkout", "--quiet", hunt.good[0]], clone)
    judge = [sys.executable, "-IS", str(JUDGE), str(scratch / "calibrate.json")]
    return spec | {"threshold": float(run(judge, clone)) * options.ratio}


def run(command: list[str], folder: Path) -> str:
    """The output of a command."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def compared(folder: Path, scenario: str, chosen: argparse.Namespace) -> Row:
    """Both tools on one history, in turn. Returns medians over the repeats."""
    repeats = chosen.repeats
    made = demo.make(
        folder / "sample", scenario, commits=chosen.commits, seed=chosen.seed, workload=chosen.workload
    )
    truth = set(json.loads(made.truth.read_text())["any_of"])
    config = folder / "sample" / "hunt.yaml"
    hunt = hunt_file.load(config)
    jobs = 1 if predicate_of(hunt, config).paired else 2
    ours, theirs = [], []
    for _ in range(repeats):
        shutil.rmtree(folder / "sample" / "worktrees", ignore_errors=True)
        ours.append(by_bisector(folder / "sample", "hunt.yaml", jobs))
        theirs.append(by_git(folder / "sample", hunt, config, folder / "git"))
    row = judged(scenario, ours, theirs) | {"jobs": jobs}
    row["right"] = [all({one["answer"]} == truth for one in each) for each in (ours, theirs)]
    if scenario == "jit-miss":
        row["second guest"] = second_guest(folder, repeats)
    return row


def second_guest(folder: Path, repeats: int) -> Row:
    """`lua` after `tcl`, whose builds are in the store. git's own hunt for `lua` starts cold."""
    text = (folder / "sample/hunt.yaml").read_text().replace("lib/tcl", "lib/lua").replace("jit-miss", "lua")
    config = folder / "sample" / "lua.yaml"
    config.write_text(text)
    hunt = hunt_file.load(config)
    ours, theirs = [], []
    for _ in range(repeats):
        (folder / "sample/worktrees/journal.sqlite").unlink()
        by_bisector(folder / "sample", "hunt.yaml", 1)
        ours.append(by_bisector(folder / "sample", "lua.yaml", 1))
        theirs.append(by_git(folder / "sample", hunt, config, folder / "git"))
    return judged("lua after tcl", ours, theirs)


def judged(name: str, ours: Sequence[Row], theirs: Sequence[Row]) -> Row:
    """Medians, and the median of the ratios of each repeat."""
    ratios = [one["seconds"] / other["seconds"] for one, other in zip(ours, theirs, strict=True)]
    return {
        "scenario": name,
        "seconds": [statistics.median(r["seconds"] for r in each) for each in (ours, theirs)],
        "probes": [max(r["probes"] for r in each) for each in (ours, theirs)],
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "conclusion": ours[-1]["conclusion"],
        "runs": {"bisector": ours, "git": theirs},
    }


def main() -> None:
    """Print a Markdown table, and write JSON if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", action="append", choices=list(demo.SCENARIOS))
    parser.add_argument("--commits", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workload", type=int, default=100, help="what each test does, in percent")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    rows = []
    for scenario in chosen.scenario or SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="bisector-bench-") as folder:
            rows.append(compared(Path(folder), scenario, chosen))
        print(f"{scenario}: {rows[-1]['ratio']:.2f}", file=sys.stderr, flush=True)
    what = f"{chosen.commits} commits, seed {chosen.seed}, workload {chosen.workload}%"
    print(f"{what}, {chosen.repeats} repeats; {facts()}\n")
    print(table(("scenario", "wall, bisector", "git", "ratio", "probes, bisector", "git"), lines(rows)))
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": facts(), "rows": rows}, indent=2))


def lines(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The cells of the table."""
    every = [one for row in rows for one in (row, row.get("second guest")) if one]
    cells = [
        (
            f"{row['scenario']}{'' if all(row.get('right', [True])) else ' (WRONG)'}",
            *(f"{seconds:.1f} s" for seconds in row["seconds"]),
            f"{row['ratio']:.2f}",
            *(str(probes) for probes in row["probes"]),
        )
        for row in every
    ]
    middle = statistics.median(row["ratio"] for row in rows)
    return [*cells, ("median of the scenarios", "", "", f"{middle:.2f}", "", "")]


if __name__ == "__main__":
    main()
