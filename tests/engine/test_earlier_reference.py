"""One run of the reference may serve several readings: real processes that print a value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from bisector.engine import pairs
from bisector.predicate import Bad, Ending, Measured
from bisector.probe.early import Endpoints
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from tests.git_history import chain, write_history

from .reading import Lab, lab

LIVE = """
from bisector.predicates.counter import Counter


class Live(Counter):
    name = "live"

    def figure_so_far(self, run, ends):
        return self.figure(run)
"""
SCRIPT = """
test $BISECTOR_COMMIT != $(cat {folder}/good) || rm -f {folder}/held
echo $BISECTOR_COMMIT >>{folder}/runs
echo allocated_words: $(($(cat value) * $(cat {folder}/pace)))
test ! -e endless || exec sleep 30
while test -e {folder}/held; do sleep 0.02; done
"""
OUTPUTS = {"build__command": "cat value >out", "build__outputs": ["out"]}
NAMES = ("good", "fine", "between", "worse", "bad")
"""The commits in order. Each prints its value times the pace of the machine."""
VALUES = (100, 110, 300, 1500, 2000)
ENDLESS = ("worse", "bad")
"""Tests of these commits run until they are stopped."""


@dataclass
class Scene:
    """A lab, the commits by name, the endpoints, and the clock of the reader."""

    lab: Lab
    ids: dict[str, str]
    clock: SimpleNamespace
    ends: Endpoints

    def read(self, name: str, role: Role = Role.SEARCH, ends: Endpoints | None = None) -> Reading:
        """One reading against good. In a search it may end early, according to the endpoints."""
        ends = self.ends if role is Role.SEARCH else ends
        fresh = role is Role.CONFIRMATION
        return self.lab.engine.read(Request(self.ids[name], role, self.ids["good"], fresh, ends))

    def read_ends(self, *, whole: bool) -> None:
        """The premise. The bad endpoint ends early unless `whole`."""
        good = (self.read("good", Role.PREMISE),)
        bad = self.read("bad", Role.PREMISE, None if whole else Endpoints(good, ()))
        self.ends = Endpoints(good, (bad,))

    def later(self) -> None:
        """Let so much time pass that no run counts as recent."""
        self.clock.now += 1000.0

    def runs(self) -> list[str]:
        """The commits that ran since the last call, in order."""
        path = self.lab.folder / "runs"
        names = {identity: name for name, identity in self.ids.items()}
        told = [names[line] for line in path.read_text().split()]
        path.write_text("")
        return told

    def pace(self, pace: int) -> None:
        """Set the factor for all printed values."""
        (self.lab.folder / "pace").write_text(str(pace))


@contextmanager
def scene(
    folder: Path,
    patch: pytest.MonkeyPatch,
    *,
    outputs: bool = False,
    whole: bool = False,
    repeats: bool = False,
) -> Iterator[Scene]:
    """A scene with its premise. With `outputs` the reader knows which builds are identical.

    `repeats`: the predicate says that its figure does not depend on the machine.
    """
    clock = SimpleNamespace(now=0.0)
    patch.setattr(pairs, "time", SimpleNamespace(monotonic=lambda: clock.now))
    endless = () if whole else ENDLESS
    files = {
        at: {"value": str(VALUES[at]), **({"endless": ""} if name in endless else {})}
        for at, name in enumerate(NAMES)
    }
    made = write_history(folder / "repo", chain(len(NAMES), files))
    ids = dict(zip(NAMES, made.values(), strict=True))
    (folder / "good").write_text(ids["good"])
    (folder / "live.py").write_text(f"{LIVE}\n    repeats = {repeats}\n")
    (folder / "test.sh").write_text(SCRIPT.format(folder=folder))
    with lab(
        folder,
        f"sh {folder}/test.sh",
        predicate={"name": "./live.py"},
        test__timeout="10s",
        **(OUTPUTS if outputs else {}),
    ) as found:
        here = Scene(found, ids, clock, Endpoints((), ()))
        here.pace(10)
        here.read_ends(whole=whole)
        yield here


def is_early(reading: Reading) -> bool:
    early = isinstance(reading.judgement, Bad) and reading.judgement.at_least is not None
    assert not early or (reading.run and reading.run.ending is Ending.JUDGED)
    return early


def test_a_clearly_good_candidate_costs_no_run_of_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If bad was ended early, the candidate is compared with an earlier run, and the reason says so."""
    with scene(tmp_path, monkeypatch) as here:
        assert here.runs() == ["good", "good", "good", "bad"]
        assert is_early(here.ends.bad[0])
        reading = here.read("fine")
        assert here.runs() == ["fine"]
    assert isinstance(reading.judgement, Measured)
    assert reading.judgement.value == pytest.approx(1.1)
    assert reading.judgement.why.endswith(", run earlier")
    of_reference = [*(one.run for one in here.ends.good), *(one.reference for one in here.ends.bad)]
    assert reading.reference in [*of_reference, *(one.reference for one in here.ends.good)]


