"""An answer that is a merge is followed into the merged branch, in real repositories."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.cli.running import bisector, summary_of, until_interrupted
from tests.git_history import Node, git, write_history

LINE = ("--first-parent", "--good", "base")
LINES = "".join(f"{at}\n" for at in range(9))


def merged_branch(
    folder: Path, branch: list[dict[str, str | None]], merge: dict[str, str | None], **more: str
) -> dict[str, str]:
    """base, main1, main2 on main; b1, b2, ... on a branch from base; `merge` merges them, then main3.

    `more` are files of main1; `merge` are the files of the merge beside those of main2.
    """
    nodes = [
        Node("base", [], {"a": "1\n", "build.sh": "true\n", "t.sh": "test ! -e bug\n"}),
        Node("main1", ["base"], {"main1": "x\n", **more}),
        Node("main2", ["main1"], {"main2": "x\n"}),
    ]
    for at, files in enumerate(branch, start=1):
        nodes.append(Node(f"b{at}", [f"b{at - 1}" if at > 1 else "base"], files))
    nodes.append(Node("merge", ["main2", f"b{len(branch)}"], merge))
    nodes.append(Node("main3", ["merge"], {"main3": "x\n"}))
    ids = write_history(folder, nodes)
    git(folder, "tag", "base", ids["base"])
    return ids


def test_the_answer_is_followed_into_its_branch(tmp_path: Path) -> None:
    """Screen, JSON, reports and progress log have the way down; a second start runs nothing."""
    repo = tmp_path / "repo"
    files: list[dict[str, str | None]] = [{f"f{at}": "x"} for at in range(1, 6)]
    files[2]["bug"] = "x"
    ids = merged_branch(repo, files, {name: "x" for one in files for name in one})
    before = git(repo, "for-each-ref") + git(repo, "count-objects", "-v") + git(repo, "status", "--porcelain")
    line = (*LINE, "--test", "sh t.sh", "--progress-log", str(tmp_path / "log.md"))
    done = bisector("run", *line, folder=repo)
    assert done.returncode == 0, done.stdout + done.stderr
    inner, merge = ids["b3"][:12], ids["merge"][:12]
    assert f"first bad commit {merge}: {inner} in its branch" in done.stdout
    assert f"into the merge {merge}: {merge}^1..{merge}^2" in done.stdout
    found = summary_of(*line, folder=repo)
    (level,) = found["descent"]
    assert (found["commit"], level["answer"], level["confirmed"]) == (ids["merge"], ids["b3"], True)
    assert level["range"] == {"good": ids["main2"], "bad": ids["b5"], "written": f"{merge}^1..{merge}^2"}
    assert "with the other side merged in" in level["reason"]
    again = bisector("run", *line, folder=repo)
    assert (again.returncode, "search" in again.stdout, inner in again.stdout) == (0, False, True)
    assert inner in bisector("report", folder=repo).stdout
    log = (tmp_path / "log.md").read_text()
    assert (f"**Innermost:** {inner}" in log, log.count("**Way down:**")) == (True, 1)
    stopped = summary_of(*line, "--no-descend", folder=repo)
    assert (stopped["exit_code"], stopped["commit"], stopped["descent"]) == (0, ids["merge"], [])
    after = git(repo, "for-each-ref") + git(repo, "count-objects", "-v") + git(repo, "status", "--porcelain")
    assert after == before
    rows = json.loads(bisector("status", "--json", folder=repo).stdout)["hunts"]
    assert [row["within"] is None for row in rows].count(True) == 1


def test_a_branch_that_does_not_build_alone_is_tested_with_the_other_side(tmp_path: Path) -> None:
    """Its build needs a file that only main has."""
    repo = tmp_path / "repo"
    build = {"build.sh": "cat main1\n"}
    branch: list[dict[str, str | None]] = [build, {"f2": "x"}, {"bug": "x"}, {"f4": "x"}]
    ids = merged_branch(repo, branch, {**build, "f2": "x", "bug": "x", "f4": "x"})
    found = summary_of(*LINE, "--build", "sh build.sh", "--test", "sh t.sh", folder=repo)
    (level,) = found["descent"]
    assert (found["exit_code"], level["state"], level["answer"]) == (0, "found", ids["b3"])
    assert f"with {ids['main2'][:12]} merged in" in level["reason"]


def test_a_branch_that_fails_alone_for_another_reason_does_not_mislead(tmp_path: Path) -> None:
    """b2 fails only without main; with main merged in, b4 is the first bad commit."""
    repo = tmp_path / "repo"
    needs = {"t.sh": "test -e main1 && test ! -e bug\n"}
    branch: list[dict[str, str | None]] = [{"f1": "x"}, dict(needs), {"f3": "x"}, {"bug": "x"}]
    ids = merged_branch(repo, branch, {**needs, "f1": "x", "f3": "x", "bug": "x"})
    (level,) = summary_of(*LINE, "--test", "sh t.sh", folder=repo)["descent"]
    assert (level["state"], level["answer"]) == ("found", ids["b4"])


def sides(folder: Path, main: dict[str, str | None], branch: dict[str, str | None]) -> dict[str, str]:
    """base, a commit on main, two on a branch, and their merge; the test fails with `one` and `two`."""
    base: dict[str, str | None] = {"t.sh": "! { grep -qs one a x && grep -qs two a y; }\n", "a": LINES}
    both = {**main, **branch, **({"a": f"one\n{LINES}two\n"} if "a" in branch else {})}
    nodes = [
        Node("base", [], base),
        Node("main1", ["base"], main),
        Node("b1", ["base"], branch),
        Node("b2", ["b1"], {"b2": "x"}),
        Node("merge", ["main1", "b2"], {**both, "b2": "x"}),
    ]
    return write_history(folder, nodes)


def test_two_good_sides_that_are_bad_together_changed_one_file(tmp_path: Path) -> None:
    """The merge is the answer, and the file that both sides changed is named."""
    ids = sides(tmp_path / "repo", {"a": f"one\n{LINES}"}, {"a": f"{LINES}two\n"})
    found = summary_of(
        *("--first-parent", "--good", ids["base"], "--test", "sh t.sh", "--set", "premise.max=5"),
        folder=tmp_path / "repo",
    )
    (level,) = found["descent"]
    assert (found["exit_code"], found["commit"], level["state"]) == (0, ids["merge"], "together")
    assert (level["files"], level["answer"]) == (["a"], None)
    assert "both sides are good, only together they are bad" in level["reason"]


def test_without_first_parent_both_parents_are_known_to_be_good(tmp_path: Path) -> None:
    """No hunt follows; the files of both sides are named, because none was changed on both."""
    ids = sides(tmp_path / "repo", {"x": "one\n"}, {"y": "two\n"})
    found = summary_of("--good", ids["base"], "--test", "sh t.sh", folder=tmp_path / "repo")
    (level,) = found["descent"]
    assert (found["commit"], level["state"], level["files"]) == (ids["merge"], "together", ["x", "b2", "y"])
    assert (level["readings"], "no file was changed on both sides" in level["reason"]) == (0, True)


def test_what_the_merge_itself_changed(tmp_path: Path) -> None:
    """The branch does not build alone, and is good with main merged in: the merge brought the bug."""
    build: dict[str, str | None] = {"build.sh": "cat main1\n"}
    ids = merged_branch(tmp_path / "repo", [build, {"f2": "x"}], {**build, "f2": "x", "bug": "x"})
    found = summary_of(*LINE, "--build", "sh build.sh", "--test", "sh t.sh", folder=tmp_path / "repo")
    (level,) = found["descent"]
    assert (found["commit"], level["state"], level["files"]) == (ids["merge"], "together", ["bug"])
    assert "the merge itself changed bug" in level["reason"]


def test_commits_that_conflict_are_not_taken_for_good(tmp_path: Path) -> None:
    """Only the last commit merges cleanly, so the answer is one of three."""
    build = "cat main1\n"
    branch: list[dict[str, str | None]] = [
        {"build.sh": build, "a": "branch\n"},
        {"bug": "x"},
        {"a": "main\n", "f3": "x"},
    ]
    repo = tmp_path / "repo"
    merge = {"build.sh": build, "bug": "x", "f3": "x", "a": "main\n"}
    ids = merged_branch(repo, branch, merge, a="main\n")
    found = summary_of(*LINE, "--build", "sh build.sh", "--test", "sh t.sh", folder=repo)
    (level,) = found["descent"]
    assert (found["exit_code"], level["state"], level["confirmed"]) == (0, "one-of", False)
    assert level["any_of"] == [ids["b1"], ids["b2"], ids["b3"]]
    assert "2 do not merge cleanly" in level["reason"]
    assert "the way down from it is open" in found["reason"]


def test_a_merge_inside_the_branch_is_followed_too(tmp_path: Path) -> None:
    """Two steps down, and the user's own commit is at the end."""
    nodes = [
        Node("base", [], {"t.sh": "test ! -e bug\n"}),
        Node("b1", ["base"]),
        Node("c1", ["base"]),
        Node("c2", ["c1"], {"bug": "x"}),
        Node("c3", ["c2"]),
        Node("inner", ["b1", "c3"], {"c1": "x", "bug": "x", "c3": "x"}),
        Node("b2", ["inner"]),
        Node("outer", ["base", "b2"], {"b1": "x", "c1": "x", "bug": "x", "c3": "x", "b2": "x"}),
    ]
    ids = write_history(tmp_path / "repo", nodes)
    found = summary_of("--first-parent", "--good", ids["base"], "--test", "sh t.sh", folder=tmp_path / "repo")
    assert [level["answer"] for level in found["descent"]] == [ids["inner"], ids["c2"]]
    assert f"{ids['outer'][:12]}: {ids['c2'][:12]} in its branch" in found["headline"]
    assert found["next"] == [f"git show {ids['outer'][:12]}", f"git show {ids['c2'][:12]}"]


