"""Hunts on a Dask cluster of real processes: a scheduler and workers on loopback."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from bisector.errors import EnvironmentFault, InfrastructureFault
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.events import StepBegan
from bisector.predicate import Good, Measured
from bisector.probe.reading import Role
from bisector.probe.request import Request
from bisector.probe.step import Step
from tests.engine.cluster import Cluster, Hunting, Scene, alive, cluster, until


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with the workers `one` and `two`. Every program on `two` takes three times as much."""
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder, one={"SPEED": "1"}, two={"SPEED": "3"}) as made:
        yield made


def search(commit: str) -> Request:
    return Request(commit, Role.SEARCH)


def steps(hunt: Hunting, step: Step) -> list[str]:
    """The details of all events of this step."""
    return [event.detail for event in hunt.events if isinstance(event, StepBegan) and event.step is step]


def test_the_first_bad_commit_is_found(two: Cluster, tmp_path: Path) -> None:
    """Both workers test and leave no files. Their logs are copied here, and each step names its host."""
    scene = Scene(tmp_path)
    hunt = scene.hunt(two, jobs=2)
    found = hunt.run()
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == (scene.ids["c8"], True)
    assert {worker for worker, _, _ in scene.tests} == {"one", "two"}
    assert two.left() == []
    logs = [reading.log for reading in hunt.readings]
    assert len(set(logs)) == len(logs)
    for log in logs:
        assert log is not None and log.is_relative_to(tmp_path / "scratch/logs")
        assert log.read_text().startswith("tested by ")
    assert steps(hunt, Step.TESTING)
    assert all(re.fullmatch(r"on \S+", detail) for detail in steps(hunt, Step.TESTING))


def test_each_worker_installs_once(two: Cluster, tmp_path: Path) -> None:
    """Workers have their own stores. The confirmation installs for the answer and its parent."""
    scene = Scene(tmp_path, "test -e deps/x && test $(cat number) -lt 8\n")
    install = f"echo $WORKER >>{tmp_path}/runs; mkdir deps && touch deps/x"
    hunt = scene.hunt(two, jobs=2, setup={"command": install, "key": ["test.sh"], "keeps": ["deps"]})
    found = hunt.run()
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == (scene.ids["c8"], True)
    for _, times in Counter((tmp_path / "runs").read_text().split()).items():
        assert times <= 3


def killed_at_work(two: Cluster, scene: Scene) -> threading.Thread:
    """Start a third worker that is killed during a probe. The other workers are held until then."""
    two.start_worker("doomed")
    two.registered("doomed")

    def kill() -> None:
        until(lambda: "doomed" in [worker for worker, _, _ in scene.tests], "a probe to be killed")
        two.kill("doomed")
        scene.release("one")
        scene.release("two")

    killer = threading.Thread(target=kill)
    killer.start()
    return killer


def test_a_killed_worker_costs_no_reading(two: Cluster, tmp_path: Path) -> None:
    """The probe starts again on another worker, each reading is taken once, and the orphaned test ends."""
    scene = Scene(tmp_path)
    hunt = scene.hunt(two, jobs=3)
    killer = killed_at_work(two, scene)
    with scene.held("one", "two", "doomed"):
        with hunt.opened() as engine:
            asked = [search(scene.ids[name]) for name in ("c1", "c2", "c3")]
            for request in asked:
                engine.begin(request)
            done = [engine.next() for _ in asked]
            until(lambda: engine.jobs == 2, "two places")
        ((_, commit, pid),) = [test for test in scene.tests if test[0] == "doomed"]
        until(lambda: not alive(pid), "the end of the orphaned test")
    killer.join()
    assert Counter(one.commit for one in done if one) == Counter(request.commit for request in asked)
    assert Counter(tested for _, tested, _ in scene.tests)[commit] == 2
    (moved,) = steps(hunt, Step.RETRYING)
    assert "disappeared during a probe; another worker takes over" in moved


def test_a_hunt_survives_a_killed_worker(two: Cluster, tmp_path: Path) -> None:
    """The answer is the same, no reading is repeated, and no files are left."""
    scene = Scene(tmp_path)
    hunt = scene.hunt(two, jobs=3)
    killer = killed_at_work(two, scene)
    with scene.held("one", "two", "doomed"):
        found = hunt.run()
        killer.join()
        ((_, _, pid),) = [test for test in scene.tests if test[0] == "doomed"]
        until(lambda: not alive(pid), "the end of the orphaned test")
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == (scene.ids["c8"], True)
    searched = [r for r in hunt.readings if r.role is not Role.CONFIRMATION]
    assert set(Counter((reading.commit, reading.role) for reading in searched).values()) == {1}
    assert two.left() == []