def test_what_is_neither_is_held_against_a_run_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ratio that is not clearly good is measured with a new run of the reference after it."""
    with scene(tmp_path, monkeypatch) as here:
        earlier = [run for one in here.ends.good for run in (one.run, one.reference)]
        earlier += [one.reference for one in here.ends.bad]
        here.runs()
        reading = here.read("between")
        assert here.runs() == ["between", "good"]
    assert isinstance(reading.judgement, Measured)
    assert "earlier" not in reading.judgement.why
    assert reading.reference is not None and reading.reference not in earlier


def test_a_bad_candidate_has_the_reference_run_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference runs after a bad candidate, unless it ran immediately before."""
    with scene(tmp_path, monkeypatch, outputs=True) as here:
        here.later()
        here.runs()
        first = here.read("worse")
        assert here.runs() == ["worse", "good"]
        second = here.read("worse")
        assert here.runs() == ["worse"]
        assert is_early(first) and is_early(second)
        assert second.reference == first.reference
        here.later()
        assert is_early(here.read("worse"))
        assert here.runs() == ["worse", "good"]


@pytest.mark.parametrize("name", ["fine", "worse"])
def test_for_a_while_after_a_run_as_fast_as_ever_a_bad_candidate_needs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A recent fast run of the reference or of a good candidate shows that the machine is not slower."""
    # The times of such short runs vary too much.
    monkeypatch.setattr(pairs.Pairs, "_time", lambda *_: 1.0)
    with scene(tmp_path, monkeypatch) as here:
        here.later()
        here.runs()
        run = here.read(name).reference if name == "worse" else here.read(name).run
        assert run is not None
        assert here.runs() == (["worse", "good"] if name == "worse" else ["fine"])
        here.clock.now += 3.9 * run.wall
        assert is_early(here.read("worse"))
        assert here.runs() == ["worse"]
        here.clock.now += 0.2 * run.wall
        assert is_early(here.read("worse"))
        assert here.runs() == ["worse", "good"]


def test_a_run_that_was_not_as_fast_says_nothing_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A good candidate 25% slower than the fastest reference may mean that the machine is slower."""
    with scene(tmp_path, monkeypatch) as here:
        here.later()
        here.pace(12)
        here.runs()
        assert isinstance(here.read("fine").judgement, Measured)
        assert here.runs() == ["fine"]
        assert is_early(here.read("worse"))
        assert here.runs() == ["worse", "good"]


