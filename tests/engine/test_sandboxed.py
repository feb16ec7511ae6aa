"""A hunt with `sandbox: bwrap`, from build to judgement."""

from __future__ import annotations

import os
from pathlib import Path

from bisector.predicate import Bad, Good, Untestable
from bisector.probe.step import Step

from .reading import lab

FILES = {".gitignore": "out\n", "build.sh": "git rev-parse HEAD > out\n", "README": "read me"}


def test_built_and_tested_inside(tmp_path: Path) -> None:
    """The test and the store get the outputs of the build. After the hunt, nothing is left."""
    said = {"sandbox": "bwrap", "build__command": "sh build.sh", "build__outputs": ["out"]}
    with lab(tmp_path, "test $(cat out) = $BISECTOR_COMMIT && touch /tmp/x", FILES, **said) as found:
        reading = found.read()
        assert isinstance(reading.judgement, Good)
        assert reading.digest
    assert not (tmp_path / "slots").exists()


def test_a_build_that_needs_the_network(tmp_path: Path) -> None:
    """A build that fails in the sandbox is untestable, with its own message."""
    line = "echo 'error: no network' >&2; tail -n +3 /proc/net/dev | grep -v lo:"
    with lab(tmp_path, "true", FILES, sandbox="bwrap", build__command=line) as found:
        judgement = found.read().judgement
    assert isinstance(judgement, Untestable)
    assert judgement.why == "the build fails (exit 1): error: no network"


def test_a_test_that_harms(tmp_path: Path) -> None:
    """A test that tries to write to the repository fails, and the repository is unchanged."""
    harm = f"echo harm > {tmp_path}/repo/.git/config || exit 9"
    with lab(tmp_path, harm, FILES, sandbox="bwrap") as found:
        judgement = found.read().judgement
    assert isinstance(judgement, Bad) and "exit code 9" in judgement.why
    assert "harm" not in (tmp_path / "repo/.git/config").read_text()


def test_limits_and_pins_hold_inside(tmp_path: Path) -> None:
    """Timeout, memory limit and CPUs of the hunt apply."""
    said = {"sandbox": "bwrap", "test__timeout": "1s", "measure__cpus": [min(os.sched_getaffinity(0))]}
    with lab(tmp_path, "nproc; sleep 60", FILES, engine={"fair_attempts": 0}, **said) as found:
        reading = found.read()
        assert [step for step, _ in found.steps].count(Step.RETRYING) == 0
    assert "the hunt's timeout" in reading.judgement.why
    assert reading.run is not None and reading.run.output == "1\n"


def test_what_the_hunt_shows_can_be_read_and_not_written(tmp_path: Path) -> None:
    """Also if the slot is in the same folder, which stays writable."""
    script = "echo ran; ! echo changed >$0\n"
    (tmp_path / "tool").write_text(script)
    line = f"sh {tmp_path}/tool && touch made"
    with lab(tmp_path, line, FILES, sandbox="bwrap", sandbox_reads=[str(tmp_path)]) as found:
        assert isinstance(found.read().judgement, Good)
    assert (tmp_path / "tool").read_text() == script