def test_an_octopus_is_followed_into_one_branch_after_the_other(tmp_path: Path) -> None:
    """The first branch does not build alone, and is good with main; the second has the answer."""
    nodes = [
        Node("base", [], {"t.sh": "test ! -e bug\n", "b.sh": "true\n"}),
        Node("main1", ["base"]),
        Node("b1", ["base"], {"b.sh": "cat main1\n"}),
        Node("c1", ["base"]),
        Node("c2", ["c1"], {"bug": "x"}),
        Node("octopus", ["main1", "b1", "c2"], {"b.sh": "cat main1\n", "c1": "c1", "bug": "x"}),
    ]
    ids = write_history(tmp_path / "repo", nodes)
    line = ("--first-parent", "--good", ids["base"], "--build", "sh b.sh", "--test", "sh t.sh")
    (level,) = summary_of(*line, folder=tmp_path / "repo")["descent"]
    assert (level["answer"], level["range"]["written"][-2:]) == (ids["c2"], "^3")


def test_a_measured_step_and_a_fix_are_followed_too(tmp_path: Path) -> None:
    """A counter that goes up in a branch, and the commit of a branch that made the test work again."""
    counts: list[dict[str, str | None]] = [{"f1": "x"}, {"t.sh": "echo work: 200\n"}, {"f3": "x"}]
    repo = tmp_path / "counter"
    ids = merged_branch(repo, counts, {"f1": "x", **counts[1], "f3": "x"}, t="x")
    git(repo, "checkout", "-q", "main")
    counter = ("--predicate", "counter", "--set", "predicate.pattern='work: (\\d+)'")
    test = "if grep -q work t.sh; then sh t.sh; else echo work: 100; fi"
    (level,) = summary_of(*LINE, "--test", test, *counter, folder=repo)["descent"]
    assert (level["state"], level["answer"]) == ("found", ids["b2"])
    repo = tmp_path / "fix"
    fixed: list[dict[str, str | None]] = [{"f1": "x"}, {"fixed": "x"}, {"f3": "x"}]
    ids = merged_branch(repo, fixed, {"f1": "x", "fixed": "x", "f3": "x"})
    line = ("--fixed", "--first-parent", "--bad", "base", "--test", "test -e fixed")
    found = summary_of(*line, folder=repo)
    (level,) = found["descent"]
    assert (found["conclusion"], found["commit"], level["answer"]) == ("first-fixed", ids["merge"], ids["b2"])
    assert "the first fixed commit of the branch" in level["reason"]


