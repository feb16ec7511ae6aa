"""A repository whose tests broke in different commits, and a runner that can run some of them by name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.cli.running import bisector
from tests.git_history import Node, write_history

RUNNER = """\
import json, os, sys
with open(os.environ["RUNS"], "a") as runs:
    runs.write(" ".join(["run", os.environ["BISECTOR_COMMIT"], *sys.argv[1:]]) + "\\n")
tests = json.load(open("built.json"))
names = [name for name in sys.argv[1:] or tests if name in tests]
if not names:
    sys.exit("no such test")
count = sum(1 for _ in open(os.environ["RUNS"]))
print(f"1..{len(names)}")
for at, name in enumerate(names, 1):
    passes = tests[name] if tests[name] != "flaky" else count % 2 == 0
    print("ok" if passes else "not ok", at, "-", name)
"""
"""Prints TAP, and notes each run; a test that is `flaky` fails in every other run."""

BUILD = 'echo build "$BISECTOR_COMMIT" >> "$RUNS"; test ! -e broken && cp tests.json built.json'

Broken = Mapping[str, int]
"""The commit in which each test breaks, by the test's name."""


def red_main(
    folder: Path,
    broken: Broken,
    *,
    length: int = 9,
    born: Broken | None = None,
    flaky: Sequence[str] = (),
    unbuildable: Sequence[int] = (),
) -> dict[str, str]:
    """Write the history `folder/repo`; returns the ids of its commits c0, c1, ...

    Besides the `broken` tests there are `fine` and `hopeless`. A test is `born` in a commit, else it is there
    from the start; `flaky` ones fail in every other run once they are broken.
    """
    nodes = []
    for at in range(length):
        tests: dict[str, object] = {"fine": True, "hopeless": False}
        for name, first in broken.items():
            if at >= (born or {}).get(name, 0):
                tests[name] = True if at < first else "flaky" if name in flaky else False
        files: dict[str, str | None] = {
            "suite.py": RUNNER,
            "tests.json": json.dumps(tests, indent=1),
            "broken": "yes" if at in unbuildable else None,
        }
        if at == 0:
            del files["broken"]
        nodes.append(Node(f"c{at}", [f"c{at - 1}"] if at else [], files))
    return write_history(folder / "repo", nodes)


def hunt_file(
    folder: Path, targets: object, *, command: str = "python3 suite.py {targets}", **more: object
) -> Path:
    """Write `folder/hunt.yaml` with these targets; the runs and builds are noted in `folder/runs`."""
    document: dict[str, Any] = {
        "repository": "repo",
        "good": "main~8",
        "bad": "main",
        "targets": targets,
        "build": {"command": BUILD},
        "test": {"command": command},
        "predicate": "tests",
        "environment": {"set": {"RUNS": str(folder / "runs")}},
        **more,
    }
    file = folder / "hunt.yaml"
    file.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))
    return file


def hunted(folder: Path, *arguments: str) -> dict[str, Any]:
    """The output of `bisector run --json` on `folder/hunt.yaml`."""
    done = bisector("run", "--json", "--config", "hunt.yaml", *arguments, folder=folder)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["exit_code"] == done.returncode
    return found


def noted(folder: Path, what: str) -> list[list[str]]:
    """The words of each `run` or `build` that was noted: the commit, and the targets that were asked for."""
    lines = (folder / "runs").read_text().splitlines() if (folder / "runs").exists() else []
    return [words[1:] for words in map(str.split, lines) if words[0] == what]


def answers_of(found: Mapping[str, Any]) -> dict[str | None, list[str]]:
    """The targets of each first bad commit."""
    return {one["first_bad"]: sorted(one["targets"]) for one in found["answers"]}
