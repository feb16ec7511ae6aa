"""`bisector run` with fast shell builds: it finds commits, continues, refuses errors, and leaves no trace."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import WORK, bisector, shell_history, summary_of, until_interrupted
from tests.git_history import Node, git, write_history
from tests.history.test_repository import state_of


def test_a_hunt_without_a_hunt_file_finds_the_commit(tmp_path: Path) -> None:
    """The command line can give everything that a hunt needs, and the user's repository is not changed."""
    ids = shell_history(tmp_path / "repo")
    before = state_of(tmp_path / "repo")
    done = bisector("run", *WORK, folder=tmp_path / "repo")
    assert done.returncode == 0, done.stderr
    assert f"first bad commit {ids['c8'][:12]}" in done.stdout
    assert state_of(tmp_path / "repo") == before


@pytest.mark.parametrize("scratch", [".git/here", "link"])
def test_nothing_is_ever_kept_in_the_git_folder(tmp_path: Path, scratch: str) -> None:
    """A scratch folder there, directly or through a link, is refused, and nothing is written."""
    shell_history(tmp_path / "repo")
    (tmp_path / "repo/link").symlink_to(".git/here")
    before = state_of(tmp_path / "repo")
    done = bisector("run", *WORK, "--scratch", scratch, folder=tmp_path / "repo")
    assert done.returncode == 6
    assert "lies inside the git folder of the repository; choose another `scratch`" in done.stderr
    assert state_of(tmp_path / "repo") == before


def test_the_work_tree_is_no_scratch_folder(tmp_path: Path) -> None:
    """`clean` would treat its files as bisector's own, and no default is inside it."""
    shell_history(tmp_path / "repo")
    for options, cache in ((["--scratch", "."], ""), ([], f"{tmp_path}/repo/.cache")):
        done = bisector("run", *WORK, *options, folder=tmp_path / "repo", XDG_CACHE_HOME=cache)
        assert done.returncode == 6
        assert "is in the work tree of the repository; choose another `scratch`" in done.stderr


def test_a_folder_that_was_deleted_is_a_sentence(tmp_path: Path) -> None:
    """A command in a deleted folder, where the shell may still be, gives one sentence."""
    line = f"rmdir {tmp_path}/gone; exec {sys.executable} -m bisector run --good a --bad b --test true"
    (tmp_path / "gone").mkdir()
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path / "gone", capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "bisector: the current folder was deleted; change to one that exists\n"


def test_json_is_one_object_and_nothing_else(tmp_path: Path) -> None:
    """With --json, stdout is one object with all documented keys."""
    ids = shell_history(tmp_path / "repo")
    summary = summary_of(*WORK, folder=tmp_path / "repo")
    expected = {
        "conclusion": "first-bad",
        "first_bad": ids["c8"],
        "any_of": None,
        "confirmed": True,
        "skipped": 0,
    }
    assert {key: summary[key] for key in expected} == expected
    assert summary["probes"] <= 5
    assert {"confidence", "ratio", "interval", "seconds"} <= set(summary)


def test_broken_commits_are_skipped_and_only_they_left_is_a_set(tmp_path: Path) -> None:
    """If only commits that do not build are left, the exit code is 4 and the set is that of git."""
    ids = shell_history(tmp_path / "repo", broken=[6, 7])
    done = bisector("run", "--json", *WORK, folder=tmp_path / "repo")
    assert done.returncode == 4
    assert set(json.loads(done.stdout)["any_of"]) == {ids["c6"], ids["c7"], ids["c8"]}


def test_no_difference_is_an_answer(tmp_path: Path) -> None:
    """Without a difference, the exit code is 3, and no commit between the endpoints is tested."""
    shell_history(tmp_path / "repo", bad_at=99)
    done = bisector("run", "--json", *WORK, folder=tmp_path / "repo")
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["conclusion"], summary["probes"]) == (3, "no-regression", 0)


