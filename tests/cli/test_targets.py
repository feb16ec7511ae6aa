"""`bisector run` with `targets`: each failing test its own first bad commit, from shared builds and runs."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.red_main import BUILD, answers_of, hunt_file, hunted, noted, red_main
from tests.cli.running import bisector, until_interrupted
from tests.git_history import git
from tests.history.test_repository import state_of

BROKEN = {"a1": 3, "a2": 3, "a3": 3, "b1": 6, "b2": 6}


def test_every_failing_test_gets_its_own_commit(tmp_path: Path) -> None:
    """`auto` finds what passes at good and fails at bad; the answers come grouped, the repository stays."""
    ids = red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, "auto")
    before = state_of(tmp_path / "repo")
    found = hunted(tmp_path)
    assert found["exit_code"] == 0
    assert answers_of(found) == {ids["c3"]: ["a1", "a2", "a3"], ids["c6"]: ["b1", "b2"]}
    assert found["others"] == {"pass at both ends": ["fine"], "fail at both ends": ["hopeless"]}
    assert found["open"] == []
    assert state_of(tmp_path / "repo") == before
    assert len(noted(tmp_path, "build")) == found["builds"]


def test_a_commit_is_asked_only_about_targets_that_it_tells_something_of(tmp_path: Path) -> None:
    """Between the two causes, only the targets of the later one are run."""
    ids = red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, list(BROKEN))
    hunted(tmp_path)
    asked = {commit: set(names) for commit, *names in noted(tmp_path, "run")}
    assert asked[ids["c5"]] == {"b1", "b2"}
    assert asked[ids["c2"]] == {"a1", "a2", "a3"}


def test_without_a_place_for_names_the_whole_test_runs(tmp_path: Path) -> None:
    """The answers are the same; every run tells of all targets."""
    ids = red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, ["a1", "b1"], command="python3 suite.py")
    assert answers_of(hunted(tmp_path)) == {ids["c3"]: ["a1"], ids["c6"]: ["b1"]}
    assert all(len(words) == 1 for words in noted(tmp_path, "run"))


def test_a_runner_may_read_the_names_from_a_file_or_a_variable(tmp_path: Path) -> None:
    """Both hold one name a line, as ctest and runners with a list of names want them."""
    ids = red_main(tmp_path, {"an a": 3, "b": 6})
    same = 'test "$(cat "$BISECTOR_TARGETS_FILE")" = "$BISECTOR_TARGETS" && '
    command = same + "tr '\\n' '\\0' <\"$BISECTOR_TARGETS_FILE\" | xargs -0 python3 suite.py"
    hunt_file(tmp_path, ["an a", "b"], command=command)
    assert answers_of(hunted(tmp_path)) == {ids["c3"]: ["an a"], ids["c6"]: ["b"]}


def test_each_target_is_a_hunt_of_its_own(tmp_path: Path) -> None:
    """Its row can be looked at, explained and checked like that of any hunt; two targets share none."""
    red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, list(BROKEN))
    hunted(tmp_path)
    listed = bisector("status", "--config", "hunt.yaml", "--json", folder=tmp_path)
    status = json.loads(listed.stdout)["hunts"]
    assert len({one["hunt"] for one in status}) == len(status) == len(BROKEN)
    alone = ("--config", "hunt.yaml", "--set", "targets=[b1]")
    explained = bisector("explain", *alone, folder=tmp_path)
    assert explained.returncode == 0, explained.stderr
    again = bisector("check", *alone, folder=tmp_path)
    assert again.returncode == 0, again.stderr
    refused = bisector("check", "--config", "hunt.yaml", folder=tmp_path)
    assert refused.returncode == 2
    assert "name it with --set 'targets=[NAME]'" in refused.stderr


def test_the_same_command_again_only_confirms(tmp_path: Path) -> None:
    """Confirmed answers are remembered, and tested again; `on_end` is not run again."""
    red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, "auto", on_end="echo $BISECTOR_FIRST_BAD >> ends")
    first = hunted(tmp_path)
    runs = noted(tmp_path, "run")
    again = hunted(tmp_path)
    assert [one["first_bad"] for one in again["answers"]] == [one["first_bad"] for one in first["answers"]]
    more = noted(tmp_path, "run")[len(runs) :]
    assert 0 < len(more) < len(runs)
    (ends,) = (tmp_path / "ends").read_text().splitlines()
    assert ends.split() == [one["first_bad"] for one in first["answers"]]


def test_an_edited_test_starts_over_and_says_so(tmp_path: Path) -> None:
    """Readings of another command are not those of this one."""
    red_main(tmp_path, {"a1": 3})
    hunt_file(tmp_path, ["a1"])
    hunted(tmp_path)
    hunt_file(tmp_path, ["a1"], command="python3 suite.py")
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.count("`test` changed since") == 1


@pytest.mark.parametrize(("how", "after"), [(signal.SIGKILL, 6), (signal.SIGINT, 12)])
def test_a_killed_hunt_goes_on_where_it_stopped(tmp_path: Path, how: signal.Signals, after: int) -> None:
    """No run that any target's hunt recorded is made again."""
    ids = red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, "auto")
    until_interrupted(
        ("run", "--config", "hunt.yaml"), tmp_path, lambda: len(noted(tmp_path, "run")) >= after, how
    )
    found = hunted(tmp_path)
    assert answers_of(found) == {ids["c3"]: ["a1", "a2", "a3"], ids["c6"]: ["b1", "b2"]}
    # The run that was interrupted is made again.
    assert len(noted(tmp_path, "run")) <= found["runs"] + 1


