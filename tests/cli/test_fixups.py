"""Changes for some commits only: fix-ups over the commits that do not build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from tests.cli.running import bisector, summary_of
from tests.git_history import Node, git, write_history

HUNT = """
good: {good}
bad: main
build: {{command: test -f config.mk && test ! -f broken}}
test: {{command: test ! -f bug}}
scratch: ../scratch
jobs: 1
overlay:
{overlay}"""


def history(folder: Path, *, bad_at: int = 5, lacks: range = range(3, 8), length: int = 10) -> dict[str, str]:
    """Commits with a bug from `bad_at` on; those in `lacks` lack config.mk, until the next restores it."""
    nodes = []
    for at in range(length):
        files: dict[str, str | None] = {f"n{at}": str(at)}
        files |= {"config.mk": "x\n"} if at in (0, lacks.stop) else {}
        files |= {"config.mk": None} if at == lacks.start else {}
        files |= {"bug": "x"} if at == bad_at else {}
        nodes.append(Node(f"c{at}", [f"c{at - 1}"] if at else [], files))
    return write_history(folder / "r", nodes)


def hunted(folder: Path, ids: dict[str, str], overlay: str) -> dict[str, object]:
    """The summary of a hunt with this overlay."""
    (folder / "r/h.yaml").write_text(HUNT.format(good=ids["c0"], overlay=overlay))
    return summary_of("--config", "h.yaml", folder=folder / "r")


def test_a_change_for_the_commits_of_a_range(tmp_path: Path) -> None:
    """The commits that lack the file get it, and the others stay as they are: here it would break them."""
    ids = history(tmp_path)
    entry = f"- {{copy: config.mk, from: bad, when: {{between: [{ids['c2']}, {ids['c7']}]}}}}\n"
    after = f"- {{copy: n9, from: bad, to: broken, when: {{between: [{ids['c7']}, {ids['c8']}]}}}}\n"
    found = hunted(tmp_path, ids, entry + after)
    assert (found["first_bad"], found["exit_code"]) == (ids["c5"], 0)
    assert git(tmp_path / "r", "status", "--porcelain") == "?? h.yaml\n"


def test_a_range_whose_ends_are_swapped(tmp_path: Path) -> None:
    """It is refused before anything is built, with its line."""
    ids = history(tmp_path)
    entry = "- {copy: config.mk, from: bad, when: {between: [main, main~3]}}\n"
    (tmp_path / "r/h.yaml").write_text(HUNT.format(good=ids["c0"], overlay=entry))
    done = bisector("run", "--config", "h.yaml", folder=tmp_path / "r")
    assert done.returncode == 2
    assert "h.yaml:9: overlay[0].when.between: [main, main~3] names no commit" in done.stderr


def test_a_picked_commit_over_those_that_lack_it(tmp_path: Path) -> None:
    """The commit that restored the file is picked where it is missing, and nowhere else."""
    ids = history(tmp_path)
    when = f"when: {{contains: {ids['c3']}}}"
    found = hunted(tmp_path, ids, f"- {{cherry_pick: {ids['c8']}, optional: true, {when}}}\n")
    assert (found["first_bad"], found["exit_code"]) == (ids["c5"], 0)


def test_a_pick_that_conflicts_makes_the_commit_untestable(tmp_path: Path) -> None:
    """The reason names the file."""
    nodes = [Node("c0", (), {"config.mk": "x\n"}), Node("c1", ["c0"], {"config.mk": "y\n"})]
    ids = write_history(tmp_path / "r", [*nodes, Node("c2", ["c1"], {"bug": "x"})])
    git(tmp_path / "r", "checkout", "--quiet", "-b", "fix", ids["c0"])
    (tmp_path / "r/config.mk").write_text("z\n")
    git(tmp_path / "r", "commit", "--quiet", "--all", "--message", "another branch")
    git(tmp_path / "r", "checkout", "--quiet", "main")
    found = hunted(tmp_path, ids, "- {cherry_pick: fix}\n")
    assert (found["conclusion"], found["exit_code"]) == ("inconclusive", 5)
    assert "the overlay's cherry_pick fix does not apply: it conflicts in config.mk" in str(found["reason"])


def test_only_commits_that_do_not_build_get_a_fix_up(tmp_path: Path) -> None:
    """The others would not build with it; the readings say which commits needed it."""
    ids = history(tmp_path)
    spoils = "- {copy: n9, from: bad, to: broken, when: {fails: true}}\n"
    found = hunted(tmp_path, ids, f"{spoils}- {{cherry_pick: {ids['c8']}, when: {{fails: true}}}}\n")
    assert (found["first_bad"], found["exit_code"]) == (ids["c5"], 0)
    done = bisector("forget", "--config", "h.yaml", "--json", "--list", folder=tmp_path / "r")
    told = {one["commit"]: one["why"] for one in json.loads(done.stdout)["readings"]}
    assert told[ids["c5"]].endswith(f"built with cherry_pick {ids['c8'][:12]}"), told
    assert f"it was built with cherry_pick {ids['c8'][:12]}." in str(found["reason"])
    assert "built with" not in told[ids["c0"]] + told[ids["c9"]]


def test_a_fix_up_that_brings_the_difference_is_no_answer(tmp_path: Path) -> None:
    """The commit that fixes the build also brings the bug: the first commit that needs it is not to blame."""
    nodes = [Node("c0", (), {"config.mk": "x\n", "n": "0"}), Node("c1", ["c0"], {"a": "1"})]
    nodes += [Node("c2", ["c1"], {"config.mk": None}), Node("c3", ["c2"], {"b": "1"})]
    nodes += [Node("c4", ["c3"], {"config.mk": "x\n", "bug": "x"}), Node("c5", ["c4"], {"d": "1"})]
    ids = write_history(tmp_path / "r", nodes)
    found = hunted(tmp_path, ids, f"- {{cherry_pick: {ids['c4']}, when: {{fails: true}}}}\n")
    assert (found["first_bad"], found["conclusion"], found["exit_code"]) == (None, "inconclusive", 5)
    assert f"only one of them got cherry_pick {ids['c4'][:12]} of the overlay" in str(found["reason"])


def test_commits_that_do_not_build_are_told_as_one_group(tmp_path: Path) -> None:
    """With the error, where the history fixes it, and on the screen and in the report what to add."""
    ids = history(tmp_path)
    found = hunted(tmp_path, ids, " []\n")
    assert (found["conclusion"], found["exit_code"]) == ("any-of", 4)
    (group,) = cast("list[dict[str, Any]]", found["untestable_groups"])
    assert group["commits"][-1] == group["latest"] == ids["c7"]
    assert (group["range"], group["fixed_by"]) == (f"{ids['c7']}..{ids['c8']}", ids["c8"])
    assert group["add"].replace("'", "") == f"overlay: [{{cherry_pick: {ids['c8']}, when: {{fails: true}}}}]"
    shown = bisector("report", "--config", "h.yaml", folder=tmp_path / "r").stdout
    assert f"{group['count']} commits do not build: no output" in shown, shown
    page = Path(str(found["report"])).read_text()
    assert "Commits that do not build" in page and "fixes the build" in page


def test_workers_that_lack_the_history(tmp_path: Path) -> None:
    """A cluster's workers get only the range, in which nobody can tell what contains an older commit."""
    ids = history(tmp_path)
    entry = f"- {{cherry_pick: {ids['c8']}, when: {{fails: true}}}}\n"
    (tmp_path / "r/h.yaml").write_text(HUNT.format(good=ids["c0"], overlay=entry) + "engine: {name: dask}\n")
    done = bisector("run", "--config", "h.yaml", folder=tmp_path / "r")
    assert done.returncode == 2
    assert "overlay[0].cherry_pick: the workers get only the commits of the range" in done.stderr


