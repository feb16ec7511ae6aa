"""A user's repository in any state of ordinary work."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.sacred.snapshot import Snapshot, changes, snapshot

NAMES = [
    "plain",
    "two words ",
    'it\'s "quoted" $(touch $SPRUNG) `touch $SPRUNG`; &',
    "new\nline",
    "Grüße-漢字",
    "--upload-pack=x",
    "[glob]*?\\t\t",
]
"""Names of the repository's folder. A name that is not valid UTF-8 is refused."""

NO_TEXT = os.fsdecode(b"caf\xe9")
"""A name that is not valid UTF-8, as on an old disk."""

PLACES = ("work tree", "linked worktree", "separate git folder", "bare")

WORK = {
    "branch": [],
    "detached HEAD": ["checkout --quiet --detach main~2"],
    "unborn branch": ["checkout --quiet --orphan new"],
    "bisect": ["bisect start main~1 main~5"],
    "rebase": ["rebase side"],
    "merge": ["merge side"],
    "cherry-pick": ["cherry-pick side"],
    "revert": ["revert --no-edit main~1"],
}
"""Operations that the user has started. Most of them stop at a conflict in the file `value`."""

SETTINGS = {
    "color.ui": "always",
    "core.abbrev": "4",
    "core.editor": "{trap}",
    "core.logAllRefUpdates": "always",
    "core.pager": "{trap}",
    "core.untrackedCache": "true",
    "diff.external": "{trap}",
    "diff.noprefix": "true",
    "gpg.program": "{trap}",
    "log.decorate": "full",
    "log.showSignature": "true",
    "pager.log": "{trap}",
    "status.showUntrackedFiles": "no",
    "submodule.recurse": "true",
}
"""Valid settings that change git's output or make git run a program."""


@dataclass
class Scene:
    """The folder `user` contains everything that belongs to the user: home, repository, own worktrees."""

    folder: Path
    name: str
    place: str
    flags: frozenset[str]
    filters: bool = False
    user: Path = field(init=False)
    repository: Path = field(init=False)
    """The repository of the hunt."""
    main: Path = field(init=False)
    """The main work tree, or the bare repository."""
    git_folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.user = self.folder / "user"
        self.main = self.repository = self.user / self.name
        self.git_folder = self.main if self.place == "bare" else self.main / ".git"

    def git(self, *arguments: str | Path, stops: bool = False) -> None:
        """Run git as the user. `stops` means that a conflict is expected."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.main, capture_output=True, check=False, timeout=60
        )
        if bool(done.returncode) is not stops:
            raise RuntimeError(f"git {arguments}: {done.stderr.decode()}")

    def write(self, path: str, content: str) -> None:
        """Write a file of the work tree, replacing what was there."""
        target = self.main / path
        target.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def environment(self) -> dict[str, str]:
        """Variables of the user's shell. In a hook, git has set its own for this repository."""
        own = {"HOME": str(self.user / "home"), "SPRUNG": str(self.folder / "sprung")}
        if "inside a hook" not in self.flags:
            return own
        git_folder = str(self.git_folder)
        within = {"GIT_DIR": git_folder, "GIT_INDEX_FILE": f"{git_folder}/index", "GIT_PREFIX": "lib/"}
        return own | within | ({} if self.place == "bare" else {"GIT_WORK_TREE": str(self.main)})

    def now(self) -> Snapshot:
        """The present state of everything that belongs to the user."""
        return snapshot(self.user)

    def harm(self, before: Snapshot) -> dict[bytes, str]:
        """The differences from `before`."""
        return changes(before, self.now())