def test_a_hunt_file_with_overlay_and_progress_log(tmp_path: Path) -> None:
    """The overlay is applied to each commit, and the answer is written to the progress log once."""
    ids = shell_history(tmp_path / "repo")
    (tmp_path / "test2.sh").write_text("test $(cat out) -lt 5\n")
    (tmp_path / "plan.md").write_text("# Plan\n\n## Progress log\n\n- older\n")
    (tmp_path / "hunt.yaml").write_text(
        "repository: repo\ngood: main~11\nbuild: {command: sh build.sh, outputs: [out]}\n"
        "test: {command: sh new/test2.sh, timeout: 20s}\noverlay:\n- {file: test2.sh, to: new/test2.sh}\n"
        "progress_log: plan.md\n"
    )
    for _ in range(2):
        done = bisector("run", "-q", "--config", "hunt.yaml", folder=tmp_path)
        assert done.returncode == 0, done.stderr
    plan = (tmp_path / "plan.md").read_text()
    assert plan.count(ids["c5"][:12]) >= 1
    assert plan.count("<!-- bisector:") == 1
    assert plan.index(ids["c5"][:12]) < plan.index("- older")
    assert len(list((tmp_path / "worktrees/reports").glob("*.html"))) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_hunt_that_is_stopped_goes_on_where_it_was(tmp_path: Path, how: signal.Signals) -> None:
    """After any signal, the same command continues from the journal and repeats no reading."""
    ids = shell_history(tmp_path / "repo")
    before = state_of(tmp_path / "repo")
    scratch, gate = tmp_path / "scratch", tmp_path / "gate"
    # Tests wait at the gate once the endpoints have been read, so that the signal comes during one.
    test = f"test $(cat out) = 0 || test $(cat out) = 11 || test -e {gate} || sleep 60; sh test.sh"
    command = ["run", *WORK[:2], *WORK[4:], "--test", test, "--scratch", str(scratch)]

    def readings() -> list[tuple[int, str, str]]:
        with sqlite3.connect(scratch / "journal.sqlite") as journal:
            return journal.execute("select id, commit_id, role from readings order by id").fetchall()

    def searching() -> bool:
        logs = [path.name for path in scratch.glob("logs/*/*-search-*.log")]
        return bool(logs)

    code = until_interrupted(command, tmp_path / "repo", searching, how)
    assert code == (-9 if how == signal.SIGKILL else 130)
    taken = readings()
    assert len(taken) == 2
    gate.touch()
    done = bisector(*command, "--json", folder=tmp_path / "repo")
    assert json.loads(done.stdout)["first_bad"] == ids["c8"], done.stderr
    after = readings()
    assert after[: len(taken)] == taken
    searched = [commit for _, commit, role in after if role == "search"]
    assert len(set(searched)) == len(searched)
    assert state_of(tmp_path / "repo") == before
    assert not list(scratch.glob("slots/*"))
    assert not list(scratch.glob("*.lock"))


def test_restart_forgets_the_readings(tmp_path: Path) -> None:
    """--restart reads everything again. Without it, a finished hunt only confirms its answer again."""
    shell_history(tmp_path / "repo")
    count = tmp_path / "count"
    work = (*WORK[:2], *WORK[4:], "--test", f"echo x >>{count}; sh test.sh", "--scratch", str(tmp_path / "s"))
    assert bisector("run", *work, folder=tmp_path / "repo").returncode == 0
    once = count.read_text().count("x")
    assert bisector("run", *work, folder=tmp_path / "repo").returncode == 0
    twice = count.read_text().count("x")
    assert once < twice < 2 * once
    assert bisector("run", "--restart", *work, folder=tmp_path / "repo").returncode == 0
    # The requests depend on the times of runs, so there may be one more or one less.
    assert count.read_text().count("x") >= twice + once - 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run"], 2, "no hunt named"),
        (["run", "--config", "nowhere"], 2, "no such hunt file"),
        (["run", *WORK[:4], "--good", "v9"], 2, "no commit 'v9'"),
        (["run", *WORK[:4], "--good", "main", "--good", "main~1", "--bad", "main~11"], 2, "swapped"),
        (["run", *WORK, "--repo", "/nowhere"], 2, "no folder"),
        (["run", *WORK, "--predicate", "exit_staus"], 2, "exit_status"),
        (["run", *WORK, "--timeout", "soon"], 2, "--timeout"),
        (["run", *WORK, "--set", "test.tiemout=3"], 2, "timeout"),
        (["run", "--no-such-option"], 2, "No such option"),
        (["runn"], 129, "No such command"),
        (["run", "--build", "no-such-tool x", *WORK[2:]], 6, "no-such-tool"),
    ],
)
def test_a_mistake_is_one_sentence_and_its_exit_code(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    """An error of the user has no traceback, and nothing is changed in the repository."""
    shell_history(tmp_path / "repo")
    before = state_of(tmp_path / "repo")
    done = bisector(*arguments, folder=tmp_path / "repo")
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert state_of(tmp_path / "repo") == before


def test_inherited_git_variables_do_not_mislead(tmp_path: Path) -> None:
    """GIT_DIR of another repository, as git sets it for hooks, is ignored."""
    ids = shell_history(tmp_path / "repo")
    shell_history(tmp_path / "other", length=3)
    done = bisector("run", "--json", *WORK, folder=tmp_path / "repo", GIT_DIR=str(tmp_path / "other/.git"))
    assert json.loads(done.stdout)["first_bad"] == ids["c8"]


def test_two_starts_of_one_hunt_do_not_meet(tmp_path: Path) -> None:
    """A second start of a running hunt is refused with exit code 6, and the first one continues."""
    shell_history(tmp_path / "repo")
    scratch = tmp_path / "scratch"
    work = [*WORK[:2], *WORK[4:], "--test", "sleep 30; sh test.sh", "--scratch", str(scratch)]
    seen: list[str] = []

    def second_refused() -> bool:
        if list(scratch.glob("logs/*/*-premise-*.log")):
            done = bisector("run", *work, folder=tmp_path / "repo")
            seen.append(f"{done.returncode} {done.stderr}")
        return bool(seen)

    assert until_interrupted(["run", *work], tmp_path / "repo", second_refused, signal.SIGTERM) == 130
    assert seen[0].startswith("6 ")
    assert "already running" in seen[0]


def test_a_speedup_of_nothing_needs_no_build(tmp_path: Path) -> None:
    """A hunt without a build command tests the checked-out tree."""
    ids = shell_history(tmp_path / "repo")
    done = bisector(
        "run", "--json", "--good", "main~11", "--test", "test $(cat doc) -lt 4", folder=tmp_path / "repo"
    )
    assert json.loads(done.stdout)["first_bad"] == ids["c4"]


def test_good_that_bad_does_not_contain_is_checked_at_the_merge_base(tmp_path: Path) -> None:
    """If good is on another branch, the merge base is tested first, as git does."""
    ids = shell_history(tmp_path / "repo")
    git(tmp_path / "repo", "checkout", "-q", "-b", "side", ids["c9"])
    (tmp_path / "repo/test.sh").write_text("exit 0\n")
    git(tmp_path / "repo", "commit", "-qam", "mended here")
    git(tmp_path / "repo", "checkout", "-q", "main")
    done = bisector("run", "--json", *WORK[:4], "--good", "side", "--bad", "main", folder=tmp_path / "repo")
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["conclusion"]) == (7, "merge-base-is-bad")


