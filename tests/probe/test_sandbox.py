"""Real builds and tests in bubblewrap. `make tools` installs it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from bisector.errors import EnvironmentFault, InfrastructureFault
from bisector.history.worktree import Worktree
from bisector.predicate import Ending, Run
from bisector.probe.execution import Command, Execution, Limits, execute
from bisector.probe.hierarchies import Hierarchies
from bisector.probe.sandbox import Sandbox, private_tmp_of, require_entered
from tests.git_history import chain, write_history
from tests.worktrees import private

from .running import PYTHON, eventually, limited, owned


@pytest.fixture
def slot(tmp_path: Path) -> Path:
    """A worktree below /tmp, like its repository. The sandbox hides both."""
    ids = write_history(tmp_path / "repo", chain(2))
    worktree = Worktree(private(tmp_path / "repo"), tmp_path / "slots" / "1")
    worktree.create(ids["c1"])
    worktree.checkout(ids["c1"])
    return worktree.path


def run(line: str | tuple[str, ...], slot: Path, limits: Limits | None = None, **options: Any) -> Execution:
    """Execute a line in the sandbox, in its slot."""
    environment = {"PATH": os.environ["PATH"], "PYTHON": PYTHON, "XDG_RUNTIME_DIR": "/run/user/0"}
    readable = [slot.parents[2] / "repo-private"]
    command = Sandbox().confine(Command(line, slot, environment), slot, readable)
    return execute(command, limits or Limits(30), **options)


@owned
def test_a_test_runs_as_outside(hierarchies: Hierarchies, slot: Path) -> None:
    """A test finds its slot, can write there, and its exit code is returned."""
    found = run("cat c1 && echo made > out && exit 3", slot, hierarchies=hierarchies).run
    assert (found.output, found.exit_code) == ("c1", 3)
    assert (slot / "out").read_text() == "made\n"


@pytest.mark.parametrize(
    "path", ["/etc/written", "/usr/written", "../.bisector/config", "/proc/sys/kernel/domainname"]
)
def test_nothing_else_can_be_written(path: str, slot: Path) -> None:
    """The system, the kernel and the settings of bisector's own git in the slot cannot be written."""
    before = (slot.parent / ".bisector/config").read_text()
    assert run(f"echo written > {path} || exit 7", slot).run.exit_code == 7
    assert (slot.parent / ".bisector/config").read_text() == before


def test_a_build_may_go_beside_the_work_tree(slot: Path) -> None:
    """In the sandbox too, the folder around the work tree belongs to the slot."""
    assert run("mkdir ../build && echo made > ../build/out", slot).run.exit_code == 0
    assert (slot.parent / "build/out").read_text() == "made\n"


@pytest.mark.parametrize("path", ["/dev/written", "/run/written", "../../written", "../../../repo/written"])
def test_what_is_written_elsewhere_is_not_seen_outside(path: str, slot: Path) -> None:
    """Files that are written next to the slot are visible only in the sandbox."""
    run(f"echo written > {path}", slot)
    assert not (slot / path).exists()


def test_git_changes_the_slots_own_repository(slot: Path) -> None:
    """A build may ask git for its version, and create tags, without changing the user's repository."""
    found = run("git log -1 --format=%s && git tag written && git describe --tags", slot).run
    assert (found.output, found.exit_code) == ("c1\nwritten\n", 0)
    assert not (slot.parents[2] / "repo/.git/refs/tags/written").exists()