def test_every_step_doubts_what_only_the_overlay_brings(tmp_path: Path) -> None:
    """With `--all` too, a fix-up that brings the bug makes no confirmed step."""
    nodes = [Node("c0", (), {"config.mk": "x\n"}), Node("c1", ["c0"], {"bug": "x"})]
    nodes += [Node("c2", ["c1"], {"bug": None}), Node("c3", ["c2"], {"config.mk": None})]
    nodes += [Node("c4", ["c3"], {"config.mk": "x\n", "bug": "x"}), Node("c5", ["c4"], {"d": "1"})]
    ids = write_history(tmp_path / "r", nodes)
    overlay = f"- {{cherry_pick: {ids['c4']}, when: {{fails: true}}}}\n"
    (tmp_path / "r/h.yaml").write_text(HUNT.format(good=ids["c0"], overlay=overlay))
    found = summary_of("--config", "h.yaml", "--all", folder=tmp_path / "r")
    assert found["exit_code"] == 5, found
    assert {one["commit"]: one["confirmed"] for one in found["steps"]}.get(ids["c3"]) is not True


TUNED = """
good: {good}
bad: main
test: {{command: "! grep -q BUG code{also}"}}
scratch: ../scratch
jobs: 1
overlay: [{{edit: code, find: "# tuning", replace: {text}, optional: true}}]
"""