def test_a_worker_that_comes_late_gets_work(two: Cluster, tmp_path: Path) -> None:
    """The late worker runs a waiting request while the others are busy."""
    scene = Scene(tmp_path)
    hunt = scene.hunt(two, jobs=2)
    with scene.held("one", "two"), hunt.opened() as engine:
        assert engine.jobs == 2
        for name in ("c1", "c2", "c3"):
            engine.begin(search(scene.ids[name]))
        until(lambda: len(scene.tests) == 2, "two tests")
        assert engine.next(0.1) is None
        two.start_worker("late")
        done = engine.next()
        assert done is not None and done.commit == scene.ids["c3"]
        assert ("late", scene.ids["c3"]) in [test[:2] for test in scene.tests]
        until(lambda: engine.jobs == 3, "a third place")
        scene.release("one")
        scene.release("two")
        others = [engine.next(), engine.next()]
        assert {done.commit for done in others if done} == {scene.ids["c1"], scene.ids["c2"]}
    two.end("late")


SPEEDY = "test $(cat number) -lt 8 && n=1000 || n=1300\necho words: $((n * SPEED))\n"


def test_workers_of_different_speed_compare(two: Cluster, tmp_path: Path) -> None:
    """Each worker measures its own reference, so a worker that counts three times as much agrees."""
    scene = Scene(tmp_path, test=SPEEDY)
    counter = {"name": "counter", "pattern": r"words: (\d+)", "ratio": 1.1}
    hunt = scene.hunt(two, predicate=counter, jobs=2, engine__per_machine=2)
    found = hunt.run()
    assert isinstance(found, FirstBad) and found.effect is not None
    assert (found.commit, found.confirmed) == (scene.ids["c8"], True)
    assert found.effect.ratio == pytest.approx(1.3)
    measured = [
        reading.judgement.value for reading in hunt.readings if isinstance(reading.judgement, Measured)
    ]
    assert all(min(abs(value - 1), abs(value - 1.3)) < 1e-9 for value in measured)
    by_speed = {reading.reference.output.split()[-1] for reading in hunt.readings if reading.reference}
    assert {"1000", "3000"} <= by_speed


def test_one_measured_probe_at_a_time_on_one_machine(two: Cluster, tmp_path: Path) -> None:
    """Two measurements on one machine would disturb each other."""
    scene = Scene(tmp_path)
    with scene.hunt(two, predicate={"name": "peak_memory"}).opened() as engine:
        assert engine.jobs == 1
        reference = scene.ids["c0"]
        with scene.held(reference):
            for name in ("c1", "c2"):
                engine.begin(Request(scene.ids[name], Role.SEARCH, reference))
            until(lambda: engine.next(0.1) or scene.tests, "a test")
            assert engine.next(1.5) is None
            assert len(scene.tests) == 1
        assert [done.commit for _ in "12" if (done := engine.next())] == [
            scene.ids["c1"],
            scene.ids["c2"],
        ]


def test_what_is_given_up_ends(two: Cluster, tmp_path: Path) -> None:
    """The test is stopped, and its worker takes the next request."""
    scene = Scene(tmp_path)
    held = scene.ids["c3"]
    with scene.held(held), scene.hunt(two, jobs=2).opened() as engine:
        for name in ("c3", "c4", "c5"):
            engine.begin(search(scene.ids[name]))
        until(lambda: held in [commit for _, commit, _ in scene.tests], "the test to be given up")
        (pid,) = (pid for _, commit, pid in scene.tests if commit == held)
        engine.cancel(search(held))
        until(lambda: not alive(pid), "the end of what was given up")
        for name in ("c6", "c7"):
            engine.begin(search(scene.ids[name]))
        done = [engine.next() for _ in range(4)]
    assert {one.commit for one in done if one} == {scene.ids[name] for name in ("c4", "c5", "c6", "c7")}
    assert two.left() == []


KILLED = """\
import sys
from pathlib import Path
from bisector.probe.reading import Role
from bisector.probe.request import Request
from tests.engine.cluster import Cluster, Scene

folder, cluster, commit = sys.argv[1:]
with Scene.at(Path(folder)).hunt(Cluster(Path(cluster))).opened() as engine:
    engine.begin(Request(commit, Role.SEARCH))
    engine.next()
"""


def test_what_a_killed_bisector_left_is_taken_away(two: Cluster, tmp_path: Path) -> None:
    """The next hunt on the cluster ends the test and removes its slot."""
    scene = Scene(tmp_path)
    with scene.held("one", "two"):
        words = [sys.executable, "-c", KILLED, str(tmp_path), str(two.folder), scene.ids["c3"]]
        client = subprocess.Popen(words, cwd=Path(__file__).parents[2])
        until(lambda: scene.tests, "a test")
        client.kill()
        client.wait(60)
        ((_, _, pid),) = scene.tests
        assert alive(pid) and two.left()
        with scene.hunt(two, jobs=2, test__command="sh other.sh").opened():
            until(lambda: not alive(pid), "the end of what was left")
    assert two.left() == []