def test_a_spent_budget_leaves_the_way_down_open(tmp_path: Path) -> None:
    """The outer answer stays, and a start with a larger budget goes on from there."""
    repo = tmp_path / "repo"
    ids = merged_branch(repo, [{"f1": "x"}, {"bug": "x"}], {"f1": "x", "bug": "x"})
    line = (*LINE, "--test", "sh t.sh")
    found = summary_of(*line, "--probes", "2", folder=repo)
    assert (found["exit_code"], found["commit"], found["probes"]) == (0, ids["merge"], 2)
    assert [level["state"] for level in found["descent"]] == ["open"]
    assert "the budget is spent" in found["descent"][0]["reason"]
    (level,) = summary_of(*line, folder=repo)["descent"]
    assert level["answer"] == ids["b2"]


def test_a_killed_way_down_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """What was read is not read again; nothing of the stand-ins is left in the way."""
    repo, mark = tmp_path / "repo", tmp_path / "slow"
    build = {"build.sh": f"cat main1; if test -e {mark} && test -e f3; then sleep 60; fi\n"}
    branch: list[dict[str, str | None]] = [build, {"f2": "x"}, {"bug": "x"}, {"f3": "x"}]
    ids = merged_branch(repo, branch, {**build, "f2": "x", "bug": "x", "f3": "x"})
    line = (*LINE, "--build", "sh build.sh", "--test", "sh t.sh", "--scratch", str(tmp_path / "scratch"))
    assert bisector("run", *line, "--no-descend", folder=repo).returncode == 0
    mark.touch()

    until_interrupted(
        ["run", *line],
        repo,
        lambda: "└" in bisector("status", *line[-2:], folder=repo).stdout,
        signal.SIGKILL,
    )
    mark.unlink()
    ended = tmp_path / "ended"
    found = summary_of(*line, "--set", f"on_end='touch {ended}'", folder=repo)
    assert ended.exists()
    (level,) = found["descent"]
    assert (found["exit_code"], level["answer"]) == (0, ids["b3"])
    assert not list((tmp_path / "scratch/repositories").glob("*/stand-ins-*"))