def test_a_flaky_target_is_told_apart(tmp_path: Path) -> None:
    """It has an answer of its own, which says that it is flaky; the others stay certain."""
    ids = red_main(tmp_path, {"a1": 3, "shaky": 6}, flaky=["shaky"])
    hunt_file(tmp_path, ["a1", "shaky"])
    found = hunted(tmp_path)
    assert found["exit_code"] == 0
    assert answers_of(found) == {ids["c3"]: ["a1"], ids["c6"]: ["shaky"]}
    assert {one["target"]: one["flaky"] for one in found["targets"]} == {"a1": False, "shaky": True}
    assert f"1 flaky since {ids['c6'][:12]}" in found["reason"]


def test_commits_that_do_not_build_are_left_out_for_all(tmp_path: Path) -> None:
    """A target whose cause is among them ends open, and the exit code says so."""
    ids = red_main(tmp_path, {"a1": 3, "b1": 6}, unbuildable=[6, 7])
    hunt_file(tmp_path, ["a1", "b1"])
    found = hunted(tmp_path)
    assert found["exit_code"] == 5
    assert found["open"] == ["b1"]
    by_target = {name: one for one in found["answers"] for name in one["targets"]}
    assert by_target["a1"]["first_bad"] == ids["c3"]
    assert by_target["b1"]["any_of"] == [ids["c6"], ids["c7"], ids["c8"]]
    report = bisector("report", "--config", "hunt.yaml", "--html", "all.html", "--chat", folder=tmp_path)
    assert report.returncode == 0, report.stderr
    assert f"<li>{ids['c7'][:12]} c7</li>" in (tmp_path / "all.html").read_text()
    printed = bisector("report", "--config", "hunt.yaml", folder=tmp_path).stdout
    assert f"One of these commits:\n\n- {ids['c6'][:12]} c6\n- {ids['c7'][:12]} c7\n" in printed


def test_a_target_that_is_missing_at_an_end_is_open_and_says_where(tmp_path: Path) -> None:
    """Mistyped, or failing all along: each has a sentence, the others an answer."""
    ids = red_main(tmp_path, {"a1": 3})
    hunt_file(tmp_path, ["a1", "a11", "hopeless"])
    found = hunted(tmp_path)
    assert found["exit_code"] == 5
    assert sorted(found["open"]) == ["a11", "hopeless"]
    reasons = {one["target"]: one["reason"] for one in found["targets"]}
    assert "'a11' cannot be judged at either end" in reasons["a11"]
    assert "the nearest results are of 'a1'" in reasons["a11"]
    assert "the good endpoint is already judged bad" in reasons["hopeless"]
    by_target = {name: one for one in found["answers"] for name in one["targets"]}
    assert by_target["a1"]["first_bad"] == ids["c3"]


