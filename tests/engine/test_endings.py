"""Every way in which a test can end: judged, untestable, or not the fault of the commit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bisector.errors import EnvironmentFault, InfrastructureFault
from bisector.predicate import Bad, Good, Judgement, Untestable
from bisector.probe.hierarchies import detect
from bisector.probe.step import Step
from tests.probe.running import is_running

from .reading import lab

HOLD = f"{sys.executable} -c 'import time; held = bytearray(80 << 20); time.sleep(1)'"
SMALL = {"test__memory": "40MiB"}
BELIEVING = {"fair_attempts": 0}
"""The effect of load on verdicts is tested in test_fair_readings."""
MARKERS = {"name": "markers_within", "within": "200ms"}
DAEMON = f"""{sys.executable} -c '
import os, time
os.fork() and os._exit(0)
os.setsid()
os.fork() and os._exit(0)
open("daemon", "w").write(str(os.getpid()))
time.sleep(600)'"""

ENDINGS = [
    pytest.param("true", {}, Good, "exit code 0", id="exit 0"),
    pytest.param("exit 3", {}, Bad, "exit code 3", id="exit n"),
    pytest.param("exit 125", {}, Untestable, "exit code 125", id="exit 125"),
    pytest.param("kill -SEGV $$", {}, Bad, r"killed by signal 11 \(SIGSEGV\)", id="signal"),
    pytest.param(
        "sh -c 'kill -SEGV $$'; exit $?", {}, Bad, r"139 \(what a shell returns for SIGSEGV", id="in shell"
    ),
    pytest.param(
        "kill -KILL $$", {"predicate": "no_oom"}, Untestable, "not at the memory limit", id="SIGKILL"
    ),
    pytest.param("timeout 0.1 sleep 9", {}, Bad, r"exit code 124 \(what `timeout` in", id="own timeout"),
    pytest.param(
        "timeout 0.1 sleep 9; echo 0/0",
        {"predicate": "scoreboard"},
        Untestable,
        "no score, or a score with zero tests",
        id="own timeout, nothing captured",
    ),
    pytest.param("sleep 60", {"test__timeout": "200ms"}, Bad, "the hunt's timeout", id="hunt's timeout"),
    pytest.param(
        "trap '' TERM INT HUP; while :; do sleep 1; done",
        {"test__timeout": "200ms", "predicate": "no_oom"},
        Untestable,
        "the hunt's timeout",
        id="timeout is no OOM",
    ),
    pytest.param(HOLD, SMALL, Bad, "hunt's memory limit", id="memory limit"),
    pytest.param(HOLD, {**SMALL, "predicate": "no_oom"}, Bad, "at the memory limit", id="OOM"),
    pytest.param(f"{HOLD}; true", {**SMALL, "predicate": "no_oom"}, Bad, "at the memory", id="OOM survived"),
    pytest.param(
        HOLD, {"test__memory": "300MiB", "predicate": "no_oom"}, Good, "without running out", id="no OOM"
    ),
    pytest.param("echo '(ok-len 1'; sleep 60", {"predicate": MARKERS}, Good, "1 marker within", id="marker"),
    pytest.param("sleep 60", {"predicate": MARKERS}, Bad, "0 of 1 marker within 0.2 s", id="marker missing"),
    pytest.param(
        "true", {"predicate": MARKERS}, Bad, "0 of 1 marker when the test ended", id="ended without"
    ),
    pytest.param("exec yes", {"test__output": "1MiB"}, Untestable, "printed too much", id="flood"),
    pytest.param(
        "f() { [ $1 = 0 ] || { f $(($1 - 1)) & f $(($1 - 1)) & }; sleep 60; }; f 7",
        {"test__timeout": "300ms"},
        Bad,
        "timeout",
        id="fork storm",
    ),
    pytest.param(f"{DAEMON}; until [ -s daemon ]; do :; done", {}, Good, "exit code 0", id="daemon"),
    pytest.param("no-such-program", {}, Untestable, r"was not found \(exit 127\)", id="binary missing"),
    pytest.param(["no-such-program"], {}, Untestable, r"was not found \(exit 127\)", id="binary, no shell"),
    pytest.param("./gone.sh", {}, Untestable, r"was not found \(exit 127\)", id="script missing"),
    pytest.param("chmod -x run.sh; ./run.sh", {}, Untestable, r"cannot be executed \(exit 126\)", id="no x"),
    pytest.param("./elsewhere", {}, Untestable, "was not found", id="interpreter missing"),
    pytest.param("true", {"test__folder": "gone"}, Untestable, "the test's folder gone", id="folder missing"),
    pytest.param("true", {"build__command": "exit 2"}, Untestable, "the build fails", id="no build"),
]
FILES = {"run.sh": "#!/bin/sh\n", "elsewhere": "#!/no/such/interpreter\n"}


