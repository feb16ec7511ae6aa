"""`--all`: every step of a range, in real repositories."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

from tests.cli.running import bisector, summary_of, until_interrupted
from tests.git_history import Node, chain, git, write_history

COUNTER = ("--predicate", "counter", "--set", "predicate.pattern='work: (\\d+)'")


def counted(folder: Path, levels: dict[int, int], length: int) -> dict[str, str]:
    """A history whose test prints these counts, each from its commit on."""
    files = {at: {"test.sh": f"echo work: {level}\n"} for at, level in levels.items()}
    return write_history(folder, chain(length, files))


def test_a_part_of_the_difference_leads_on_to_every_step(tmp_path: Path) -> None:
    """One of two steps is named with the part that it explains; the command that is offered finds both."""
    repo = tmp_path / "repo"
    ids = counted(repo, {0: 100, 3: 160, 9: 256}, 12)
    told = summary_of("--good", "main~11", "--test", "sh test.sh", *COUNTER, folder=repo)
    assert told["commit"] in (ids["c3"], ids["c9"])
    assert (round(told["of"], 2), round(told["unexplained"], 2)) == (2.56, 1.6)
    assert "It explains 1.60x of the 2.56x between the endpoints" in told["reason"]
    offered = shlex.split(told["next"][-1])
    assert offered[-1] == "--all"
    every = summary_of(*offered[2:], folder=repo)
    assert (every["conclusion"], every["exit_code"]) == ("steps", 0)
    assert [step["commits"] for step in every["steps"]] == [[ids["c3"]], [ids["c9"]]]
    short = [ids[name][:12] for name in ("c3", "c9")]
    assert every["headline"] == f"2 steps: 1.60x at {short[0]}, 1.60x at {short[1]}, together 2.56x"
    again = bisector("run", *offered[2:], folder=repo)
    assert (again.returncode, every["headline"] in again.stdout) == (0, True)
    assert "testing every step from" in again.stdout
    plain = summary_of("--good", "main~11", "--test", "sh test.sh", *COUNTER, folder=repo)
    assert plain["commit"] == told["commit"]
    forgotten = bisector("forget", *offered[2:], ids["c9"], folder=repo)
    assert forgotten.returncode == 0, forgotten.stderr
    anew = bisector("run", *offered[2:], folder=repo)
    assert (anew.returncode, every["headline"] in anew.stdout) == (0, True)
    assert f"{ids['c9'][:12]}  bad" in anew.stdout


def test_an_improvement_between_two_regressions_is_a_step(tmp_path: Path) -> None:
    """The ratio goes up, down and up again; each step has its direction."""
    repo = tmp_path / "repo"
    ids = counted(repo, {0: 100, 3: 200, 6: 100, 9: 150}, 12)
    every = summary_of("--all", "--good", "main~11", "--test", "sh test.sh", *COUNTER, folder=repo)
    assert every["exit_code"] == 0, every
    found = [(step["commits"][0], step["direction"], round(step["ratio"], 2)) for step in every["steps"]]
    assert found == [
        (ids["c3"], "regression", 2.0),
        (ids["c6"], "fix", 0.5),
        (ids["c9"], "regression", 1.5),
    ]


def test_a_bug_that_came_back_has_three_steps(tmp_path: Path) -> None:
    """Two of them cancel out between good and bad; tests in between show them."""
    repo = tmp_path / "repo"
    files = {at: {"test.sh": f"exit {code}\n"} for at, code in {0: 0, 3: 1, 7: 0, 12: 1}.items()}
    ids = write_history(repo, chain(15, files))
    done = bisector("run", "--all", "--good", "main~14", "--test", "sh test.sh", folder=repo)
    assert done.returncode == 0, done.stdout + done.stderr
    short = [ids[name][:12] for name in ("c3", "c7", "c12")]
    assert f"3 steps: bad at {short[0]}, fixed at {short[1]}, bad at {short[2]}" in done.stdout
    report = bisector("report", "--good", "main~14", "--test", "sh test.sh", "--all", folder=repo).stdout
    assert all(name in report for name in short)


def test_the_search_goes_on_behind_untestable_commits(tmp_path: Path) -> None:
    """A step among them is a set, and open: the exit code is not 0. The steps before and after are found.

    The headline has the user's own words, and the log is that of the first step, which git can replay.
    """
    repo = tmp_path / "repo"
    files = {at: {"test.sh": f"exit {code}\n"} for at, code in {0: 0, 2: 1, 5: 125, 7: 0, 9: 1}.items()}
    ids = write_history(repo, chain(12, files))
    line = ("--all", "--good", "main~11", "--test", "sh test.sh", "--term-old", "up", "--term-new", "down")
    every = summary_of(*line, folder=repo)
    assert (every["conclusion"], every["exit_code"]) == ("steps", 5)
    among = [ids[f"c{at}"] for at in (5, 6, 7)]
    assert [step["commits"] for step in every["steps"]] == [[ids["c2"]], among, [ids["c9"]]]
    assert [step["confirmed"] for step in every["steps"]] == [True, False, True]
    short = {at: ids[f"c{at}"][:12] for at in (2, 5, 7, 9)}
    assert every["headline"] == (
        f"3 steps: down at {short[2]}, up at one of 3 from {short[5]}, down at {short[9]}"
    )
    assert f"No answer for the step at one of 3 commits from {short[5]} to {short[7]}" in every["reason"]
    log = bisector("log", *line, folder=repo).stdout
    assert f"# git bisect knows one step: this is {short[2]}" in log
    (tmp_path / "log").write_text(log)
    assert f"{ids['c2']} is the first down commit" in git(repo, "bisect", "replay", str(tmp_path / "log"))


def test_all_and_fixed_exclude_each_other(tmp_path: Path) -> None:
    """Every step includes the fixes."""
    counted(tmp_path / "repo", {0: 100}, 3)
    done = bisector("run", "--all", "--fixed", "--bad", "main~2", "--test", "x", folder=tmp_path / "repo")
    assert done.returncode == 2
    assert "--all finds fixes too" in done.stderr


def test_a_branch_that_left_before_an_earlier_step_is_named_with_its_range(tmp_path: Path) -> None:
    """The step may be on the branch, so the merge alone is no sure answer; a second start says the same."""
    repo = tmp_path / "repo"
    script = "echo work: $(( $(cat a) * $(cat b) ))\n"
    nodes = [
        Node("base", [], {"test.sh": script, "a": "10\n", "b": "10\n"}),
        Node("side", ["base"], {"b": "16\n"}),
        Node("main1", ["base"], {"a": "20\n"}),
        Node("main2", ["main1"], {"doc": "2\n"}),
        Node("merge", ["main2", "side"], {"b": "16\n"}),
        Node("main3", ["merge"], {"doc": "3\n"}),
    ]
    ids = write_history(repo, nodes)
    line = ("--all", "--good", ids["base"], "--test", "sh test.sh", *COUNTER)
    every = summary_of(*line, folder=repo)
    assert every["exit_code"] == 5, every
    assert f"run a hunt from {ids['base'][:12]} to {ids['side'][:12]}" in every["reason"]
    assert summary_of(*line, folder=repo)["headline"] == every["headline"]


def test_a_branch_beside_a_step_is_searched_too(tmp_path: Path) -> None:
    """A step on main says nothing about a branch that left before it and was merged after it."""
    nodes = [Node("c0", files={"main": "1", "side": "1"}), Node("c1", ["c0"])]
    nodes += [Node(f"m{at}", [f"m{at - 1}" if at else "c1"], {"main": str(at)}) for at in range(8)]
    nodes += [
        Node(f"s{at}", [f"s{at - 1}" if at else "c1"], {"side": "broken" if at >= 4 else f"ok {at}"})
        for at in range(8)
    ]
    nodes[5] = Node("m3", ["m2"], {"main": "3", "bug": "x"})
    nodes += [Node("merge", ["m7", "s7"], {"side": "broken", "bug": "x"}), Node("end", ["merge"])]
    ids = write_history(tmp_path / "repo", nodes)
    test = "test ! -e bug && ! grep -q broken side"
    found = summary_of(
        "--all", "--good", ids["c0"], "--bad", ids["end"], "--test", test, folder=tmp_path / "repo"
    )
    assert {commit for step in found["steps"] for commit in step["commits"]} == {ids["m3"], ids["s4"]}
    assert found["exit_code"] == 0


def test_a_repeat_that_is_stopped_continues_with_the_next_start(tmp_path: Path) -> None:
    """A finished hunt for all steps starts over once, not with each start after that."""
    repo, count = tmp_path / "repo", tmp_path / "count"
    counted(repo, {0: 100, 3: 160, 9: 256}, 12)
    test = f"echo x >> {count}; sleep .1; sh test.sh"
    words = ("run", "--good", "main~11", "--test", test, *COUNTER, "--all")

    def runs() -> int:
        return len(count.read_text().split()) if count.exists() else 0

    assert bisector(*words, folder=repo).returncode == 0
    whole = runs()
    until_interrupted(words, repo, lambda: runs() >= whole + whole // 2, signal.SIGINT)
    before = runs()
    done = bisector(*words, folder=repo)
    assert (done.returncode, "testing every step from" in done.stdout) == (0, False)
    assert runs() - before < whole
