"""Readings of commits with a `setup`: every test starts from what was installed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bisector.engine.reader import Reader
from bisector.errors import HuntFileError
from bisector.predicate import Good, Untestable
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.probe import prober
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from bisector.probe.step import Step
from tests.engine.reading import Lab, lab
from tests.git_history import chain, git, write_history

IGNORED = {".gitignore": "deps/\nout\n", "lock": "1"}


def setup_of(folder: Path, command: str = "mkdir deps && cp lock deps/lock") -> dict[str, Any]:
    """A section that counts its runs in `folder`/runs and keeps `deps`."""
    return {"command": f"echo run >>{folder}/runs; {command}", "key": ["lock"], "keeps": ["deps"]}


def runs(folder: Path) -> int:
    """How often the section has run."""
    return len((folder / "runs").read_text().splitlines())


def is_good(reading: Reading) -> bool:
    """Whether the test passed."""
    return isinstance(reading.judgement, Good)


LEFT = {
    "a new file": "test ! -e deps/x && touch deps/x",
    "a changed file": "grep -q 1 deps/lock && echo 2 >deps/lock",
    "a removed file": "rm deps/lock",
    "a removed folder": "rm -r deps",
    "a changed mode": "test -w deps/lock && chmod a-w deps/lock",
}


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("outputs", [None, [], ["out"]], ids=["no build", "no outputs", "outputs"])
def test_what_a_test_does_to_it_is_gone_before_the_next(
    tmp_path: Path, left: str, outputs: list[str] | None
) -> None:
    """A test that passes once passes every time, at this commit and at the next, without another run."""
    write_history(tmp_path / "repo", chain(2, {0: IGNORED, 1: {"n": "1"}}))
    said = {} if outputs is None else {"build__command": "echo 1 >out", "build__outputs": outputs}
    test = f"test -w deps/lock && {LEFT[left]}"
    with lab(tmp_path, test, setup=setup_of(tmp_path), **said) as here:
        for commit in ("HEAD", "HEAD", "HEAD~1", "HEAD"):
            here.commit = git(tmp_path / "repo", "rev-parse", commit).strip()
            for _ in range(2):
                assert is_good(here.read()), commit
    assert runs(tmp_path) == 1


def test_only_a_clean_setup_confirms(tmp_path: Path) -> None:
    """A hunt without a build has clean readings only from a setup that ran for the commit's own tree."""
    write_history(tmp_path / "repo", chain(2, {0: IGNORED, 1: {"n": "1"}}))
    with lab(tmp_path, "true", setup=setup_of(tmp_path)) as here:
        second = here.commit
        here.commit = git(tmp_path / "repo", "rev-parse", "HEAD~1").strip()
        first = here.read()
        here.commit = second
        assert not first.clean and not here.read().clean
        assert runs(tmp_path) == 1
        for _ in range(2):
            again = here.engine.read(Request(second, Role.CONFIRMATION, clean=True))
            assert again.clean and is_good(again)
        assert runs(tmp_path) == 2


def test_a_failure_is_told_with_its_log(tmp_path: Path) -> None:
    """The log that the reading names is that of the section."""
    said = {"setup": setup_of(tmp_path, "echo error: no such thing; exit 1")}
    with lab(tmp_path, "true", IGNORED, **said) as here:
        reading = here.read()
    assert reading.judgement == Untestable("the setup fails (exit 1): error: no such thing")
    assert reading.log and "no such thing" in reading.log.read_text()
    assert not reading.clean


@pytest.mark.parametrize(("files", "line"), [(1, "[out, deps/gen/0]"), (6, "[out, deps/gen]")])
def test_what_a_build_adds_to_it_and_the_test_needs_is_to_be_declared(
    tmp_path: Path, files: int, line: str
) -> None:
    """Restored outputs meet only what was installed, so the hunt says what is missing."""
    make = f"touch out; mkdir deps/gen; for n in $(seq 0 {files - 1}); do touch deps/gen/$n; done"
    said = {"setup": setup_of(tmp_path), "build__command": make, "build__outputs": ["out"]}
    with (
        lab(tmp_path, "test -e deps/gen/0", IGNORED, **said) as here,
        pytest.raises(HuntFileError) as refusal,
    ):
        here.engine.read(Request(here.commit, Role.PREMISE))
    assert f"write `outputs: {line}`" in str(refusal.value)


def test_two_slots_install_once(tmp_path: Path) -> None:
    """The second reader waits for the first, and takes what that has installed."""
    begun: list[Step] = []

    def both(step: Step) -> None:
        begun.append(step)
        if begun.count(Step.LAYING_OUT) == 2:
            (tmp_path / "both").touch()

    command = f"until test -e {tmp_path}/both; do sleep 0.05; done; mkdir deps && cp lock deps"
    said = {"setup": setup_of(tmp_path, command), "on_step": both}
    with lab(tmp_path, "test -e deps/lock", IGNORED, **said) as here, ThreadPoolExecutor(2) as threads:
        request = Request(here.commit, Role.SEARCH)
        readings = threads.map(lambda reader: reader.read(request), [here.engine, another(here)])
        assert all(map(is_good, readings))
    assert runs(tmp_path) == 1


def another(here: Lab) -> Reader:
    """A second reader of the same hunt, as a second job has."""
    builds = Builds(here.setup, here.builds.kept._identity, ArtefactStore(here.folder / "store"))
    return Reader(prober(builds, here.engine._prober.judge), here.slots)
