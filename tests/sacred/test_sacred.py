"""The user's repository is sacred: in any state, a hunt leaves it unchanged, byte for byte.

Everything is compared after each call of git too: refs, HEAD, index, configuration, stash, reflogs, objects,
hooks, worktree registrations, and every file of the work trees, with all modification times.

git runs two kinds of programs for the user. Filters, such as Git LFS, change the files of a checkout. Without
them, a build would see other files than the user does. So they run, but only in slots. Hooks, the file system
monitor, pagers, external diffs and signature checks do not change the files, and none of them runs. A partial
clone fetches the objects that a checkout needs: see tests/history.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bisector.history.repository import GitFailure, Repository
from tests.git_history import git
from tests.hostile.in_process import Done, done, standing_in
from tests.sacred.scene import Scene
from tests.sacred.snapshot import Snapshot
from tests.sacred.states import NEED_A_TREE, OWNED, build, states
from tests.sacred.template import BAD_AT, LENGTH, write_templates
from tests.sacred.watched import after_each_call

ROOT = Path(__file__).parents[2]

State = tuple[str, str, str, frozenset[str]]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repositories to copy."""
    folder = tmp_path_factory.mktemp("templates")
    write_templates(folder)
    return folder


def whole_and_good(flags: frozenset[str]) -> str:
    """Fails from the first bad commit on, and for every commit if the slot is not like a checkout."""
    line = r"test $(tr -d '\r' <out) -lt " + str(BAD_AT)
    line += " && test -e lib/deep/inner -a -L link"
    line += f" && test $(cat secret.rot) = {'secret' if 'filters' in flags else 'frperg'}"
    line += f" && test $(tr -dc '\\r' <page | wc -c) = {2 if 'autocrlf' in flags else 0}"
    if "submodule" in flags:
        line += f" && test $(cat sub/inner.rot) = {'hello' if 'filters' in flags else 'uryyb'}"
    return line


def words(scene: Scene) -> list[str]:
    """The command line of the hunt."""
    return [
        *(
            "run",
            "--json",
            "--repo",
            str(scene.repository),
            "--scratch",
            str(scene.folder / "scratch"),
        ),
        *("--good", f"main~{LENGTH - 1}", "--bad", "main"),
        *("--build", "cp value out", "--test", whole_and_good(scene.flags)),
    ]


def hunt(scene: Scene, before: Snapshot) -> Done:
    """A complete hunt, with a check of the user's files after each call of git."""
    harm: dict[bytes, str] = {}

    def look() -> None:
        if not harm:
            harm.update(scene.harm(before))

    with after_each_call(look):
        ended = done(*words(scene))
    assert harm == {}, "during the hunt"
    return ended


def hunt_killed(scene: Scene, at: int) -> None:
    """A hunt that is killed at a call of git, unless it ends before that call."""
    command = [sys.executable, "-m", "tests.sacred.watched", str(at), str(Path.cwd()), *words(scene)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    _, said = process.communicate(timeout=120)
    assert process.returncode in (0, -9), said.decode()[-3000:]
    while any(is_alive(member) for member in psutil.process_iter() if group_of(member) == process.pid):
        time.sleep(0.002)  # until the running git command has ended too


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs. A process that has ended and is not reaped does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def group_of(process: psutil.Process) -> int:
    """Its process group, or 0 if it is gone."""
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


def check(templates: Path, state: State, kill_at: int | None) -> None:
    """Create the scene, hunt in it, and compare."""
    name, place, work, flags = state
    with TemporaryDirectory(prefix="sacred-") as folder:
        scene = Scene(Path(folder), name, place, flags)
        build(scene, templates, work)
        before = scene.now()
        with standing_in(Path(folder), **scene.environment()):
            if kill_at is not None:
                hunt_killed(scene, kill_at)
                assert scene.harm(before) == {}, "after the kill"
            ended = hunt(scene, before)
        assert scene.harm(before) == {}, "after the hunt"
        assert not Path(folder, "sprung").exists(), Path(folder, "sprung").read_text()
        assert ended.code == 0, ended.err or ended.out
        assert json.loads(ended.out)["first_bad"] == git(templates / "full", "rev-parse", first_bad()).strip()
        filtered = Path(folder, "filtered")
        assert filtered.exists() == ("filters" in flags)
        if filtered.exists():
            assert all("/scratch/" in line for line in filtered.read_text().splitlines())


def first_bad() -> str:
    """Its name in the history."""
    return f"main~{LENGTH - 1 - BAD_AT}"


def test_the_traps_spring(templates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In git commands of the user, hooks, monitor and signature check do run, so all traps work."""
    for flags in ({"hooks", "fsmonitor", "settings"}, {"hooks folder"}):
        scene = Scene(tmp_path / min(flags), "plain", "work tree", frozenset(flags))
        build(scene, templates, "branch")
        monkeypatch.setenv("SPRUNG", str(scene.folder / "sprung"))
        before = scene.now()
        scene.git("log", "--format=%H", "-3")
        scene.git("checkout", "--quiet", "--detach", "main~1")
        sprung = (scene.folder / "sprung").read_text()
        wanted = {"post-checkout", "reference-transaction"}
        if "settings" in flags:
            wanted |= {"core.fsmonitor", "gpg.program"}
        assert wanted <= {line.split(" in ")[0].rpartition("/")[2] for line in sprung.splitlines()}
        assert {b"plain/value", b"plain/.git/HEAD", b"plain/.git/index"} <= scene.harm(before).keys()


def test_git_is_never_run_in_another_folder(templates: Path, tmp_path: Path) -> None:
    """If a slot is gone, or its path looks like a variable, git does not use the current folder instead."""
    scene = Scene(tmp_path, "$HOME", "work tree", frozenset({"dirty tree"}))
    build(scene, templates, "branch")
    before = scene.now()
    repository = Repository(scene.main)
    with standing_in(tmp_path, HOME=str(scene.main)):
        os.chdir(scene.main)
        for folder in (tmp_path / "gone", tmp_path / "$HOME"):
            with pytest.raises(GitFailure, match="cannot change to"):
                repository.git("clean", "-ffdqx", folder=folder)
    assert repository.path.name == "$HOME"
    assert scene.harm(before) == {}


KILLS = st.none() | st.integers(1, 60)
ALL = frozenset(OWNED)


@settings(
    deadline=None,
    max_examples=16,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(("plain", "work tree", "bisect", ALL), None)
@example(("new\nline", "linked worktree", "merge", ALL - {"sparse checkout"}), 40)
@example(("plain", "bare", "branch", ALL - NEED_A_TREE), 30)
@given(states(), KILLS)
def test_a_hunt_leaves_no_trace(templates: Path, state: State, kill_at: int | None) -> None:
    """In any state, also when killed, no byte changes, no hook runs, and the answer is right."""
    check(templates, state, kill_at)


@pytest.mark.long
@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(states(), KILLS)
def test_a_hunt_leaves_no_trace_in_many_states(templates: Path, state: State, kill_at: int | None) -> None:
    """Hundreds of states leave no trace either. A failure is reduced to a minimal example."""
    check(templates, state, kill_at)