@pytest.mark.parametrize(("test", "said", "kind", "why"), ENDINGS)
def test_judged_or_untestable(
    test: object, said: dict[str, Any], kind: type[Judgement], why: str, tmp_path: Path
) -> None:
    """Each ending of a real process gives the expected judgement, with its reason."""
    with lab(tmp_path, test, FILES, engine=BELIEVING, **said) as found:
        judgement = found.read().judgement
    assert isinstance(judgement, kind)
    assert re.search(why, judgement.why)


def test_nothing_is_left_of_a_daemon(tmp_path: Path) -> None:
    """A daemon that a good test leaves behind is gone after the reading."""
    with lab(tmp_path, f"{DAEMON}; until [ -s daemon ]; do :; done; cat daemon") as found:
        reading = found.read()
    assert reading.run is not None
    assert not is_running(int(reading.run.output))


@pytest.mark.parametrize(
    "command",
    [
        "no-such-tool --flag",
        ["no-such-tool"],
        "cd . && no-such-tool",
        "if true; then no-such-tool; fi",
        "true; A=1 no-such-tool",
    ],
)
def test_build_tool_missing(command: object, tmp_path: Path) -> None:
    """A build tool that the machine lacks stops the hunt. Otherwise every commit would be untestable."""
    with (
        lab(tmp_path, "true", build__command=command) as found,
        pytest.raises(EnvironmentFault, match="needs `no-such-tool`, which is not on PATH"),
    ):
        found.read()


@pytest.mark.parametrize("command", ["if true; then exit 127; fi", "sh -c no-such-tool", "sh gone/build.sh"])
def test_words_of_the_shell_are_no_tools(command: str, tmp_path: Path) -> None:
    """If all programs of the command line exist, exit 127 of a build is an ordinary failure."""
    with lab(tmp_path, "true", build__command=command) as found:
        assert isinstance(found.read().judgement, Untestable)


def test_log_cannot_be_written(tmp_path: Path) -> None:
    """A fault of the machine is retried, then raised. It is never a judgement."""
    with lab(tmp_path, "true") as found:
        shutil.rmtree(tmp_path / "logs")
        with pytest.raises(InfrastructureFault, match="cannot write the log"):
            found.read()
        assert len(found.told(Step.RETRYING)) == 2


def test_a_fault_that_passes(tmp_path: Path) -> None:
    """A fault that is gone at the second attempt does not appear in the reading."""

    def mend(step: Step) -> None:
        if step is Step.RETRYING:
            (tmp_path / "logs").mkdir()

    with lab(tmp_path, "true", on_step=mend) as found:
        shutil.rmtree(tmp_path / "logs")
        assert isinstance(found.read().judgement, Good)
        assert len(found.told(Step.RETRYING)) == 1


@pytest.mark.alone
@pytest.mark.skipif(not detect().memory, reason="needs a version 1 memory controller to be made small")
@pytest.mark.parametrize(
    ("wanted", "others", "said"),
    [
        pytest.param(
            600, 0, "fault: the machine ran out of memory and killed a process of the test", id="alone"
        ),
        pytest.param(170, 3, "judged Good", id="crowded at first"),
    ],
)
def test_machine_out_of_memory(wanted: int, others: int, said: str, tmp_path: Path) -> None:
    """If the whole machine is out of memory, the kill is a fault and not a verdict.

    The machine is a memory group for the bisector of this test and other processes. These leave when the test
    is retried. A test below the limit is good when it is alone.
    """
    top = detect().memory
    assert top
    machine = top / f"test-machine-{os.getpid()}"
    machine.mkdir()
    program = (
        "import subprocess, sys; from pathlib import Path\n"
        f"open('{machine}/cgroup.procs', 'w').write(str(__import__('os').getpid()))\n"
        "from bisector.probe.step import Step\n"
        "from tests.engine.reading import lab\nfrom bisector.errors import InfrastructureFault\n"
        f"open('{machine}/memory.limit_in_bytes', 'w').write(str(300 << 20))\n"
        f"hold = sys.executable + ' -c \"held = bytearray({wanted} << 20)\"; exit $?'\n"
        "other = 'held = bytearray(60 << 20); print(flush=True); input()'\n"
        "def start(): return subprocess.Popen([sys.executable, '-c', other], stdin=-1, stdout=-1)\n"
        f"others = [start() for _ in range({others})]\n"
        "for one in others: one.stdout.readline()\n"
        "def leave(step): step is Step.RETRYING and [one.communicate(b'\\n') for one in others]\n"
        "said = {'test__memory': '2GiB', 'predicate': 'no_oom'}\n"
        "with lab(Path(sys.argv[1]), hold, on_step=leave, **said) as found:\n"
        "    try: print('judged', found.read().judgement, len(found.told(Step.RETRYING)))\n"
        "    except InfrastructureFault as fault: print('fault:', fault)\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert done.stdout.startswith(said), done.stderr
        assert not others or done.stdout.endswith(" 1\n"), "it was not crowded"
    finally:
        machine.rmdir()