def tuned(folder: Path, *, at: int, also: str = "", text: str = "BUG") -> dict[str, str]:
    """A history whose `c4` brings a bug and `c<at>` the text that the overlay edits, and a hunt file."""
    nodes = [Node("c0", (), {"code": "0\n"})]
    for number in range(1, 7):
        files: dict[str, str | None] = {f"n{number}": "x"} | ({"bug": "x"} if number == 4 else {})
        files |= {"code": "0\n# tuning\n"} if number == at else {}
        nodes.append(Node(f"c{number}", [f"c{number - 1}"], files))
    ids = write_history(folder / "r", nodes)
    (folder / "r/h.yaml").write_text(TUNED.format(good=ids["c0"], also=also, text=text))
    return ids


def test_an_optional_edit_that_brings_the_difference_is_no_answer(tmp_path: Path) -> None:
    """It applies to one of two commits only, and without it they are alike."""
    ids = tuned(tmp_path, at=4)
    found = summary_of("--config", "h.yaml", folder=tmp_path / "r")
    assert (found["first_bad"], found["conclusion"], found["exit_code"]) == (None, "inconclusive", 5)
    told = f"{ids['c4'][:12]} is bad and its parent {ids['c3'][:12]} good, but only one of them got edit code"
    assert told in str(found["reason"])
    assert "remove `optional` from edit code" in str(found["reason"])


def test_an_optional_edit_of_the_first_bad_commit_alone(tmp_path: Path) -> None:
    """The commit brings what the overlay edits, but is bad without the overlay as well: the answer stands."""
    ids = tuned(tmp_path, at=4, also=" && test ! -f bug", text="fine")
    done = bisector("run", "--config", "h.yaml", folder=tmp_path / "r")
    assert done.returncode == 0 and ids["c4"][:12] in done.stdout
    assert "testing whether edit code of the overlay brings the difference" in done.stdout + done.stderr


def test_an_optional_edit_of_both_costs_nothing(tmp_path: Path) -> None:
    """Both the answer and its parent got the edit, so neither is tested once more."""
    ids = tuned(tmp_path, at=2, also=" && test ! -f bug", text="fine")
    done = bisector("run", "--config", "h.yaml", folder=tmp_path / "r")
    assert done.returncode == 0 and ids["c4"][:12] in done.stdout
    assert "brings the difference" not in done.stdout + done.stderr


def test_a_fix_up_that_brings_the_difference_bounds_no_set(tmp_path: Path) -> None:
    """Only untestable commits are left, but the one behind them is bad by its fix-up alone."""
    nodes = [Node("c0", (), {"config.mk": "x\n", "code": "0"})]
    for at in range(1, 7):
        files: dict[str, str | None] = {"code": str(at)} | ({"config.mk": None} if at == 2 else {})
        files |= {"config.mk": "x\n", "bug": "x"} if at == 5 else {}
        nodes.append(Node(f"c{at}", [f"c{at - 1}"], files))
    ids = write_history(tmp_path / "r", nodes)
    found = hunted(tmp_path, ids, f"- {{cherry_pick: {ids['c5']}, when: {{fails: true}}}}\n")
    assert (found["conclusion"], found["exit_code"]) == ("inconclusive", 5)
    told = f"{ids['c4'][:12]} is bad and {ids['c1'][:12]} before it good, but only one of them got"
    assert told in str(found["reason"])
