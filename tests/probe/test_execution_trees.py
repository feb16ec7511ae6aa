"""The whole process tree is owned: nothing survives a run, and no other process is touched."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from bisector.predicate import Ending, Run
from bisector.probe.execution import Execution, Limits
from bisector.probe.hierarchies import Hierarchies
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.ownership import new_token
from bisector.probe.process_tree import SampledTree

from .running import OWNERSHIPS, PYTHON, eventually, groups, is_running, owned, pids_in, run

PR_GET_CHILD_SUBREAPER = 37
"""prctl(2)."""

DAEMON = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
with open("pids", "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(600)
"""

WAIT_FOR_PIDS = "while [ ! -s pids ]; do sleep 0.01; done"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "daemon.py").write_text(DAEMON)
    return tmp_path


def assert_all_gone(folder: Path, least: int = 1) -> None:
    pids = pids_in(folder / "pids")
    assert len(pids) >= least
    assert not [pid for pid in pids if is_running(pid)]
    assert not [group for group in groups() if f"-{os.getpid()}-" in group.name]


@owned
def test_daemon_left_behind(hierarchies: Hierarchies, folder: Path) -> None:
    """A daemon with its own session, no parent and no SIGTERM handling dies with a successful run."""
    found = run(f"$PYTHON daemon.py; {WAIT_FOR_PIDS}; exit 5", folder, hierarchies=hierarchies).run
    assert found.exit_code == 5
    assert_all_gone(folder)


@owned
def test_daemon_at_the_timeout(hierarchies: Hierarchies, folder: Path) -> None:
    """A daemon also dies with a run that is stopped."""
    line = f"$PYTHON daemon.py; {WAIT_FOR_PIDS}; sleep 600"
    found = run(line, folder, limits=Limits(1), hierarchies=hierarchies).run
    assert found.ending is Ending.TIMEOUT
    assert_all_gone(folder)


@pytest.mark.alone
@owned
def test_fork_storm(hierarchies: Hierarchies, folder: Path) -> None:
    """Processes that keep starting others are all killed."""
    (folder / "storm.sh").write_text(
        'echo $$ >> pids\n[ "$1" = 0 ] || { sh storm.sh $(($1 - 1)) & }\nsleep 600 & wait\n'
    )
    line = "for n in 1 2 3 4 5 6 7 8; do sh storm.sh 6 & done; wait"
    run(line, folder, limits=Limits(0.5), hierarchies=hierarchies)
    assert_all_gone(folder, least=8)


@owned
def test_groups_made_by_the_test(hierarchies: Hierarchies, folder: Path) -> None:
    """Control groups that a test creates, as a nested bisector does, are removed with their processes."""
    tops = " ".join(str(top) for top in hierarchies.folders)
    line = (
        f"for top in {tops}; do for own in $top/bisector-{os.getpid()}-*; do mkdir $own/inner; done; done\n"
        "sleep 600 & echo $! >> pids\n"
        f"for top in {tops}; do echo $! > $(echo $top/bisector-{os.getpid()}-*/inner)/cgroup.procs; done"
    )
    assert run(line, folder, hierarchies=hierarchies).run.output == ""
    assert_all_gone(folder)


