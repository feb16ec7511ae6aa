"""`bisector watchdog` on real histories: its findings, and its answers with `--run`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bisector import demo
from tests.cli.running import bisector
from tests.git_history import Node, git, write_history

HUNT = """\
hunt: tcl
repository: repo
good: main~5
bad: main
test: {command: sh test.sh, timeout: 60s}
scratch: scratch
"""


def sample(
    folder: Path, slow_from: int | None, extra: str = "", old: str = "5", new: str = "60"
) -> list[str]:
    """Six commits. The last raises test.sh's deadline. From `slow_from` on, `work` takes longer and fails."""
    nodes = []
    for at in range(6):
        slow = slow_from is not None and at >= slow_from
        files = {
            "test.sh": f"timeout {new if at == 5 else old} sh work\n",
            "work": f"sleep {0.6 if slow else 0.2}\nexit {int(slow)}\n",
            "doc": str(at),
        }
        nodes.append(Node(f"c{at}", [f"c{at - 1}"] if at else [], files))
    ids = write_history(folder / "repo", nodes)
    (folder / "tcl.yaml").write_text(HUNT + extra)
    return [ids[node.name] for node in nodes]


ASKED = ("watchdog", "main~5..main", "--repo", "repo")


def test_a_raised_deadline_and_its_hunt_are_named(tmp_path: Path) -> None:
    """The hunt is the one whose test runs the script. The exit code is 0 without --strict."""
    sample(tmp_path, None)
    done = bisector(*ASKED, "-c", "tcl.yaml", "--json", folder=tmp_path)
    (change,) = json.loads(done.stdout)["changes"]
    assert done.returncode == 0
    assert (change["kind"], change["file"], change["line"], change["hunts"]) == (
        "raised",
        "test.sh",
        1,
        ["tcl"],
    )
    assert (change["seconds_before"], change["seconds_after"]) == (5, 60)
    assert bisector(*ASKED, "--strict", folder=tmp_path).returncode == 1


def test_globs_say_which_hunt_watches_a_file(tmp_path: Path) -> None:
    """`watches` replaces the scripts of the test if it is given."""
    sample(tmp_path, None, extra="watches: [lib/*]\n")
    done = bisector(*ASKED, "-c", "tcl.yaml", folder=tmp_path)
    assert "No hunt watches test.sh" in done.stdout
    (tmp_path / "tcl.yaml").write_text(f"{HUNT}watches: ['*.sh']\n")
    done = bisector(*ASKED, "-c", "tcl.yaml", folder=tmp_path)
    assert "No hunt watches" not in done.stdout


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ("5", "the bump is not needed: measured 0."),
        ("0.3", "was too tight for 0."),
    ],
)
def test_without_a_regression_the_bump_is_not_needed(tmp_path: Path, old: str, words: str) -> None:
    """The answer has the measured time and the recommended value."""
    sample(tmp_path, None, old=old)
    done = bisector(*ASKED, "-c", "tcl.yaml", "--run", folder=tmp_path)
    assert (done.returncode, words in done.stdout) == (0, True), done.stdout + done.stderr
    assert git(tmp_path / "repo", "worktree", "list").count("\n") == 1


def test_a_regression_behind_the_bump_is_hunted(tmp_path: Path) -> None:
    """The first bad commit is the answer, on the line of the deadline and in the comment."""
    ids = sample(tmp_path, 3)
    done = bisector(
        *(*ASKED, "-c", "tcl.yaml", "--run", "--format", "github", "--md", "comment.md"),
        folder=tmp_path,
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::warning file=test.sh,line=1,title=deadline raised::raised: `timeout 5`")
    assert f"first bad commit {ids[3][:12]}" in done.stdout
    for file in ("comment.md", "summary.md"):
        assert f"first bad commit {ids[3][:12]}" in (tmp_path / file).read_text()


def test_a_budget_ends_in_time_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """An undecided result is exit code 5, and its readings are kept."""
    ids = sample(tmp_path, 3)
    command = (*ASKED, "-c", "tcl.yaml", "--run")
    done = bisector(*command, "--budget", "1s", folder=tmp_path)
    assert (done.returncode, "not decided" in done.stdout) == (5, True), done.stdout
    done = bisector(*command, "--budget", "5m", folder=tmp_path)
    assert (done.returncode, f"first bad commit {ids[3][:12]}" in done.stdout) == (1, True)


@pytest.mark.parametrize("form", ["gitlab", "sarif", "markdown", "gitea"])
def test_every_format_is_alone_on_stdout(tmp_path: Path, form: str) -> None:
    """The output can be redirected to a file."""
    sample(tmp_path, None)
    done = bisector(*ASKED, "--format", form, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    if form in ("gitlab", "sarif"):
        json.loads(done.stdout)
    assert "timeout 5" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("main~5..nowhere",), "has no commit 'nowhere'"),
        (("main~5..main", "--format", "xml"), "choose one of text"),
        (("main~5..main", "--run"), "--run needs the hunts"),
        (("main~5..main", "--budget", "soon"), "--budget: 'soon' is not a duration"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """An error gives exit code 2 and says what to write instead."""
    sample(tmp_path, None)
    done = bisector("watchdog", *arguments, "--repo", "repo", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_shallow_clone_is_told_to_fetch_all(tmp_path: Path) -> None:
    """The message has the setting for the workflow file."""
    ids = sample(tmp_path, None)
    git(tmp_path, "clone", "--quiet", "--depth", "1", (tmp_path / "repo").as_uri(), "shallow")
    done = bisector("watchdog", f"{ids[0]}..HEAD", "--repo", "shallow", folder=tmp_path)
    assert (done.returncode, "fetch-depth: 0" in done.stderr) == (2, True)


def test_the_sample_history(tmp_path: Path) -> None:
    """The sample history raises Tcl's watchdog from 180 s to 2400 s, and no regression is the reason."""
    demo.make(tmp_path / "sample", "none", commits=12, workload=5)
    done = bisector(
        *("watchdog", "baseline..HEAD", "--repo", "repo", "-c", "hunt.yaml", "--run"),
        folder=tmp_path / "sample",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the bump is not needed: measured" in done.stdout
    assert "against a deadline of 2400 s, suggested 10" in done.stdout
