"""`bisector check --signals`: what to measure, from real runs of both endpoints."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from bisector import hunt_file
from tests.cli.running import bisector
from tests.git_history import chain, write_history

HUNT = """\
# What we hunt.
repository: repo
good: main~3
bad: main
test: {command: sh test.sh, timeout: 10s}
predicate:
  name: exit_status
# The end.
"""
WHAT_TO_INSTALL = "another predicate such as `user_time`"
LOOP = "i=0; while [ $i -lt {0} ]; do i=$((i+1)); done; echo steps: {0}\n"


def place(folder: Path, *tests: str, hunt: str = HUNT) -> Path:
    """A repository whose commits have these tests in turn, and a hunt file beside it."""
    write_history(folder / "repo", chain(len(tests), {at: {"test.sh": t} for at, t in enumerate(tests)}))
    file = folder / "hunt.yaml"
    file.write_text(hunt)
    return file


def signals(folder: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    """What `bisector check --signals --json` prints."""
    done = bisector(
        "check", "-c", "hunt.yaml", "--signals", "--json", *arguments, folder=folder, **environment
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["exit_code"] == done.returncode
    return found


def without(program: str, folder: Path) -> str:
    """A PATH with all programs of the usual one except this."""
    folder.mkdir()
    for each in os.environ["PATH"].split(os.pathsep):
        for tool in Path(each).iterdir() if Path(each).is_dir() else ():
            if tool.name != program and not (folder / tool.name).is_symlink():
                (folder / tool.name).symlink_to(tool)
    return str(folder)


def test_the_counter_is_found_and_written(tmp_path: Path) -> None:
    """A count without a spread beats the times, goes into the hunt file, and the hunt works with it."""
    file = place(tmp_path, *[LOOP.format(1000)] * 3, LOOP.format(1200))
    found = signals(tmp_path, "--write", PATH=without("valgrind", tmp_path / "bin"))
    best = found["signals"][0]
    assert (best["name"], best["finds"]) == ("steps", True)
    assert best["step"] == pytest.approx(1.2) and best["separation"] > 100
    named = {one["name"]: one for one in found["signals"]}
    assert {"user_time", "wall_time", "peak_memory", "instructions"} <= named.keys()
    assert named["instructions"].get("refused", WHAT_TO_INSTALL).endswith(WHAT_TO_INSTALL)
    kept = [line for line in HUNT.splitlines() if "predicate" not in line and "exit_status" not in line]
    assert [line for line in file.read_text().splitlines() if "predicate" not in line] == kept
    hunt = hunt_file.load(file)
    assert (hunt.predicate.name, hunt.predicate.options["ratio"]) == ("counter", pytest.approx(1.095))
    done = bisector("run", "-c", "hunt.yaml", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_instructions_show_a_step_that_times_do_not(tmp_path: Path) -> None:
    """A tenth more of a few milliseconds; the table fits 80 columns and nothing is written.

    The kernel counts memory in steps that may look like one of so small a program, so it may come first.
    """
    file = place(tmp_path, *[LOOP.format(1000).split("; echo steps")[0] + "\n"] * 3, LOOP.format(1100))
    done = bisector("check", "-c", "hunt.yaml", "--signals", folder=tmp_path, COLUMNS="80")
    assert done.returncode == 0, done.stderr
    (first,) = [line for line in done.stdout.splitlines() if "shows the step" in line]
    best = first.split()[0]
    assert best in ("instructions", "peak_memory")
    assert f"predicate: {{name: {best}, ratio: 1." in done.stdout
    named = {one["name"]: one for one in signals(tmp_path)["signals"]}
    assert named["instructions"]["finds"] and named["instructions"]["step"] == pytest.approx(1.1, abs=0.05)
    table = [
        line for line in done.stdout.splitlines() if line.startswith(("Signal", "instr", "user", "wall"))
    ]
    assert len(table) >= 4 and max(map(len, table)) <= 80
    assert file.read_text() == HUNT


def test_endpoints_that_end_differently_are_refused(tmp_path: Path) -> None:
    """A run that failed may not have done its work, so no figure of it counts."""
    place(tmp_path, "true\n", "true\n", "true\n", "exit 3\n")
    found = signals(tmp_path)
    assert found["exit_code"] == 5 and found["proposal"] is None
    assert {"bad ends with exit code 3 and good with 0" in one["refused"] for one in found["signals"]} == {
        True
    }


def test_write_needs_a_hunt_file_and_signals(tmp_path: Path) -> None:
    """One sentence each, before anything runs."""
    place(tmp_path, "true\n", "true\n")
    done = bisector("check", "-c", "hunt.yaml", "--write", folder=tmp_path)
    assert done.returncode == 2 and "--write needs --signals" in done.stderr
    done = bisector(
        "check", "--good", "main~1", "--test", "true", "--signals", "--write", folder=tmp_path / "repo"
    )
    assert done.returncode == 2 and "--write needs a hunt file" in done.stderr


@pytest.mark.parametrize(
    ("given", "why", "printed"),
    [
        (["--test", "sh gone.sh"], "the test's script gone.sh does not exist (exit 2)", "gone.sh"),
        (["--test", "no-such-program"], "the test was not found (exit 127)", "no-such-program"),
        (
            ["--build", "echo a.c:1: error: no b >&2; false"],
            "the build fails (exit 1): a.c:1: error: no b",
            "",
        ),
    ],
    ids=["no script", "no program", "no build"],
)
def test_an_endpoint_that_cannot_be_tested_is_named(
    given: list[str], why: str, printed: str, tmp_path: Path
) -> None:
    """There is no table of figures that mean nothing, but the reason and what the test printed."""
    place(tmp_path, *["exit 0\n"] * 4)
    found = signals(tmp_path, *given)
    obstacle = found["obstacle"]
    assert (found["exit_code"], obstacle["end"], obstacle["why"]) == (5, "good", why)
    assert printed in "".join(obstacle["printed"])
    assert found["proposal"] is None
    told = bisector("check", "-c", "hunt.yaml", "--signals", *given, folder=tmp_path).stdout
    assert f"cannot measure good {obstacle['commit'][:12]}: {why}" in " ".join(told.split())
    assert "Bad over" not in told


def test_runs_that_all_fail_are_mentioned(tmp_path: Path) -> None:
    """A suite may have tests that always fail, but a test that stops at once measures nothing."""
    place(tmp_path, *["exit 3\n"] * 4)
    done = bisector("check", "-c", "hunt.yaml", "--signals", folder=tmp_path)
    assert "all runs end with exit code 3" in done.stdout