def test_found_targets_that_the_runner_does_not_know_by_name_end_the_hunt_at_once(tmp_path: Path) -> None:
    """Else every commit of the range would be built for nothing."""
    red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, "auto", command='set -- {targets}; python3 suite.py ${1:+"no $1"}')
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert "asked for 5 targets by name, the runner tells of none of them" in done.stderr
    assert len(noted(tmp_path, "run")) == 3


@pytest.mark.parametrize(
    ("more", "code", "sentence"),
    [
        ({"predicate": "exit_status"}, 2, "the predicate 'exit_status' judges only the whole test"),
        ({"predicate": {"name": "tests", "test": "a1"}}, 2, "'a1' is one target, and `targets` names others"),
        ({"targets": ["a1", "a1"]}, 2, "'a1' is listed twice; remove one"),
        ({"targets": ["auto", "a1"]}, 2, "'auto' cannot be combined with names"),
        ({"targets": "a1"}, 2, "expected a list of names, or 'auto' to find them, got the text 'a1'"),
        ({"engine": "dask"}, 2, "hunts of several targets run on this machine"),
        ({"targets": [f"{at:0100}" for at in range(1150)]}, 2, "the names of 1150 targets do not fit"),
    ],
)
def test_what_cannot_be_hunted_is_refused_with_its_line(
    tmp_path: Path, more: dict[str, object], code: int, sentence: str
) -> None:
    """A clear sentence, before anything is built."""
    red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, **{"targets": ["a1", "b1"], **more})
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr
    assert "hunt.yaml:1" in done.stderr
    assert noted(tmp_path, "build") == []


def test_no_failing_test_is_no_answer(tmp_path: Path) -> None:
    """`auto` says what the tests do instead. One run of each end shows no flaky test: exit code 5."""
    red_main(tmp_path, {})
    hunt_file(tmp_path, "auto")
    found = hunted(tmp_path)
    assert found["exit_code"] == 5
    assert found["reason"] == (
        "nothing is good at good and bad at bad in one run of each (1 pass at both ends, 1 fail at both "
        "ends); if a test fails only now and then, name it in `targets`"
    )


def test_an_endpoint_that_says_nothing_gives_no_answer(tmp_path: Path) -> None:
    """A whole test without a result is no reason to believe that nothing fails."""
    red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, "auto", command="echo crashed; exit 1")
    found = hunted(tmp_path)
    assert found["exit_code"] == 5
    assert "names no test" in found["reason"]


def test_the_progress_log_has_one_entry_for_each_cause(tmp_path: Path) -> None:
    """Running again adds none."""
    ids = red_main(tmp_path, BROKEN)
    hunt_file(tmp_path, "auto", progress_log="plan.md")
    hunted(tmp_path)
    hunted(tmp_path)
    text = (tmp_path / "plan.md").read_text()
    assert text.count("### ") == 2
    assert f"3 targets since {ids['c3'][:12]} (c3)" in text
    assert f"2 targets since {ids['c6'][:12]} (c6)" in text


def test_the_reports_show_targets_by_commits(tmp_path: Path) -> None:
    """Markdown and HTML have the matrix, whose cells link to the logs of their runs."""
    ids = red_main(tmp_path, {"a1": 3, "<b>1": 6})
    hunt_file(tmp_path, "auto")
    hunted(tmp_path)
    printed = bisector("report", "--config", "hunt.yaml", "--html", "all.html", "--chat", folder=tmp_path)
    assert printed.returncode == 0, printed.stderr
    assert "1 test since" in printed.stdout
    page = (tmp_path / "all.html").read_text()
    assert "&lt;b&gt;1" in page and "<b>1" not in page
    assert page.count('class="guilty"') == 2
    linked = [
        part.partition('"')[0]
        for part in page.split('<td class="bad')[1:]
        for part in part.split('href="')[1:2]
    ]
    assert linked and all((tmp_path / link).is_file() for link in linked)
    markdown = bisector("report", "--config", "hunt.yaml", folder=tmp_path).stdout
    assert f"**`{ids['c6'][:7]}`**" in markdown
    assert "| a1 | ✓ |" in markdown


