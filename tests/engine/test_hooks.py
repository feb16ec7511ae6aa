"""The user's own commands before and after what is measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bisector.engine.hooks import finish_pending, hooks
from bisector.errors import EnvironmentFault, HuntFileError, InfrastructureFault
from bisector.hunt_file.model import Measure
from tests.probe.running import eventually

from .reading import lab


def noting(folder: Path, **other: Any) -> dict[str, Any]:
    """`measure` keys that write down when they ran."""
    return {f"measure__{when}": f"echo {when} >> {folder}/notes" for when in ("before", "after")} | other


def notes(folder: Path) -> list[str]:
    return (folder / "notes").read_text().split()


@pytest.mark.parametrize("test", ["true", "exit 1", "kill -9 $$", "sleep 60"])
def test_around_every_reading(test: str, tmp_path: Path) -> None:
    """Before the test and after it, whatever came of it, without a trace in the slots' folder."""
    line = f"echo test >> {tmp_path}/notes; {test}"
    said = noting(tmp_path, test__timeout="300ms")
    with lab(tmp_path, line, engine={"fair_attempts": 0}, **said) as found:
        found.read()
        assert notes(tmp_path) == ["before", "test", "after"]
        assert not list((tmp_path / "slots").glob("*.after"))


def test_after_a_fault(tmp_path: Path) -> None:
    """Each attempt of a reading that meets a fault of the machine is undone."""
    with lab(tmp_path, "true", **noting(tmp_path)) as found:
        (tmp_path / "logs").rmdir()
        with pytest.raises(InfrastructureFault):
            found.read()
    assert notes(tmp_path) == ["before", "after"] * 3


def test_after_an_interrupt(tmp_path: Path) -> None:
    """Ctrl-C in the middle is undone too."""
    measure = Measure(before="echo before >> notes", after="echo after >> notes")
    with pytest.raises(KeyboardInterrupt), hooks(measure, tmp_path, tmp_path):
        assert notes(tmp_path) == ["before"]
        raise KeyboardInterrupt
    assert notes(tmp_path) == ["before", "after"]


def test_before_fails(tmp_path: Path) -> None:
    """A `before` that fails stops the hunt with its last line, and is undone all the same."""
    measure = Measure(before="echo no such session >&2; exit 4", after="echo after >> notes")
    with (
        pytest.raises(EnvironmentFault, match=r"measure.before fails \(exit 4: no such session\); mend it"),
        hooks(measure, tmp_path, tmp_path),
    ):
        pytest.fail("ran what must not be measured")
    assert notes(tmp_path) == ["after"]


def test_what_after_starts_goes_on(tmp_path: Path) -> None:
    """Work that `after` takes up again outlives it and is not waited for."""
    measure = Measure(after="sleep 600 & echo $! > pid")
    with hooks(measure, tmp_path, tmp_path):
        pass
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """After kill -9 of bisector the next start runs what was left, once; a living one's is left alone."""
    program = (
        "import sys, time; from pathlib import Path\n"
        "from bisector.engine.hooks import hooks\nfrom bisector.hunt_file.model import Measure\n"
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
    """What cannot be made good stays on record, and the message says how to be rid of it."""
    (tmp_path / "9.after").write_text('{"after": "exit 3", "folder": "/"}')
    for _ in range(2):
        with pytest.raises(EnvironmentFault, match=r"exit 3\); a hunt that was killed.*remove .*9\.after"):
            finish_pending(tmp_path)


def test_a_record_cut_short(tmp_path: Path) -> None:
    """A record whose owner died before it was written asks for nothing."""
    (tmp_path / "9.after").write_text("")
    finish_pending(tmp_path)
    assert not list(tmp_path.iterdir())


def test_pinned(tmp_path: Path) -> None:
    """Tests are kept to the CPUs asked for, with all that they start."""
    cpu = max(os.sched_getaffinity(0))
    line = f"sh -c 'exec {sys.executable} -c \"import os; print(os.sched_getaffinity(0))\"'"
    with lab(tmp_path, line, measure__cpus=[cpu]) as found:
        run = found.read().run
    assert run is not None and run.output == f"{{{cpu}}}\n"


def test_pinned_to_what_is_not_there(tmp_path: Path) -> None:
    """A CPU that the machine does not have is the hunt file's mistake."""
    with (
        pytest.raises(HuntFileError, match=r"measure.cpus: there is no CPU 4095 for bisector; there are \d"),
        lab(tmp_path, "true", measure__cpus=[0, 4095]),
    ):
        pass
