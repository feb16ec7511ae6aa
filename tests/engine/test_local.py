"""The engine of this machine: several readings at once, cancelled or failed, and nothing left of them."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from bisector.engine.account import Ahead
from bisector.engine.builder import Builder, OnFailure
from bisector.engine.local import LocalEngine, MakeBuilder
from bisector.engine.reader import Reader
from bisector.errors import InfrastructureFault
from bisector.predicate import Good, Untestable
from bisector.probe.execution import GivenUp
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request
from bisector.probe.scheduling import Scheduling
from bisector.probe.step import OnStep, Step
from tests.engine.reading import lab

GOOD = Good("fine")


def request(commit: str) -> Request:
    return Request(commit, Role.SEARCH)


class Slow:
    """A reader whose readings end when they are released or cancelled."""

    def __init__(self, stop: threading.Event, let_go: threading.Event, fault: str = "") -> None:
        self.stop, self.let_go, self.fault = stop, let_go, fault
        self.stood = ""

    def stands_at(self, asked: Request) -> bool:
        return asked.commit == self.stood

    def read(self, asked: Request) -> Reading:
        self.stood = asked.commit
        while not self.let_go.wait(0.005):
            if self.stop.is_set():
                raise GivenUp
        if self.fault:
            raise InfrastructureFault(self.fault)
        return Reading(asked.commit, asked.role, GOOD, datetime.now(UTC))


def engine_of(
    jobs: int, made: list[Slow], fault: str = "", make_builder: MakeBuilder | None = None
) -> tuple[LocalEngine, threading.Event]:
    """An engine whose readers all wait for one event. They are listed in `made`."""
    let_go = threading.Event()

    def make(_on_step: OnStep, stop: threading.Event) -> Slow:
        made.append(Slow(stop, let_go, fault))
        return made[-1]

    maker: Callable[..., Reader] = make  # type: ignore[assignment]
    return LocalEngine(jobs, maker, make_builder, lambda *_step: None), let_go


def test_readers_are_made_as_they_are_needed_and_used_again() -> None:
    """Three requests at once need three readers. A commit returns to the reader that has it checked out."""
    made: list[Slow] = []
    engine, let_go = engine_of(3, made)
    with engine:
        for commit in "abc":
            engine.begin(request(commit))
        assert engine.next(0.01) is None
        let_go.set()
        ended = [engine.next(10) for _ in range(3)]
        assert sorted(done.commit for done in ended if done) == ["a", "b", "c"]
        engine.begin(request("b"))
        assert engine.next(10)
        assert len(made) == 3
        assert [reader.stood for reader in made] == ["a", "b", "c"]


def test_what_is_given_up_is_heard_of_no_more() -> None:
    """The reader of a cancelled request is free at once for the next one."""
    made: list[Slow] = []
    engine, let_go = engine_of(1, made)
    with engine:
        engine.begin(request("a"))
        engine.cancel(request("a"))
        engine.begin(request("b"))
        let_go.set()
        done = engine.next(10)
        assert done is not None and done.commit == "b"
        assert engine.next(0.01) is None


def test_what_ended_just_before_it_was_given_up_is_not_heard_of_either() -> None:
    """If the same commit is requested again, it is read again, and its first reading is not used."""
    made: list[Slow] = []
    engine, let_go = engine_of(1, made)
    with engine:
        let_go.set()
        engine.begin(request("a"))
        while engine._said.empty():
            time.sleep(0.002)
        engine.cancel(request("a"))
        let_go.clear()
        engine.begin(request("a"))
        assert engine.next(0.05) is None
        let_go.set()
        assert engine.next(10) is not None


def test_a_fault_is_raised_where_readings_are_waited_for() -> None:
    """The message stays the same, and the engine still ends."""
    engine, let_go = engine_of(2, [], fault="the disk is full")
    with engine:
        engine.begin(request("a"))
        let_go.set()
        with pytest.raises(InfrastructureFault, match="the disk is full"):
            engine.next(10)


def test_the_end_of_the_engine_ends_what_is_under_way() -> None:
    """No thread is left, although the readings were not released."""
    before = threading.active_count()
    engine, _ = engine_of(3, [])
    with engine:
        for commit in "abc":
            engine.begin(request(commit))
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "waiting",
    [
        pytest.param({"quiet": {"load_per_core": 1e-9, "wait": "1h"}}, id="for a calm machine"),
        pytest.param({"measure__before": "sleep 61; true"}, id="for the user's own command"),
    ],
)
def test_giving_up_ends_every_wait(tmp_path: Path, waiting: dict[str, object]) -> None:
    """Whatever a reader waits for, an interrupted hunt does not wait for it."""
    told = threading.Event()
    busy = subprocess.Popen(["sh", "-c", "while :; do :; done"])
    try:
        with lab(tmp_path, "true", on_step=lambda _step: told.set(), **waiting) as found:

            def reader(_on_step: OnStep, stop: threading.Event) -> Reader:
                found.setup.scheduling = Scheduling(stop=stop)
                return found.engine

            with LocalEngine(1, reader, None, lambda *_step: None) as one:
                one.begin(request(found.commit))
                assert told.wait(60)
                time.sleep(0.3)
                one.cancel(request(found.commit))
                assert not sleepers(61)
    finally:
        busy.kill()
        busy.wait()


def test_giving_up_kills_the_test(tmp_path: Path) -> None:
    """A real test that would run for long is gone with all its processes."""
    with lab(tmp_path, "sleep 62 & sleep 62") as found:
        found.setup.scheduling = Scheduling(stop=threading.Event())

        def reader(_on_step: OnStep, stop: threading.Event) -> Reader:
            found.setup.scheduling = Scheduling(stop=stop)
            return found.engine

        with LocalEngine(1, reader, None, lambda *_step: None) as engine:
            engine.begin(request(found.commit))
            while not sleepers(62):
                time.sleep(0.01)
            engine.cancel(request(found.commit))
            assert not sleepers(62)


def sleepers(seconds: int) -> list[psutil.Process]:
    """The processes of one test that are left. Tests that run in parallel sleep for other times.

    A process that was killed through its group may need a moment to be gone.
    """
    line = ["sleep", str(seconds)]
    found = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == line]
    return psutil.wait_procs(found, timeout=2)[1]


class Announcing:
    """A builder that builds nothing and reports commits as not building."""

    def __init__(self, _on_step: OnStep, on_failure: OnFailure, _stop: threading.Event) -> None:
        self.say = on_failure

    def asked_for(self, _request: Request) -> None: ...

    def account(self) -> Ahead:
        return Ahead()

    def end(self) -> None: ...


def test_a_commit_found_not_to_build_is_told_of_unless_it_is_under_way() -> None:
    """The result is a fact, not a reading. If a reader has the commit, its reading gives the result."""
    made: list[Announcing] = []

    def make(on_step: OnStep, on_failure: OnFailure, stop: threading.Event) -> Announcing:
        made.append(Announcing(on_step, on_failure, stop))
        return made[-1]

    maker: Callable[..., Builder] = make  # type: ignore[assignment]
    engine, let_go = engine_of(1, [], make_builder=maker)
    with engine:
        engine.begin(request("a"))
        made[0].say("a", Untestable("it does not build"), 2.0)
        made[0].say("b", Untestable("it does not build"), 3.0)
        told = engine.next(10)
        assert isinstance(told, KnownUntestable)
        assert (told.commit, told.why, told.seconds) == ("b", "it does not build", 3.0)
        let_go.set()
        done = engine.next(10)
        assert isinstance(done, Reading) and done.judgement == GOOD
        assert engine.next(0.01) is None


def test_a_build_that_failed_ahead_is_not_tried_again(tmp_path: Path) -> None:
    """The next request for the commit gets the reason at once, but a clean build is tried again."""
    script = f"echo built >>{tmp_path}/builds; echo a.c:1: no such header; false"
    with lab(tmp_path, "true", build__command=script, build__outputs=["out"]) as found:
        failed: list[tuple[str, Untestable, float]] = []
        told = threading.Event()

        def on_failure(commit: str, why: Untestable, seconds: float) -> None:
            failed.append((commit, why, seconds))
            told.set()

        slots, builds = found.slots, found.builds
        builder = Builder(builds, slots, lambda *_step: None, on_failure)
        try:
            builder.see_to([request(found.commit)])
            assert told.wait(60)
        finally:
            builder.end()
        ((commit, why, seconds),) = failed
        assert commit == found.commit and "no such header" in why.why and seconds > 0
        found.setup.scheduling = Scheduling()
        before = (tmp_path / "builds").read_text()
        reading = found.engine.read(request(found.commit))
        assert reading.judgement == why
        assert (tmp_path / "builds").read_text() == before
        assert isinstance(found.engine.read(replace(request(found.commit), clean=True)).judgement, Untestable)
        assert len((tmp_path / "builds").read_text()) > len(before)


def test_a_build_ahead_that_does_not_end_in_time_says_nothing_of_the_commit(tmp_path: Path) -> None:
    """Builds ahead have the lowest priority, so a reading that needs the build makes it again."""
    idle = tmp_path / "idle"
    script = f"test -e {idle} || exec sleep 64; echo built >out"
    with lab(tmp_path, "true", build__command=script, build__outputs=["out"], build__timeout="1s") as found:
        slots, builds = found.slots, found.builds
        found.setup.scheduling = Scheduling(nice=19, stop=threading.Event())
        failed: list[str] = []
        done = threading.Event()

        def on_step(_commit: str, step: Step, _detail: str) -> None:
            if step is Step.DONE:
                done.set()

        builder = Builder(builds, slots, on_step, lambda commit, *_: failed.append(commit))
        try:
            builder.see_to([request(found.commit)])
            assert done.wait(60)
        finally:
            builder.end()
        found.setup.scheduling = Scheduling()
        idle.touch()
        assert not failed
        assert not isinstance(found.engine.read(request(found.commit)).judgement, Untestable)


def test_a_build_that_is_no_longer_likely_is_given_up_and_one_waited_for_is_not(tmp_path: Path) -> None:
    """A cancelled build does not count as built ahead. A build that a reading waits for continues."""
    script = "test -e stop || { touch stop; sleep 63; }; echo built >out"
    with lab(tmp_path, "true", build__command=script, build__outputs=["out"]) as found:
        stop = threading.Event()
        found.setup.scheduling = Scheduling(nice=19, stop=stop)
        steps: list[Step] = []
        builder = Builder(
            found.builds,
            found.slots,
            lambda _c, step, _d: steps.append(step),
            lambda *_failed: None,
        )
        try:
            builder.see_to([request(found.commit)])
            while not sleepers(63):
                time.sleep(0.01)
            builder.asked_for(request(found.commit))
            builder.see_to([])
            assert sleepers(63)
        finally:
            builder.end()
        assert not sleepers(63)
        assert steps == [Step.BUILDING_AHEAD, Step.DONE]
        assert builder.account().builds == 0
