"""The user's own commands before and after a measurement."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bisector.engine.hooks import finish_pending, hooks
from bisector.errors import EnvironmentFault, HuntFileError, InfrastructureFault
from bisector.hunt_file.machine import Measure
from tests.probe.running import eventually

from .reading import lab


def noting(folder: Path, **other: Any) -> dict[str, Any]:
    """Keys of `measure` that record when they ran."""
    return {f"measure__{when}": f"echo {when} >> {folder}/notes" for when in ("before", "after")} | other


def notes(folder: Path) -> list[str]:
    return (folder / "notes").read_text().split()


@pytest.mark.parametrize("test", ["true", "exit 1", "kill -9 $$", "sleep 60"])
def test_around_every_reading(test: str, tmp_path: Path) -> None:
    """The hooks run before and after each test, whatever its result, and leave no files with the slots."""
    line = f"echo test >> {tmp_path}/notes; {test}"
    said = noting(tmp_path, test__timeout="300ms")
    with lab(tmp_path, line, engine={"fair_attempts": 0}, **said) as found:
        found.read()
        assert notes(tmp_path) == ["before", "test", "after"]
        assert not list((tmp_path / "slots").glob("*.after"))


def test_after_a_fault(tmp_path: Path) -> None:
    """If a reading meets a fault of the machine, `after` runs for each attempt."""
    with lab(tmp_path, "true", **noting(tmp_path)) as found:
        (tmp_path / "logs").rmdir()
        with pytest.raises(InfrastructureFault):
            found.read()
    assert notes(tmp_path) == ["before", "after"] * 3


def test_after_an_interrupt(tmp_path: Path) -> None:
    """`after` also runs on Ctrl-C."""
    measure = Measure(before="echo before >> notes", after="echo after >> notes")
    with pytest.raises(KeyboardInterrupt), hooks(measure, tmp_path, tmp_path):
        assert notes(tmp_path) == ["before"]
        raise KeyboardInterrupt
    assert notes(tmp_path) == ["before", "after"]


def test_before_fails(tmp_path: Path) -> None:
    """A `before` that fails stops the hunt with its last line, and `after` still runs."""
    measure = Measure(before="echo no such session >&2; exit 4", after="echo after >> notes")
    with (
        pytest.raises(EnvironmentFault, match=r"measure.before failed \(exit 4: no such session\); fix it"),
        hooks(measure, tmp_path, tmp_path),
    ):
        pytest.fail("ran what must not be measured")
    assert notes(tmp_path) == ["after"]


def test_what_after_starts_goes_on(tmp_path: Path) -> None:
    """A process that `after` starts outlives it and is not waited for."""
    measure = Measure(after="sleep 600 & echo $! > pid")
    with hooks(measure, tmp_path, tmp_path):
        pass
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """After SIGKILL of bisector, the next start runs its pending `after` once, but none of a living one."""
    program = (
        "import sys, time; from pathlib import Path\n"
        "from bisector.engine.hooks import hooks\nfrom bisector.hunt_file.machine import Measure\n"
        "folder = Path(sys.argv[1])\n"
        "measure = Measure(before='echo before >> notes', after=['sh', '-c', 'echo after >> notes'])\n"
        "with hooks(measure, folder, folder): time.sleep(600)"
    )
    bisector = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    eventually(lambda: (tmp_path / "notes").exists() and notes(tmp_path))
    finish_pending(tmp_path)
    assert notes(tmp_path) == ["before"]
    bisector.kill()
    bisector.wait()
    for _ in range(2):
        finish_pending(tmp_path)
        assert notes(tmp_path) == ["before", "after"]


def test_pending_that_fails(tmp_path: Path) -> None:
    """If a pending command fails, its record stays, and the message says how to remove it."""
    (tmp_path / "9.after").write_text('{"after": "exit 3", "folder": "/"}')
    for _ in range(2):
        with pytest.raises(EnvironmentFault, match=r"exit 3\); a killed hunt left it.*remove .*9\.after"):
            finish_pending(tmp_path)


def test_a_record_cut_short(tmp_path: Path) -> None:
    """A record whose owner died before it was written is ignored."""
    (tmp_path / "9.after").write_text("")
    finish_pending(tmp_path)
    assert not list(tmp_path.iterdir())


def test_pinned(tmp_path: Path) -> None:
    """Tests and all their processes run only on the given CPUs."""
    cpu = max(os.sched_getaffinity(0))
    line = f"sh -c 'exec {sys.executable} -c \"import os; print(os.sched_getaffinity(0))\"'"
    with lab(tmp_path, line, measure__cpus=[cpu]) as found:
        run = found.read().run
    assert run is not None and run.output == f"{{{cpu}}}\n"


def test_pinned_to_what_is_not_there(tmp_path: Path) -> None:
    """A CPU that the machine does not have is an error in the hunt file."""
    with (
        pytest.raises(
            HuntFileError, match=r"measure.cpus: CPU 4095 is not available to bisector; available: \d"
        ),
        lab(tmp_path, "true", measure__cpus=[0, 4095]),
    ):
        pass
