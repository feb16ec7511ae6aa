"""`bisector deadlines` on the scripts of real histories."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bisector import demo
from tests.cli.running import bisector
from tests.git_history import Node, git, write_history

HUNT = """\
hunt: {name}
repository: repo
good: main~1
bad: main
test: {{command: {command}, timeout: 60s}}
scratch: scratch
"""


def sample(folder: Path, **scripts: str) -> None:
    """A history with these scripts in lib/NAME/test.sh, and a hunt file for each."""
    files = {f"lib/{name}/test.sh": text for name, text in scripts.items()}
    write_history(
        folder / "repo", [Node("c0", files={**files, "doc": "0"}), Node("c1", ["c0"], {"doc": "1"})]
    )
    for name in scripts:
        hunt(folder, name, f"bash lib/{name}/test.sh")


def hunt(folder: Path, name: str, command: str) -> None:
    """Write a hunt file."""
    (folder / f"{name}.yaml").write_text(HUNT.format(name=name, command=command))


def deadlines(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return bisector("deadlines", "--runs", "1", *arguments, folder=folder)


def said(folder: Path, *arguments: str) -> dict[str, Any]:
    """The JSON output of the command."""
    done = deadlines(folder, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_too_tight_and_too_loose(tmp_path: Path) -> None:
    """A deadline that ends the test is removed for the measurement and reported as too tight."""
    sample(
        tmp_path, tcl="timeout 2400 sleep 0.1\n", erlang="timeout 0.5 sleep 1.2\n", lua="timeout 20 true\n"
    )
    document = said(tmp_path, "-c", "tcl.yaml", "-c", "erlang.yaml", "-c", "lua.yaml")
    rows = {row["hunt"]: row for row in document["deadlines"]}
    assert {name: row["fit"] for name, row in rows.items()} == {
        "tcl": "too loose",
        "erlang": "too tight",
        "lua": "fits",
    }
    assert rows["erlang"]["quiet_wall"] >= 1.2
    assert (rows["tcl"]["proposal"], rows["lua"]["proposal"]) == ("timeout 10", "")
    assert "2 of 3 deadlines should change" in document["title"]


def test_scripts_that_a_script_names_are_followed(tmp_path: Path) -> None:
    """Scripts are also found if they are named relative to the script's own folder, or through make."""
    sample(
        tmp_path,
        a='. "$(dirname "$0")/../b/test.sh"\n# bash lib/c/test.sh\n',
        b="WATCHDOG=1800\n",
        c="timeout 900 true\n",
    )
    (found,) = said(tmp_path, "-c", "a.yaml")["deadlines"]
    assert (found["file"], found["line"], found["text"]) == ("lib/b/test.sh", 1, "WATCHDOG=1800")


def test_write_changes_no_checkout_and_its_patch_applies(tmp_path: Path) -> None:
    """Only the values change in the diff. The user's files, index and worktrees do not change."""
    script = "#!/bin/sh\r\ntimeout 2400 sh -c 'true' # not 2400\r\nWATCHDOG=40m; export WATCHDOG\n"
    sample(tmp_path, tcl=script)
    repository = tmp_path / "repo"
    before = (git(repository, "status", "--porcelain"), git(repository, "for-each-ref"))
    document = said(tmp_path, "-c", "tcl.yaml", "--patch", "a.patch")
    assert (git(repository, "status", "--porcelain"), git(repository, "for-each-ref")) == before
    assert git(repository, "worktree", "list").count("\n") == 1
    assert (tmp_path / "a.patch").read_bytes().decode() == document["patch"]
    git(repository, "apply", "--whitespace=nowarn", "../a.patch")
    changed = script.replace("timeout 2400", "timeout 10").replace("40m", "10s")
    assert (repository / "lib/tcl/test.sh").read_bytes().decode() == changed


def test_readings_of_today_are_not_taken_again(tmp_path: Path) -> None:
    """Premise readings of `check` are reused, unless the user asks for new ones."""
    sample(tmp_path, tcl="echo ran >>$HOME/count\ntimeout 40 sleep 0.3\n")
    environment = {"HOME": str(tmp_path)}
    config = ("--config", "tcl.yaml")
    bisector("check", *config, folder=tmp_path, **environment)
    count = (tmp_path / "count").read_text()
    done = bisector("deadlines", *config, folder=tmp_path, **environment)
    assert "premise readings" in done.stdout
    assert (tmp_path / "count").read_text() == count
    bisector("deadlines", *config, "--again", "--runs", "1", folder=tmp_path, **environment)
    assert (tmp_path / "count").read_text() == f"{count}ran\n"


def test_a_deadline_of_a_part_is_left_alone(tmp_path: Path) -> None:
    """If a test runs longer than its deadlines, each deadline is for a part of it."""
    sample(tmp_path, haskell="for i in 1 2 3; do timeout 0.5 sleep 0.3; done\n")
    bisector("check", "--config", "haskell.yaml", folder=tmp_path)
    (row,) = said(tmp_path, "-c", "haskell.yaml")["deadlines"]
    assert (row["fit"], row["proposal"]) == ("of a part", "")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("true\n", "the scripts of these tests set no deadline"),
        ("timeout 9 sleep 100\n", "not measured"),
    ],
    ids=["none", "never ends"],
)
def test_what_cannot_be_told(tmp_path: Path, script: str, words: str) -> None:
    """Scripts without a deadline are not run. A test that does not end gives no advice."""
    sample(tmp_path, tcl=script)
    hunt(tmp_path, "tcl", "bash lib/tcl/test.sh")
    done = deadlines(tmp_path, "-c", "tcl.yaml", "--set", "test.timeout=1s")
    assert done.returncode == 0
    assert words in done.stdout


def test_a_deadline_that_fired_unseen_is_too_tight(tmp_path: Path) -> None:
    """If the script still succeeds, the test is run again without its deadlines."""
    sample(tmp_path, erlang="timeout 1.5 sleep 2.5 || true\n")
    (row,) = said(tmp_path, "-c", "erlang.yaml")["deadlines"]
    assert row["fit"] == "too tight"
    assert row["quiet_wall"] >= 2.5


def test_the_result_is_in_the_journal(tmp_path: Path) -> None:
    """The result can be copied to a plan later."""
    from bisector.hunt.journal import Journal

    sample(tmp_path, tcl="timeout 2400 true\n")
    done = deadlines(tmp_path, "-c", "tcl.yaml", "--md", "-")
    journal = Journal(tmp_path / "scratch/journal.sqlite")
    (row,) = journal.results("deadlines")
    journal.close()
    assert done.stdout == f"{row.document['markdown']}\n"


def test_the_sample_history(tmp_path: Path) -> None:
    """With a real dune build, Tcl's watchdog of 2400 s is far too long for its test."""
    demo.make(tmp_path / "sample", "none", commits=12, workload=3)
    (row,) = said(tmp_path / "sample", "-c", "hunt.yaml")["deadlines"]
    assert (row["file"], row["text"], row["fit"]) == ("lib/tcl/test.sh", "timeout 2400", "too loose")