@pytest.mark.parametrize(
    ("test", "conclusion", "code"),
    [
        ("false", "good-is-bad", 7),
        ("test $(cat out) -ge 8", "bad-is-good", 7),
        ("true", "no-regression", 3),
    ],
)
def test_wrong_endpoints_are_not_no_regression(tmp_path: Path, test: str, conclusion: str, code: int) -> None:
    """A CI job may take 3 for "all is well", but not an endpoint that is not as the user said."""
    shell_history(tmp_path / "repo")
    done = bisector("run", "--json", *WORK[:2], "--test", test, *WORK[4:], folder=tmp_path / "repo")
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["conclusion"], summary["exit_code"]) == (code, conclusion, code)


def test_good_auto_walks_back_to_a_good_commit(tmp_path: Path) -> None:
    """Without a known good commit, bisector finds one, and then the first bad commit."""
    ids = shell_history(tmp_path / "repo")
    done = bisector("run", "--json", *WORK[:4], "--good", "auto", folder=tmp_path / "repo")
    summary = json.loads(done.stdout)
    assert summary["first_bad"] == ids["c8"]
    assert summary["good"] == [ids["c7"]]
    bounded = bisector("run", *WORK[:4], "--good", "auto", "--since", ids["c9"], folder=tmp_path / "repo")
    assert bounded.returncode == 2
    assert "--since" in bounded.stderr


def test_good_auto_blames_no_file_where_every_commit_passes(tmp_path: Path) -> None:
    """An empty home folder explains only a commit that was bad with the user's own."""
    ids = shell_history(tmp_path / "repo")
    line = ("--good", "auto", "--bad", ids["c0"], "--test", "true")
    done = bisector("run", *line, folder=tmp_path / "repo")
    assert done.returncode == 2
    assert "home folder" not in done.stderr and "no testable commit" in done.stderr


def test_check_reads_the_endpoints_only(tmp_path: Path) -> None:
    """`check` says whether there is a regression, and `run` continues with its readings."""
    ids = shell_history(tmp_path / "repo")
    checked = bisector("check", *WORK, folder=tmp_path / "repo")
    assert checked.returncode == 0, checked.stderr
    assert "the premise holds" in checked.stdout
    assert ids["c8"][:12] not in checked.stdout
    done = bisector("run", *WORK, folder=tmp_path / "repo")
    assert "continuing after 2 readings" in done.stdout
    same = bisector("check", *WORK[:4], "--good", "main~2", "--json", folder=tmp_path / "repo")
    assert (same.returncode, json.loads(same.stdout)["conclusion"]) == (7, "good-is-bad")


def test_first_parent_holds_a_merge_against_its_first_parent_only(tmp_path: Path) -> None:
    """A merge that brings in the regression from a side branch is the confirmed answer."""
    good, bad = {"t": "exit 0\n"}, {"t": "exit 1\n"}
    nodes = [
        Node("a", (), good),
        Node("b", ["a"]),
        Node("side", ["a"], bad),
        Node("merge", ["b", "side"], bad),
        Node("tip", ["merge"]),
    ]
    ids = write_history(tmp_path / "repo", nodes)
    summary = summary_of("--good", ids["a"], "--test", "sh t", "--first-parent", folder=tmp_path / "repo")
    assert (summary["first_bad"], summary["confirmed"]) == (ids["merge"], True)


def test_check_after_a_spent_budget_speaks_of_the_premise(tmp_path: Path) -> None:
    """An earlier inconclusive result does not prevent a later check or run."""
    ids = shell_history(tmp_path / "repo")
    assert bisector("run", *WORK, "--probes", "1", folder=tmp_path / "repo").returncode == 5
    assert bisector("check", *WORK, folder=tmp_path / "repo").returncode == 0
    assert summary_of(*WORK, folder=tmp_path / "repo")["first_bad"] == ids["c8"]
