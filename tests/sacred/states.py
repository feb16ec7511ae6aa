"""Things that users do to their repositories: one function per flag, in the order of execution."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hypothesis import strategies as st

from tests.sacred.scene import NAMES, NO_TEXT, PLACES, SETTINGS, WORK, Scene
from tests.sacred.template import copy, write_traps

OWNED = (
    "autocrlf",
    "dirty tree",
    "filters",
    "fsmonitor",
    "hooks",
    "hooks folder",
    "index locked",
    "inside a hook",
    "other worktrees",
    "settings",
    "sparse checkout",
    "staged changes",
    "submodule",
)
"""The flags. `hooks folder` is a `core.hooksPath` inside the work tree, so each slot has it too."""

NEED_A_TREE = frozenset({"dirty tree", "index locked", "sparse checkout", "staged changes", "submodule"})


@st.composite
def states(draw: st.DrawFn) -> tuple[str, str, str, frozenset[str]]:
    """Name, place, operation in progress and flags. All flags can be combined."""
    place = draw(st.sampled_from(PLACES))
    flags = draw(st.frozensets(st.sampled_from(OWNED)))
    if place == "bare":
        flags -= NEED_A_TREE
    if place == "separate git folder":
        flags -= {"submodule"}  # git cannot move one that has an initialised submodule
    work = "branch" if place == "bare" else draw(st.sampled_from(sorted(WORK)))
    return draw(st.sampled_from(NAMES)), place, work, flags


def build(scene: Scene, templates: Path, work: str) -> None:
    """Create the repository as the user left it. Traps come last, because git would run them."""
    assert scene.place != "bare" or not scene.flags & NEED_A_TREE
    kind = "bare" if scene.place == "bare" else "full" if "submodule" in scene.flags else "plain"
    home = scene.user / "home"
    home.mkdir(parents=True)
    shutil.copy(Path.home() / ".gitconfig", home)
    copy(templates / kind, scene.main)
    if scene.place == "separate git folder":
        scene.git("init", "--quiet", f"--separate-git-dir={scene.user / 'git folder'}")
        scene.git_folder = scene.user / "git folder"
    if "sparse checkout" in scene.flags:
        scene.git("sparse-checkout", "set", "--cone", "lib")
    for command in WORK[work]:
        scene.git(*command.split(), stops=work in ("rebase", "merge", "cherry-pick", "revert"))
    _worktrees(scene)
    if "staged changes" in scene.flags:
        scene.write("page", "staged\n")
        scene.write("new", "staged\n")
        scene.git("add", "--sparse", "page", "new")
        scene.git("rm", "--quiet", "--cached", "--sparse", "link")
    if "dirty tree" in scene.flags:
        _dirty(scene)
    _settings(scene)
    if "index locked" in scene.flags:
        (scene.git_folder / "index.lock").touch()
    (scene.folder / "sprung").unlink(missing_ok=True)
    (scene.folder / "filtered").unlink(missing_ok=True)


def _worktrees(scene: Scene) -> None:
    """One is named like a slot, one is on a disk that is not mounted, and one name is not UTF-8."""
    beside = scene.user / "beside"
    if "other worktrees" in scene.flags:
        for name in ("1", NO_TEXT, "away"):
            scene.git("worktree", "add", "--quiet", "--detach", beside / name, "main~1")
        shutil.rmtree(beside / "away")
    if scene.place == "linked worktree":
        scene.repository = beside / scene.name
        scene.git("worktree", "add", "--quiet", "--detach", scene.repository, "main")


def _dirty(scene: Scene) -> None:
    scene.write("a file", "changed\n")
    scene.write("page", "changed\n")
    scene.write("untracked", "mine\n")
    scene.write("ignored", "mine\n")
    scene.write("lib/out", "mine\n")
    scene.write(f"{NO_TEXT}\n", "mine\n")
    scene.write("link", "a link no more\n")
    (scene.main / "secret.rot").unlink(missing_ok=True)
    if "submodule" in scene.flags and (scene.main / "sub").is_dir():
        scene.write("sub/inner.rot", "changed\n")
        scene.write("sub/untracked", "mine\n")


def _settings(scene: Scene) -> None:
    traps = scene.user / "home/traps"
    write_traps(traps, [*SETTINGS, "core.fsmonitor"])
    wanted: dict[str, str] = {}
    if "settings" in scene.flags:
        wanted |= {key: value.format(trap=traps / key) for key, value in SETTINGS.items()}
    if "autocrlf" in scene.flags:
        wanted |= {"core.autocrlf": "true"}
    if "filters" in scene.flags:
        rot = f"pwd >>'{scene.folder}/filtered'; tr a-z n-za-m"
        wanted |= {"filter.rot.smudge": rot, "filter.rot.clean": rot, "filter.rot.required": "true"}
    if "hooks folder" in scene.flags:
        wanted |= {"core.hooksPath": ".githooks"}
    if "fsmonitor" in scene.flags:
        wanted |= {"core.fsmonitor": str(traps / "core.fsmonitor")}
    if "hooks" in scene.flags:
        for folder in (scene.git_folder, scene.git_folder / "modules/sub"):
            if folder.is_dir():
                write_traps(folder / "hooks")
    files = ["config", *(["modules/sub/config"] if "submodule" in scene.flags else [])]
    for file in files:
        with (scene.git_folder / file).open("ab") as config:
            config.writelines(_setting(key, value) for key, value in wanted.items())


def _setting(key: str, value: str) -> bytes:
    section, _, name = key.rpartition(".")
    head, _, tail = section.partition(".")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return os.fsencode(f'[{head}{f" {chr(34)}{tail}{chr(34)}" if tail else ""}]\n\t{name} = "{quoted}"\n')
