"""A machine without control groups, with a clock that goes back, without free processes, or full of files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.hunting import AS_NOBODY, give_to_nobody, hunt_in, nobodys_folder

NO_GROUPS = """
for at in $(awk '$3 ~ /^cgroup/ { print $2 }' /proc/mounts); do
    mount -o remount,bind,ro "$at" || exit 77
done
exec "$@"
"""

BACKWARDS = """
import datetime, itertools, sys, time
years = itertools.count()
class Back(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2030 - next(years) % 30, 1, 1, tzinfo=tz)
datetime.datetime = Back
time.time = lambda: 1e9 - 1e6 * next(years)
from bisector.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def test_control_groups_that_cannot_be_written(tmp_path: Path) -> None:
    """The hunt works without them by following child processes, and each reading says so."""
    if not Path("/sys/fs/cgroup").exists():
        pytest.skip("no control groups here")
    hunt = hunt_in(tmp_path, before=("unshare", "--mount", "sh", "-c", NO_GROUPS, "sh"))
    done = hunt.run()
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"cannot take control groups away here: {done.stderr}")
    hunt.assert_found(done)
    assert {run["memory_source"] for run in hunt.runs_of_tests()} == {
        "sampled resident sizes and a limit on each process (no writable control group)"
    }


def test_a_clock_set_back_at_every_look(tmp_path: Path) -> None:
    """No limit, order or duration depends on it: same answer, same runs, and nothing is read twice."""
    hunt = hunt_in(tmp_path)
    words = ("--good", hunt.ids["c0"], "--scratch", str(hunt.scratch), "--json", "-q")
    work = (
        "--build",
        "sh build.sh",
        "--test",
        "sh test.sh",
        "--timeout",
        "30s",
        "--set",
        "budget.time=10min",
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", BACKWARDS, "run", *work, *words],
            cwd=hunt.repository,
            capture_output=True,
            text=True,
            check=False,
        )
        hunt.assert_found(done)
        taken = hunt.readings()
        assert (
            len({(commit, role) for _, commit, role in taken if role == "search"})
            == json.loads(done.stdout)["probes"]
        )
    assert all(0 <= float(str(run["wall"])) < 30 for run in hunt.runs_of_tests())
    assert hunt.readings() == taken


@pytest.mark.alone  # others run as nobody, too
def test_no_process_left(tmp_path: Path) -> None:
    """A fork bomb is judged or is a fault. bisector ends it completely and prints one sentence."""
    with nobodys_folder() as folder:
        hunt = hunt_in(folder, before=("prlimit", "--nproc=64", *AS_NOBODY))
        give_to_nobody(folder)
        storm = f"{hunt.once('f() { f | f & }; f; sleep 1; exit 1')}; sh test.sh"
        done = hunt.run("--test", storm, "--timeout", "5s", HOME=str(folder))
        assert done.returncode in (0, 5, 6), done.stderr
        living = ["pgrep", "--runstates", "R,S,D", "-u", "65534"]
        left = subprocess.run(living, capture_output=True, check=False)
        assert left.stdout == b""


def test_thousands_of_files_left(tmp_path: Path) -> None:
    """Files that a test leaves are removed before the next commit, however deep they are."""
    hunt = hunt_in(tmp_path)
    litter = (
        '[ ! -e left ] || [ "$(cat left/of)" = "$(cat out)" ] || exit 125; '
        "mkdir -p left/a/b/c; cp out left/of; (cd left/a/b/c; seq 3000 | xargs touch)"
    )
    hunt.assert_found(hunt.run("--test", f"{litter}; sh test.sh"))