def test_a_fault_of_one_worker_is_tried_elsewhere(two: Cluster, tmp_path: Path) -> None:
    """If only one worker has a tool, it takes all probes. Without that worker, the hunt names the tool."""
    scene = Scene(tmp_path)
    tool = tmp_path / "tools/special-compiler"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    two.start_worker("skilled", PATH=f"{tool.parent}:/usr/bin:/bin")
    two.registered("skilled")
    hunt = scene.hunt(two, jobs=3, build__command="special-compiler")
    found = hunt.run()
    assert isinstance(found, FirstBad) and found.commit == scene.ids["c8"]
    assert {worker for worker, _, _ in scene.tests} == {"skilled"}
    assert any("special-compiler" in detail for detail in steps(hunt, Step.RETRYING))
    two.end("skilled")
    with pytest.raises(EnvironmentFault, match=r"on \S+: the build needs `special-compiler`") as fault:
        scene.hunt(two, build__command="special-compiler").run()
    assert not isinstance(fault.value, InfrastructureFault)
    assert two.left() == []


PREDICATE = """\
from bisector.predicate import Bad, Good, Options, Predicate

class Placed(Predicate[Options]):
    name = "placed"
    Options = Options

    def judge(self, run, baseline):
        return Good("it is there") if "from beside" in run.output else Bad("it is missing")
"""


@pytest.mark.parametrize("source", ["bundle", "url"])
def test_workers_need_nothing_of_this_machine(two: Cluster, tmp_path: Path, source: str) -> None:
    """Workers need no repository and no files next to the hunt file, and keep clones in a named folder."""
    scene = Scene(tmp_path)
    kept = tmp_path / "kept"
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/say.sh").write_text("echo from beside\n")
    (tmp_path / "placed.py").write_text(PREDICATE)
    shutil.copytree(tmp_path / "repo", tmp_path / "origin")
    hunt = scene.hunt(
        two,
        test__command="sh test.sh; sh lib/beside/say.sh",
        predicate="./placed.py",
        overlay=[{"file": "beside", "to": "lib/beside"}],
        engine__repository="bundle" if source == "bundle" else (tmp_path / "origin").as_uri(),
        engine__folder=str(kept),
    )
    with hunt.opened() as engine:
        for gone in ("repo", "beside"):
            (tmp_path / gone).rename(tmp_path / f"{gone}-elsewhere")
        (tmp_path / "placed.py").unlink()
        reading = engine.read(search(scene.ids["c5"]))
        assert reading.judgement == Good("it is there")
    assert len(list(kept.glob("*/repositories/*.git"))) == 1
    assert list(kept.glob("*/work/*")) == []


def test_a_commit_beyond_the_range_is_sent_after_it(two: Cluster, tmp_path: Path) -> None:
    """`good: auto` may need commits that are not in the range. They are sent to the workers later."""
    scene = Scene(tmp_path)
    with scene.hunt(two, good="main~4").opened() as engine:
        reading = engine.read(search(scene.ids["c2"]))
    assert (reading.commit, type(reading.judgement)) == (scene.ids["c2"], Good)


def test_without_its_scheduler_the_hunt_stops(tmp_path: Path) -> None:
    """The error is one sentence, and the tests on the workers end."""
    scene = Scene(tmp_path)
    (tmp_path / "cluster").mkdir()
    with cluster(tmp_path / "cluster", one={}) as alone, scene.held("one"):
        with scene.hunt(alone).opened() as engine:
            engine.begin(search(scene.ids["c1"]))
            until(lambda: engine.next(0.1) or scene.tests, "a test")
            alone.kill("scheduler")
            with pytest.raises(EnvironmentFault, match="the Dask scheduler tcp://.* is gone; restart it"):
                engine.next()
        ((_, _, pid),) = scene.tests
        until(lambda: not alive(pid), "the end of the test")


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    """The error names the scheduler file that does not exist."""
    scene = Scene(tmp_path)
    nobody = Cluster(tmp_path)
    with pytest.raises(EnvironmentFault, match=r"cannot read the scheduler file .*scheduler\.json"):
        scene.hunt(nobody).run()


def test_a_hunt_on_this_machine_imports_no_dask(tmp_path: Path) -> None:
    """Dask takes half a second to import, and may not be installed."""
    Scene(tmp_path)
    script = (
        "import os, sys\nos.environ['SCENE'] = os.environ['WORKER'] = '.'\n"
        "sys.argv = ['bisector', 'run', '--repo', 'repo', '--good', 'main~11', '--test', 'sh test.sh']\n"
        "sys.argv += ['--set', 'environment.pass=[SCENE, WORKER]', '--scratch', 'scratch']\n"
        "import bisector.hunt.cluster\nfrom bisector.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    print('CODE', ended.code)\n"
        "print('FOUND', {'dask', 'distributed'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert "CODE 0\nFOUND set()" in done.stdout, done.stdout
