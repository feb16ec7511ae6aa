"""`bisector inputs`: the files that real builds and tests read are proposed, compared and written."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bisector import hunt_file
from tests.cli.running import bisector, summary_of
from tests.git_history import Node, git, write_history

MAKEFILE = """\
-include local.mk
out/app: src/a src/b
\tmkdir -p out
\tcat src/* config.mk > out/app
\tcp lib/wanted out/kept
\ttouch out/unused
"""

TEST = """\
for case in tests/cases/*.case; do cat "$case"; done
cat tools/deep/used scripts/part.sh
test -f tests/skip && exit 0
echo made >left; cat left
! grep -q bad out/app
"""

BASE = {
    ".gitignore": "out\n",
    "Makefile": MAKEFILE,
    "config.mk": "X=1\n",
    "src/a": "a\n",
    "src/b": "b\n",
    "lib/wanted": "w\n",
    "lib/z1": "1\n",
    "lib/z2": "2\n",
    "docs/one.md": "1\n",
    "scripts/part.sh": "true\n",
    "tests/run.sh": TEST,
    "tests/cases/1.case": "1\n",
    "tests/cases/2.case": "2\n",
    "tools/deep/used": "u\n",
    "tools/deep/other": "o\n",
}

CHANGES: list[dict[str, str | None]] = [
    {"src/a": "A\n"},  # an input of the build
    {"docs/one.md": "2\n"},
    {"lib/z1": "3\n"},
    {"docs/two.md": "2\n"},
    {"tests/cases/3.case": "3\n"},  # new in a folder whose files are read
    {"NEWS": "new\n"},
    {"local.mk": "Y=1\n"},  # looked for from the start
    {"src/b": "bad\n"},  # an input of the build, and the first bad commit
    {"tools/deep/other": "2\n"},
    {"docs/one.md": "3\n"},
    {"lib/wanted": "x\n"},  # an input of the build
    {"scripts/part.sh": ":\n"},  # an input of the test
]
THAT_COUNT = 6

HUNT = """\
# The hunt.
repository: repo
good: v1.0

build:
  command: make
  inputs:
    - src   # sources
    - docs  # not at all
  outputs: [out]  # all of it

test: {command: sh tests/run.sh, timeout: 1m}
premise: {runs: 1}
"""

PROPOSED = {
    "build": ("Makefile", "config.mk", "lib/wanted", "local.mk", "src"),
    "test": ("scripts", "tests", "tools/deep/used"),
}


@dataclass(frozen=True)
class Place:
    """A folder with a hunt file and a repository, and the ids of its commits, oldest first."""

    folder: Path
    ids: list[str]

    def found(self, *arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
        """The output of `bisector inputs --json ARGUMENTS`."""
        config = ("inputs", "--config", "hunt.yaml", "--json")
        done = bisector(*config, *arguments, folder=self.folder, **environment)
        assert done.returncode == code, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The repository, created once. Tests only read it."""
    folder = tmp_path_factory.mktemp("inputs")
    nodes = [Node("c0", [], BASE)]
    nodes += [Node(f"c{at}", [f"c{at - 1}"], change) for at, change in enumerate(CHANGES, start=1)]
    ids = write_history(folder / "repo", nodes)
    git(folder / "repo", "tag", "v1.0", ids["c0"])
    return Place(folder, [ids[node.name] for node in nodes])


@pytest.fixture
def place(history: Place, tmp_path: Path) -> Place:
    """A hunt file for one test, next to the repository."""
    (tmp_path / "repo").symlink_to(history.folder / "repo")
    (tmp_path / "hunt.yaml").write_text(HUNT)
    return Place(tmp_path, history.ids)


def test_inputs_and_outputs_are_what_was_read(place: Place) -> None:
    """Files that were read or looked for, and listed folders. Files that were created do not count."""
    before = git(place.folder / "repo", "status", "--porcelain", "--ignored")
    found = place.found("--quiet", code=1)
    assert {name: tuple(found[name]["inputs"]) for name in ("build", "test")} == PROPOSED
    assert found["outputs"]["outputs"] == ["out/app"]
    assert found["build"]["never_read"] == ["docs"]
    assert found["build"]["forgotten"] == ["Makefile", "config.mk", "lib/wanted"]
    assert (found["test"]["declared"], found["test"]["forgotten"]) == (None, [])
    assert found["outputs"]["never_read"] == []
    assert (found["looked_for"], found["names_only"]) == (["local.mk"], ["NEWS"])
    assert found["candidates"] == {"all": 12, "declared": 12, "proposed": THAT_COUNT}
    assert {"make", "cat"} <= {
        name for group in found["outside"] if group["kind"] == "programs" for name in group["names"]
    }
    assert (found["asks_git"], found["trouble"], found["written"]) == (False, None, False)
    assert (place.folder / "hunt.yaml").read_text() == HUNT
    assert git(place.folder / "repo", "status", "--porcelain", "--ignored") == before
    assert git(place.folder / "repo", "worktree", "list").count("\n") == 1
    assert not [*place.folder.rglob("*.lock"), *place.folder.glob("worktrees/store/*")]


def test_what_is_written_is_the_same_hunt(place: Place) -> None:
    """Comments stay, the lists are those proposed, and the hunt has fewer candidates and the same answer."""
    assert place.found("--write", "--quiet")["written"] is True
    hunt = hunt_file.load(place.folder / "hunt.yaml")
    assert hunt.build
    assert (sorted(hunt.build.inputs or ()), hunt.test.inputs) == (list(PROPOSED["build"]), PROPOSED["test"])
    assert hunt.build.outputs == ("out",), "what is declared holds what was read, so it stays"
    text = (place.folder / "hunt.yaml").read_text()
    assert all(line in text for line in ("# The hunt.\n", "    - src   # sources\n", "[out]  # all of it\n"))
    assert "docs" not in text

    summary = summary_of("--config", "hunt.yaml", folder=place.folder)
    assert summary["first_bad"] == place.ids[8]
    again = bisector("inputs", "--config", "hunt.yaml", "--write", folder=place.folder)
    assert again.returncode == 0
    assert f"12 commits → {THAT_COUNT} candidates with these inputs, {THAT_COUNT} as declared" in again.stdout
    assert "hunt.yaml already has these lists." in again.stdout
    assert (place.folder / "hunt.yaml").read_text() == text


def test_a_link_is_an_input_and_what_it_leads_to(tmp_path: Path) -> None:
    """The link and its target both count. Names that git is asked for, and a failing test, are reported."""
    files = {
        "real/data": "1\n",
        "real/other": "1\n",
        "real/third": "1\n",
        "version.sh": "git rev-parse HEAD\n",
        "test.sh": "cat linked/data; sh version.sh; exit 7\n",
    }
    ids = write_history(tmp_path / "repo", [Node("c0", [], files), Node("c1", ["c0"], {"real/other": "2\n"})])
    (tmp_path / "repo/linked").symlink_to("real")
    git(tmp_path / "repo", "add", "linked")
    git(tmp_path / "repo", "commit", "--quiet", "--message", "link")
    (tmp_path / "hunt.yaml").write_text(
        f"repository: repo\ngood: {ids['c0']}\ntest: {{command: sh test.sh, inputs: [test.sh, version.sh]}}\n"
    )
    found = Place(tmp_path, []).found("--commit", "HEAD", code=1)
    assert found["commit"] == git(tmp_path / "repo", "rev-parse", "HEAD").strip()
    assert found["test"]["inputs"] == ["linked", "real/data", "test.sh", "version.sh"]
    assert found["test"]["forgotten"] == ["linked", "real/data"]
    assert found["asks_git"]
    assert found["trouble"] == "the test exited with 7"


def test_an_overlay_is_no_input(place: Place) -> None:
    """An overlay is the same at each commit, so the commit's own file does not matter."""
    overlay = f"overlay:\n  - copy: tests\n    from: {place.ids[-1]}\n"
    (place.folder / "hunt.yaml").write_text(HUNT + overlay)
    found = place.found(code=1)
    assert found["test"]["inputs"] == ["scripts", "tools/deep/used"]
    assert found["candidates"]["proposed"] == THAT_COUNT - 1


def test_what_stands_in_the_way(place: Place) -> None:
    """Missing strace, no file to write to, and another test than the file's each give one sentence."""
    tools = place.folder / "tools"
    tools.mkdir()
    for tool in ("git", "make"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    bare = bisector("inputs", "--config", "hunt.yaml", folder=place.folder, PATH=str(tools))
    assert (bare.returncode, bare.stderr.count("\n")) == (6, 1)
    assert "tracing needs `strace`, which is not on PATH; install the package `strace`" in bare.stderr
    (tools / "strace").write_text("#!/bin/sh\necho 'strace: attach: Operation not permitted'; exit 1\n")
    (tools / "strace").chmod(0o755)
    forbidden = bisector("inputs", "--config", "hunt.yaml", folder=place.folder, PATH=str(tools))
    assert (forbidden.returncode, "SYS_PTRACE" in forbidden.stderr) == (6, True)
    hunt = ("--repo", "repo", "--good", "v1.0", "--test", "true")
    unnamed = bisector("inputs", *hunt, "--write", folder=place.folder)
    assert (unnamed.returncode, unnamed.stderr.count("\n")) == (2, 1)
    assert "--write needs a hunt file" in unnamed.stderr
    other = bisector("inputs", "--config", "hunt.yaml", "--test", "true", "--write", folder=place.folder)
    assert other.returncode == 2
    assert "an option for test.command" in other.stderr
    broken = bisector("inputs", "--config", "hunt.yaml", "--build", "exit 3", folder=place.folder)
    assert broken.returncode == 2
    assert "so there is nothing to trace" in broken.stderr
    assert (place.folder / "hunt.yaml").read_text() == HUNT


@pytest.mark.skipif(not shutil.which("bwrap") or os.geteuid() != 0, reason="needs bubblewrap that works")
def test_a_sandbox_is_traced_too(place: Place) -> None:
    """The trace is written to a place in the sandbox and found from outside."""
    found = place.found("--set", "sandbox=bwrap", code=1)
    assert {name: tuple(found[name]["inputs"]) for name in ("build", "test")} == PROPOSED