def test_a_reference_that_is_slower_now_takes_an_early_end_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the machine became slower, the pair runs again, and the candidate that was ended early is good."""
    with scene(tmp_path, monkeypatch) as here:
        here.later()
        here.pace(100)
        (tmp_path / "held").touch()
        here.runs()
        reading = here.read("fine")
        assert here.runs() == ["fine", "good", "good", "fine"]
    assert isinstance(reading.judgement, Measured)
    assert reading.judgement.value == pytest.approx(1.1)
    assert reading.run and reading.run.ending is Ending.EXITED


@pytest.mark.parametrize("outputs", [False, True])
def test_premise_and_confirmation_have_a_run_of_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outputs: bool
) -> None:
    """The reference runs first, whatever ran earlier, and even if that was clearly good."""
    with scene(tmp_path, monkeypatch, outputs=outputs) as here:
        here.runs()
        for name, role in (
            ("good", Role.PREMISE),
            ("bad", Role.PREMISE),
            ("fine", Role.CONFIRMATION),
            ("bad", Role.CONFIRMATION),
        ):
            here.later()
            reading = here.read(name, role, here.ends if name != "good" else None)
            assert here.runs() == ["good", name]
            assert "earlier" not in reading.judgement.why
            assert is_early(reading) is (name == "bad")


def test_the_run_that_has_just_ended_serves_the_premise_and_the_confirmation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of good for its own reading is also the reference of bad, if bad is ended early."""
    with scene(tmp_path, monkeypatch, outputs=True) as here:
        assert here.runs() == ["good", "good", "bad"]
        assert here.ends.bad[0].reference == here.ends.good[0].run
        here.later()
        here.read("bad", Role.CONFIRMATION, here.ends)
        here.read("good", Role.CONFIRMATION)
        assert is_early(here.read("bad", Role.CONFIRMATION, here.ends))
        assert here.runs() == ["good", "bad", "good", "good", "bad"]


@pytest.mark.parametrize("outputs", [False, True])
def test_where_bad_was_measured_whole_the_reference_is_always_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outputs: bool
) -> None:
    """Every candidate is compared with a new run of the reference, good or bad."""
    with scene(tmp_path, monkeypatch, outputs=outputs, whole=True) as here:
        assert isinstance(here.ends.bad[0].judgement, Measured)
        here.runs()
        for name in ("fine", "between", "worse"):
            here.later()
            reading = here.read(name)
            assert here.runs() == ["good", name]
            assert "earlier" not in reading.judgement.why


def test_a_figure_that_repeats_needs_one_run_of_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the search one run a commit is enough; the confirmation runs the reference again."""
    with scene(tmp_path, monkeypatch, whole=True, repeats=True) as here:
        here.later()
        here.runs()
        found = here.read("between")
        assert here.runs() == ["between"]
        assert isinstance(found.judgement, Measured) and found.judgement.value == pytest.approx(3)
        assert found.reference is not None and found.judgement.why.endswith("run earlier")
        here.read("between", Role.CONFIRMATION)
        assert here.runs() == ["good", "between"]


def test_a_figure_that_may_change_is_paired_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without that promise, the reference runs again for a commit that is not far off."""
    with scene(tmp_path, monkeypatch, whole=True) as here:
        here.later()
        here.runs()
        here.read("between")
        assert here.runs() == ["good", "between"]


@pytest.mark.parametrize(
    ("paces", "exact"),
    [
        pytest.param((10, 10), True, id="the same four digits"),
        pytest.param((1, 1), False, id="too few digits"),
        pytest.param((10, 11), False, id="the same ratios only"),
    ],
)
def test_a_figure_that_repeats_to_the_digit_needs_no_other_reference(
    paces: tuple[int, int], exact: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If all runs of each endpoint printed the same number, the search does not run the reference again."""
    with scene(tmp_path, monkeypatch, whole=True) as here:
        good: tuple[Reading, ...] = ()
        bad: tuple[Reading, ...] = ()
        for pace in paces:
            here.pace(pace)
            here.read_ends(whole=True)
            good, bad = good + here.ends.good, bad + here.ends.bad
        here.ends = Endpoints(good, bad)
        here.later()
        here.runs()
        reading = here.read("fine")
        assert here.runs() == (["fine"] if exact else ["good", "fine"])
    assert isinstance(reading.judgement, Measured)
    assert reading.judgement.value == pytest.approx(1.1)