@owned
def test_interrupted(hierarchies: Hierarchies, folder: Path) -> None:
    """An exception that leaves `execute`, such as KeyboardInterrupt, leaves nothing behind."""

    def interrupt(so_far: Run) -> None:
        if pids_in(folder / "pids"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("$PYTHON daemon.py; sleep 600", folder, watch=interrupt, tick=0.01, hierarchies=hierarchies)
    assert_all_gone(folder)


@owned
def test_two_runs_at_once(hierarchies: Hierarchies, folder: Path) -> None:
    """A run that ends kills its own processes and not those of another run."""
    results: list[Execution] = []
    line = f"$PYTHON daemon.py; {WAIT_FOR_PIDS}; while [ ! -e stop ]; do sleep 0.01; done; exit 7"

    def long_one() -> None:
        results.append(run(line, folder, limits=Limits(30), hierarchies=hierarchies))

    thread = threading.Thread(target=long_one)
    thread.start()
    (pid,) = eventually(lambda: pids_in(folder / "pids"))
    run("sleep 600 & true", folder, hierarchies=hierarchies)
    assert is_running(pid)
    (folder / "stop").touch()
    thread.join()
    assert results[0].run.exit_code == 7
    assert_all_gone(folder)


@owned
def test_daemon_without_the_mark(hierarchies: Hierarchies, folder: Path) -> None:
    """A daemon that cleared its environment dies with its run."""
    run(f"env -i $PYTHON daemon.py; {WAIT_FOR_PIDS}", folder, hierarchies=hierarchies)
    assert_all_gone(folder)


@owned
def test_daemon_without_the_mark_beside_another_run(hierarchies: Hierarchies, folder: Path) -> None:
    """A daemon without the mark that works in its slot dies with its own run, and not with another one."""
    line = f"env -i $PYTHON daemon.py; {WAIT_FOR_PIDS}; while [ ! -e stop ]; do sleep 0.01; done"
    thread = threading.Thread(target=lambda: run(line, folder, limits=Limits(30), hierarchies=hierarchies))
    thread.start()
    (pid,) = eventually(lambda: pids_in(folder / "pids"))
    (folder / "other").mkdir()
    run("sleep 600 & true", folder / "other", hierarchies=hierarchies)
    assert is_running(pid)
    (folder / "stop").touch()
    thread.join()
    assert_all_gone(folder)


@owned
def test_children_of_others_are_left_alone(hierarchies: Hierarchies, folder: Path) -> None:
    """A process that this program started itself is neither killed nor waited for."""
    other = subprocess.Popen(["sleep", "600"])
    run("true", folder, hierarchies=hierarchies)
    assert other.poll() is None
    other.kill()
    assert other.wait() == -signal.SIGKILL


def dead_bisector(folder: Path, ownership: str) -> int:
    """Kill a bisector with SIGKILL during a run of two processes, and return its pid."""
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[3])\n"
        "from probe.running import OWNERSHIPS, run\n"
        f"line = '$PYTHON daemon.py; {WAIT_FOR_PIDS}; echo $$ >> pids; sleep 600'\n"
        "run(line, Path(sys.argv[1]), hierarchies=OWNERSHIPS[sys.argv[2]])"
    )
    tests = Path(__file__).parent.parent
    bisector = subprocess.Popen([PYTHON, "-c", program, str(folder), ownership, str(tests)])
    eventually(lambda: len(pids_in(folder / "pids")) == 2)
    bisector.kill()
    bisector.wait()
    return bisector.pid


@pytest.mark.alone
@pytest.mark.parametrize("ownership", OWNERSHIPS)
def test_what_a_dead_bisector_left(ownership: str, folder: Path) -> None:
    """The next start ends the processes of a killed bisector, and does not touch those of a living one."""
    owner = dead_bisector(folder, ownership)
    left = pids_in(folder / "pids")
    assert all(is_running(pid) for pid in left)

    def clean(so_far: Run) -> None:
        if not (folder / "cleaned").exists():
            assert clean_leftovers(OWNERSHIPS[ownership]) >= 1
            (folder / "cleaned").touch()

    line = "while [ ! -e cleaned ]; do sleep 0.01; done; exit 6"
    living = run(line, folder, watch=clean, limits=Limits(30), hierarchies=OWNERSHIPS[ownership])
    assert living.run.exit_code == 6
    eventually(lambda: not any(is_running(pid) for pid in left))
    assert not [group for group in groups() if f"-{owner}-" in group.name]


def test_orphans_are_adopted_only_while_a_tree_lives(tmp_path: Path) -> None:
    """Else the orphans of others stay here as zombies, which slow down each walk of `/proc`."""

    def adopts() -> int:
        found = ctypes.c_int()
        ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(found), 0, 0, 0)
        return found.value

    trees = [SampledTree(new_token(), tmp_path) for _ in range(2)]
    trees[0].remove()
    assert adopts() == 1
    trees[1].remove()
    assert adopts() == 0