@pytest.mark.parametrize("targets", [["parse", "print"], "auto"])
def test_a_measured_hunt_finds_each_benchmark(tmp_path: Path, targets: object) -> None:
    """One pair of runs gives a ratio to every benchmark; each step has its own commit."""
    script = (
        "import json, os\n"
        "slow = json.load(open('slow.json'))\n"
        "rows = [dict.fromkeys(('mean', 'median', 'min'), 1 + s) | {'command': n, 'exit_codes': [0]}\n"
        "        for n, s in slow.items()]\n"
        "json.dump({'results': rows}, open('bench.json', 'w'))\n"
    )
    from tests.git_history import Node, write_history

    nodes = [
        Node(
            f"c{at}",
            [f"c{at - 1}"] if at else [],
            {
                "bench.py": script,
                "slow.json": json.dumps({"parse": 0.5 * (at >= 3), "print": 0.3 * (at >= 6), "load": 0}),
            },
        )
        for at in range(9)
    ]
    ids = write_history(tmp_path / "repo", nodes)
    (tmp_path / "hunt.yaml").write_text(
        json.dumps(
            {
                "repository": "repo",
                "good": ids["c0"],
                "targets": targets,
                "test": {"command": "python3 bench.py"},
                "predicate": {"name": "benchmark", "file": "bench.json", "ratio": 1.1},
            }
        )
    )
    found = hunted(tmp_path)
    assert found["exit_code"] == 0, found["reason"]
    assert answers_of(found) == {ids["c3"]: ["parse"], ids["c6"]: ["print"]}
    ratios = {one["target"]: one["ratio"] for one in found["targets"]}
    assert ratios["parse"] == pytest.approx(1.5)
    assert ratios["print"] == pytest.approx(1.3)


def test_an_output_that_the_build_does_not_declare_is_named(tmp_path: Path) -> None:
    """Also with found targets: else restored builds would lack it, and every target would seem to fail."""
    red_main(tmp_path, {"a1": 3})
    build = {"command": f"{BUILD} && echo built >stamp", "outputs": ["stamp"]}
    hunt_file(tmp_path, "auto", build=build)
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert "build.outputs: the build also writes built.json, and the test needs it" in done.stderr


def test_builds_with_declared_outputs_are_restored(tmp_path: Path) -> None:
    """The build of the bad endpoint, found by its whole run, is not made again for the targets."""
    red_main(tmp_path, {"a1": 3})
    hunt_file(tmp_path, "auto", build={"command": BUILD, "outputs": ["built.json"]})
    found = hunted(tmp_path)
    assert found["exit_code"] == 0
    built = [commit for (commit,) in noted(tmp_path, "build")]
    assert built.count(found["bad"]) == 1
    assert len(built) == found["builds"]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """No slot, and no worktree of the user's repository."""
    red_main(tmp_path, {"a1": 3})
    hunt_file(tmp_path, "auto")
    hunted(tmp_path)
    assert git(tmp_path / "repo", "worktree", "list").count("\n") == 1
    assert (
        subprocess.run(["ls", str(tmp_path / "worktrees/slots")], capture_output=True, check=False).stdout
        == b""
    )


def test_good_newer_than_bad_is_named_as_the_reason(tmp_path: Path) -> None:
    """Such a hunt would look for fixes, which needs one target: the sentence says how to name it."""
    red_main(tmp_path, {"a1": 3})
    hunt_file(tmp_path, ["a1", "fine"], good="main", bad="main~8")
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert "good is newer than bad, and several targets are hunted for regressions" in done.stderr
    assert "remove `targets` and name it in `predicate.test`" in done.stderr