def test_no_network(slot: Path) -> None:
    """Not even this machine can be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        line = f"$PYTHON -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}), 5)'"
        assert "ConnectionRefusedError" in run(line, slot).run.output


def test_private_tmp(slot: Path) -> None:
    """/tmp is empty, invisible to others, and its files are gone with the next command."""
    line = 'ls -A /tmp/left $TMPDIR; [ -z "$XDG_RUNTIME_DIR" ] && touch /tmp/left && ls -A /run'
    for _ in range(2):
        found = run(line, slot).run
        assert "/tmp/left': No such file" in found.output
        assert found.exit_code == 0
    assert not Path("/tmp/left").exists()
    assert (private_tmp_of(slot) / "left").exists()


def test_no_privileges(slot: Path) -> None:
    """Nothing in the sandbox has a capability or can get one, whichever user runs bisector."""
    output = run(
        "grep -E 'CapEff|CapPrm|NoNewPrivs' /proc/self/status; mount -o remount,rw /", slot
    ).run.output
    assert output.count("0000000000000000") == 2
    assert "NoNewPrivs:\t1" in output


def test_processes_of_others_are_not_seen(slot: Path) -> None:
    """The sandbox has its own process ids."""
    assert len(run("ls /proc | grep -c '^[0-9]'", slot).run.output) <= 2


@owned
def test_killed_with_its_tree(hierarchies: Hierarchies, slot: Path) -> None:
    """No process in a sandbox survives its run."""
    (slot / "storm.sh").write_text('[ "$1" = 0 ] || { sh storm.sh $(($1 - 1)) & }\nexec sleep 6060\n')
    line = "setsid sh storm.sh 5 & sh storm.sh 5 & wait"
    assert run(line, slot, Limits(0.7), hierarchies=hierarchies).run.ending is Ending.TIMEOUT
    assert not running("sleep", "6060")


def running(*words: str) -> list[str]:
    """The processes that have these arguments."""
    found = []
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if arguments.read_text().split("\0")[:-1] == [*words]:
                found.append(arguments.parent.name)
    return found


@limited
def test_memory_is_held_and_measured(hierarchies: Hierarchies, slot: Path) -> None:
    """The limit applies as it does outside, and files in its /tmp do not count as memory of the test."""
    hold = "$PYTHON -c 'held = bytearray(80 << 20)'"
    found = run(hold, slot, Limits(30, 40 << 20), hierarchies=hierarchies).run
    assert (found.ending, found.oom_kills) == (Ending.MEMORY_LIMIT, 1)
    filed = run(f"head -c 100000000 /dev/zero > /tmp/file; {hold}", slot, hierarchies=hierarchies).run
    assert filed.peak_memory is not None and 80 << 20 < filed.peak_memory < 110 << 20


@owned
def test_user_time_is_measured(hierarchies: Hierarchies, slot: Path) -> None:
    """CPU time that is used in the sandbox counts."""
    line = "$PYTHON -c 'import time\nwhile time.process_time() < 0.25: pass'"
    used = run(line, slot, hierarchies=hierarchies).run
    assert 0.2 < used.user + used.system < 0.6


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("no-such-program",), 127),
        ("./c1", 126),
        (("printf", "%s|", "a  b", "$HOME"), 0),
        ("kill -SEGV $$", 139),
    ],
)
def test_exit_codes(line: str | tuple[str, ...], code: int, slot: Path) -> None:
    """Exit codes are those of a shell: a signal becomes 128 plus its number."""
    (slot / "c1").chmod(0o644)
    found = run(line, slot).run
    assert found.exit_code == code
    if isinstance(line, tuple) and code == 0:
        assert found.output == "a  b|$HOME|"


def test_dies_with_bisector(slot: Path) -> None:
    """A sandbox does not outlive a bisector that is killed."""
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.probe.test_sandbox import run\n"
        "run('sh -c \"echo in > in; exec sleep 7070\"', Path(sys.argv[1]))"
    )
    bisector = subprocess.Popen([sys.executable, "-c", program, str(slot)])
    eventually((slot / "in").exists)
    bisector.kill()
    bisector.wait()
    eventually(lambda: not running("sleep", "7070"))


def test_what_bubblewrap_cannot_set_up(slot: Path) -> None:
    """A sandbox that cannot be started gives no verdict on the command."""
    command = Sandbox().confine(Command("true", slot, {"PATH": os.environ["PATH"]}), slot, [])
    shutil.rmtree(private_tmp_of(slot))
    with pytest.raises(InfrastructureFault, match="bubblewrap failed: bwrap: .*tree-tmp"):
        require_entered(execute(command).run)


def test_a_test_that_fails_is_no_fault() -> None:
    """Exit code 1 with another message belongs to the test."""
    require_entered(Run(1.0, 0.0, 0.0, ending=Ending.EXITED, exit_code=1, output="FAIL: bwrap: no\n"))


def test_bubblewrap_missing(tmp_path: Path) -> None:
    """The message says what to install."""
    with pytest.raises(
        EnvironmentFault, match="needs bubblewrap, which is not installed; install the package"
    ):
        Sandbox(path=str(tmp_path))


def test_bubblewrap_without_namespaces(tmp_path: Path) -> None:
    """The message repeats the one of bubblewrap and names the settings to change."""
    (tmp_path / "bwrap").write_text(
        "#!/bin/sh\necho bwrap: No permissions to create new namespace >&2; exit 1\n"
    )
    (tmp_path / "bwrap").chmod(0o755)
    with pytest.raises(EnvironmentFault, match=r"\(bwrap: No permissions.*\); allow user namespaces"):
        Sandbox(path=str(tmp_path))


@pytest.mark.skipif(os.getuid() != 0, reason="all the other tests here run as a user already")
def test_as_a_user(slot: Path) -> None:
    """Without root, the same sandbox is created in a user namespace."""
    for folder in (slot, *slot.parents):
        if folder.owner() == "root" and folder.is_relative_to(tempfile.gettempdir() + "/"):
            folder.chmod(0o777)
    line = "touch mine; touch /etc/x || id -u"
    command = Sandbox().confine(Command(line, slot, {"PATH": os.environ["PATH"]}), slot, [])
    done = subprocess.run(
        command.words, user=65534, group=65534, extra_groups=[], check=False, capture_output=True, text=True
    )
    assert done.stdout == "65534\n", done.stderr
    assert (slot / "mine").stat().st_uid == 65534
