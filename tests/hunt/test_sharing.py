"""A hunt detects good and bad that affect each other outside their slots, and never says "no regression"."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bisector.hunt.sharing import cold_ratio, reference_jumps
from bisector.predicate import Ending, Measured, Run
from bisector.probe.outside import written_since
from bisector.probe.reading import Reading, Role
from predicates.peak_memory import PeakMemory
from predicates.wall_time import WallTime
from tests.git_history import Node, write_history

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


def readings(references: Sequence[float], minute: int) -> list[Reading]:
    """One reading per minute, with these times for the runs of the reference."""
    return [
        Reading(
            "c0",
            Role.PREMISE,
            Measured(1.0, "alike"),
            BEGAN + timedelta(minutes=minute + at),
            reference=Run(wall, wall, 0.0, ending=Ending.EXITED, exit_code=0),
        )
        for at, wall in enumerate(references)
    ]


@pytest.mark.parametrize(
    ("good", "bad", "jumps"),
    [
        ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], True),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], False),
        ([1.0, 1.0, 1.0], [2.0, 1.0, 1.0], False),
        ([1.0, 1.9, 1.0], [2.0, 2.0, 2.0], False),
        ([2.0, 2.0, 2.0], [1.0, 1.0, 1.0], False),
        ([], [1.0], False),
    ],
)
def test_a_reference_that_jumps(good: list[float], bad: list[float], jumps: bool) -> None:
    """Only a reference that is slower next to bad in every run shows that something is shared."""
    predicate = WallTime(WallTime.Options.model_validate({"ratio": 1.25}))
    found = reference_jumps(readings(good, 0), readings(bad, 10), predicate, 1.25)
    assert (found is not None) == jumps


def test_good_read_again_after_bad_says_nothing_of_before() -> None:
    """Runs of good after bad was built are not compared with the runs of bad before."""
    predicate = WallTime(WallTime.Options.model_validate({"ratio": 1.25}))
    assert reference_jumps(readings([2.0], 20), readings([2.0], 10), predicate, 1.25) is None


def test_what_was_written_outside_is_named(tmp_path: Path) -> None:
    """New and changed entries of shared folders are named, two levels deep; old ones and our own are not."""
    home = tmp_path / "home"
    for path in ("old", "new", ".cache/tool", "mine/below"):
        (home / path).mkdir(parents=True)
    (home / "old/kept").touch()
    environment = {"HOME": str(home), "TMPDIR": str(tmp_path / "none")}
    mine = [home / "mine/below"]

    def seen(since: float) -> list[Path]:
        return [path for path in written_since(since, environment, mine) if path.is_relative_to(home)]

    assert set(seen(0.0)) == {home / "old", home / "new", home / ".cache/tool"}
    assert not seen(time.time() + 60)


def test_a_build_folder_outside_of_the_slots(tmp_path: Path) -> None:
    """If two slots build into one folder elsewhere, the hunt is inconclusive and names the folder."""
    place = tmp_path / "shared"
    place.mkdir()
    write_history(
        tmp_path / "repo",
        [
            Node(f"c{n}", [f"c{n - 1}"] if n else [], {"app": f"echo work: {200 if n else 100}", "n": str(n)})
            for n in range(3)
        ],
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bisector", "run", "--json", "--repo", str(tmp_path / "repo")),
            *("--good", "HEAD~2", "--bad", "HEAD", "--scratch", str(tmp_path / "scratch")),
            *("--build", f"cp app {place}/app", "--test", f"sh {place}/app", "--predicate", "counter"),
            *("--set", r"predicate.pattern='work: (?P<value>\d+)'"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "2.00x" in done.stdout
    assert str(place) in done.stdout


CACHED = 'value=$HOME/.cache/app/value; mkdir -p "$HOME/.cache/app"; test -e "$value" || {work} >"$value"\n'
"""A test that uses the value that an earlier run left in the home folder."""


@pytest.mark.parametrize(
    ("good", "bad", "found"),
    [
        ([80, 20, 20, 20], [160, 20, 20], 2.0),
        ([80, 20, 20, 20], [80, 20, 20], None),
        ([20, 20, 20, 20], [160, 20, 20], 8.0),
        ([20, 26, 20, 20], [160, 20, 20], None),
        ([80, 20, 20, 20], [160, 160, 160], None),
        ([80, 20, 20, 20], [160], None),
    ],
)
def test_first_runs_that_fill_a_cache(good: list[int], bad: list[int], found: float | None) -> None:
    """The first runs of good and bad differ from all later ones, and by the step. Wall time never counts.

    If all other runs are alike, the first run of bad is enough.
    """

    def runs(counts: list[int], minute: int) -> list[Reading]:
        return [
            replace(one, run=replace(one.reference, peak_memory=count << 20), reference=None)
            for one, count in zip(readings(counts, minute), counts, strict=True)
        ]

    by_memory = PeakMemory(PeakMemory.Options.model_validate({"ratio": 1.3}))
    assert cold_ratio(runs(good, 0), runs(bad, 9), by_memory, 1.3) == found
    by_wall_time = WallTime(WallTime.Options.model_validate({"ratio": 1.3}))
    assert cold_ratio(runs(good, 0), runs(bad, 9), by_wall_time, 1.3) is None


@pytest.mark.parametrize(
    ("test", "options"),
    [
        (CACHED.format(work="cat n") + 'test "$(cat "$value")" -lt 1\n', ()),
        (
            CACHED.format(work="echo $((100 + 100 * $(cat n)))") + 'echo "work: $(cat "$value")"\n',
            ("--predicate", "counter", "--set", r"predicate.pattern='work: (?P<value>\d+)'"),
        ),
        (
            'warm=$HOME/.cache/app/warm; mkdir -p "$HOME/.cache/app"; work=$((100 + 100 * $(cat n)))\n'
            'test -e "$warm" && work=20; touch "$warm"; echo "work: $work"\n',
            ("--predicate", "counter", "--set", r"predicate.pattern='work: (?P<value>\d+)'"),
        ),
    ],
)
def test_a_cache_in_the_home_folder(tmp_path: Path, test: str, options: tuple[str, ...]) -> None:
    """If the first run fills a cache that makes both endpoints look the same, the hunt says so."""
    home = tmp_path / "home"
    home.mkdir()
    nodes = [Node("c0", [], {"n": "0", "t.sh": test}), Node("c1", ["c0"], {"n": "1", "t.sh": test})]
    write_history(tmp_path / "repo", nodes)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bisector", "run", "--json", "--repo", str(tmp_path / "repo")),
            *("--good", "HEAD~1", "--bad", "HEAD", "--scratch", str(tmp_path / "scratch")),
            *("--test", "sh t.sh", *options),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "HOME": str(home)},
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "empty home folder" in done.stdout
    assert str(home / ".cache") in done.stdout


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(("reads", "code"), [(True, 5), (False, 3)])
def test_a_file_elsewhere_that_the_first_run_decides(tmp_path: Path, reads: bool, code: int) -> None:
    """Whoever writes it first decides for all; only what the test reads shows that it is shared."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    nodes = [Node(f"c{n}", [f"c{n - 1}"] if n else [], {"n": str(n)}) for n in range(3)]
    write_history(tmp_path / "repo", nodes)
    line = f"test -e {place}/v || cp n {place}/v; test $(cat {place}/v) -lt 2"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bisector", "run", "--json", "--repo", str(tmp_path / "repo")),
            *("--good", "HEAD~2", "--bad", "HEAD", "--scratch", str(tmp_path / "scratch")),
            *("--test", line if reads else f"date >{place}/v; true", "--set", "premise.max=4"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ("was written outside the slots" in done.stdout and str(place / "v") in done.stdout) == reads
