"""An answer that moves a submodule is followed into its history, in real repositories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.running import bisector, summary_of
from tests.git_history import Node, chain, git, write_history

FILES = ("-c", "protocol.file.allow=always")


def library(folder: Path, name: str, bug_at: int = 5, length: int = 8) -> dict[str, str]:
    """A repository whose file `bug` exists from one commit on."""
    nodes = [
        Node(
            f"{name}{at}",
            [f"{name}{at - 1}"] if at else [],
            {"v": f"{at}\n"} | ({"bug": "x"} if at == bug_at else {}),
        )
        for at in range(length)
    ]
    return write_history(folder / name, nodes)


def project(folder: Path, commits: Sequence[Mapping[str, str | None]], *names: str) -> dict[str, str]:
    """Commits c0, c1, ... with files, and ids for the submodules `names`; then a clone of it all."""
    modules = "".join(f'[submodule "{name}"]\n\tpath = {name}\n\turl = ../{name}\n' for name in names)
    nodes = []
    for at, files in enumerate(commits):
        parents = [f"c{at - 1}"] if at else []
        modes = {path: "160000" for path in files if path in names} | {".gitmodules": "100644"}
        nodes.append(Node(f"c{at}", parents, {**files, ".gitmodules": modules}, modes))
    ids = write_history(folder / "project", nodes)
    git(folder, *FILES, "clone", "-q", "--recurse-submodules", "project", "clone")
    return ids


def state_of(clone: Path) -> str:
    """Everything that bisector must leave alone in a clone and in its submodules."""
    folders = [clone / ".git", *(clone / ".git/modules").iterdir()]
    told = [git(one, f"--git-dir={one}", "count-objects", "-v") for one in folders]
    told += [git(one, f"--git-dir={one}", "for-each-ref") for one in folders]
    names = sorted(str(path) for one in folders for path in one.iterdir() if path.name != "modules")
    return "\n".join([*told, *names, git(clone, "status", "--porcelain")])


def test_the_answer_is_followed_into_the_submodule(tmp_path: Path) -> None:
    """The hunt tests the parent with only the pointer moved; a second start runs nothing."""
    lib = library(tmp_path, "lib")
    test = {"t.sh": "test ! -e lib/bug\n"}
    ids = project(
        tmp_path, [{**test, "lib": lib["lib0"]}, {"a": "x"}, {"lib": lib["lib7"]}, {"b": "x"}], "lib"
    )
    clone = tmp_path / "clone"
    before = state_of(clone)
    line = ("--good", ids["c0"], "--test", "sh t.sh")
    done = bisector("run", *line, folder=clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"first bad commit {ids['c2'][:12]}: {lib['lib5'][:12]} in lib" in done.stdout
    assert f"next: git -C lib show {lib['lib5'][:12]}" in done.stdout
    found = summary_of(*line, folder=clone)
    (level,) = found["descent"]
    assert (found["commit"], level["kind"], level["path"]) == (ids["c2"], "submodule", "lib")
    assert (level["answer"], level["confirmed"]) == (lib["lib5"], True)
    assert level["range"]["written"] == f"{lib['lib0'][:12]}..{lib['lib7'][:12]}"
    again = bisector("run", *line, folder=clone)
    assert (again.returncode, "search" in again.stdout, lib["lib5"][:12] in again.stdout) == (0, False, True)
    anew = bisector("run", *line, "--restart", folder=clone)
    assert (anew.returncode, lib["lib5"][:12] in anew.stdout) == (0, True)
    assert state_of(clone) == before


def test_several_submodules_and_other_files_are_told_apart(tmp_path: Path) -> None:
    """The commit moves two submodules and changes a file; only the second one brings the bug."""
    one, two = library(tmp_path, "one", bug_at=99), library(tmp_path, "two")
    first = {"t.sh": "test ! -e one/bug && test ! -e two/bug\n", "one": one["one0"], "two": two["two0"]}
    ids = project(tmp_path, [first, {"one": one["one7"], "two": two["two7"], "a": "x"}], "one", "two")
    found = summary_of("--good", ids["c0"], "--test", "sh t.sh", folder=tmp_path / "clone")
    which, inside = found["descent"]
    assert (which["kind"], which["answer"], which["state"]) == ("submodules", "two", "found")
    assert "with only it moved" in which["reason"]
    assert (inside["path"], inside["answer"]) == ("two", two["two5"])


def test_two_submodules_that_are_bad_only_together(tmp_path: Path) -> None:
    """The second one is followed, with the first one moved."""
    one, two = library(tmp_path, "one", bug_at=3), library(tmp_path, "two", bug_at=4)
    first = {"t.sh": "! { test -e one/bug && test -e two/bug; }\n", "one": one["one0"], "two": two["two0"]}
    ids = project(tmp_path, [first, {"one": one["one7"], "two": two["two7"]}], "one", "two")
    line = ("--good", ids["c0"], "--test", "sh t.sh", "--set", "premise.max=4")
    which, inside = summary_of(*line, folder=tmp_path / "clone")["descent"]
    assert (which["answer"], "bad only with one moved too" in which["reason"]) == ("two", True)
    assert (inside["path"], inside["answer"]) == ("two", two["two4"])


def test_a_submodule_that_is_not_the_reason_is_not_followed(tmp_path: Path) -> None:
    """The commit moves a submodule, but its other file makes the difference."""
    lib = library(tmp_path, "lib", bug_at=99)
    ids = project(
        tmp_path, [{"t.sh": "true\n", "lib": lib["lib0"]}, {"t.sh": "false\n", "lib": lib["lib7"]}], "lib"
    )
    found = summary_of("--good", ids["c0"], "--test", "sh t.sh", folder=tmp_path / "clone")
    (level,) = found["descent"]
    assert (found["exit_code"], level["state"], level["answer"], level["files"]) == (
        0,
        "together",
        None,
        ["t.sh"],
    )


def test_a_submodule_that_needs_the_other_files_is_moved_after_them(tmp_path: Path) -> None:
    """The commit adapts its build to the new submodule, so that neither builds without the other."""
    nodes = chain(8, {0: {"api": "1"}, 2: {"api": "2"}, 5: {"bug": "x"}})
    lib = write_history(tmp_path / "lib", nodes)
    build = "test $(cat lib/api) = 1\n"
    both = "true\n"
    commits = [
        {"b.sh": build, "t.sh": "test ! -e lib/bug\n", "lib": lib["c0"]},
        {"b.sh": both, "lib": lib["c7"]},
    ]
    ids = project(tmp_path, commits, "lib")
    line = ("--good", ids["c0"], "--build", "sh b.sh", "--test", "sh t.sh")
    which, inside = summary_of(*line, folder=tmp_path / "clone")["descent"]
    assert (which["answer"], "after all else" in which["reason"]) == ("lib", True)
    assert (inside["answer"], f"all else as in {ids['c1'][:12]}" in inside["reason"]) == (lib["c5"], True)


def test_a_submodule_that_was_moved_back_lost_the_commit_that_made_it_good(tmp_path: Path) -> None:
    """The lost commit is named, and no wrong one."""
    nodes = chain(6, {0: {"bug": "x"}, 3: {"bug": None}})
    lib = write_history(tmp_path / "lib", nodes)
    ids = project(tmp_path, [{"t.sh": "test ! -e lib/bug\n", "lib": lib["c5"]}, {"lib": lib["c1"]}], "lib")
    found = summary_of("--good", ids["c0"], "--test", "sh t.sh", folder=tmp_path / "clone")
    (level,) = found["descent"]
    assert (found["commit"], level["answer"]) == (ids["c1"], lib["c3"])
    assert "moved back over it" in level["reason"]


def test_a_merge_and_a_submodule_inside_the_submodule_are_followed(tmp_path: Path) -> None:
    """Three levels: the submodule, a merge in it, and the submodule that its branch moves."""
    deep = library(tmp_path, "deep", bug_at=2, length=4)
    modules = '[submodule "deep"]\n\tpath = deep\n\turl = ../deep\n'
    link = {"deep": "160000"}
    nodes = [
        Node("base", [], {".gitmodules": modules, "deep": deep["deep0"]}, link),
        Node("main1", ["base"]),
        Node("b1", ["base"]),
        Node("b2", ["b1"], {"deep": deep["deep3"]}, link),
        Node("merge", ["main1", "b2"], {"b1": "b1", "deep": deep["deep3"]}, link),
        Node("main2", ["merge"]),
    ]
    lib = write_history(tmp_path / "lib", nodes)
    test = {"t.sh": "test -e lib/deep/v && test ! -e lib/deep/bug\n"}
    ids = project(tmp_path, [{**test, "lib": lib["base"]}, {"lib": lib["main2"]}], "lib")
    found = summary_of("--first-parent", "--good", ids["c0"], "--test", "sh t.sh", folder=tmp_path / "clone")
    told = [(level["kind"], level["path"], level["answer"]) for level in found["descent"]]
    assert told == [
        ("submodule", "lib", lib["merge"]),
        ("merge", "lib", lib["b2"]),
        ("submodule", "lib/deep", deep["deep2"]),
    ]


def test_missing_history_is_fetched_only_if_the_user_allows_it(tmp_path: Path) -> None:
    """A shallow clone of the submodule: the command is said, or the history is fetched for bisector alone."""
    lib = library(tmp_path, "lib")
    ids = project(
        tmp_path, [{"t.sh": "test ! -e lib/bug\n", "lib": lib["lib0"]}, {"lib": lib["lib7"]}], "lib"
    )
    clone = tmp_path / "clone"
    git(clone, "config", "submodule.lib.url", f"file://{tmp_path}/lib")
    git(clone, "submodule", "deinit", "-f", "-q", "lib")
    url = f"file://{tmp_path}/lib"
    module = clone / ".git/modules/lib"
    git(tmp_path, "-C", "lib", "config", "uploadpack.allowAnySHA1InWant", "true")
    git(clone, "config", "-f", ".gitmodules", "submodule.lib.url", url)
    for path in sorted(module.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    module.rmdir()
    git(clone, *FILES, "clone", "-q", "--bare", "--depth=1", url, str(module))
    git(module, f"--git-dir={module}", "fetch", "-q", "--depth=1", url, lib["lib0"])
    before = state_of(clone)
    line = ("--good", ids["c0"], "--test", "sh t.sh")
    found = summary_of(*line, folder=clone)
    (level,) = found["descent"]
    assert (found["exit_code"], level["state"], level["answer"]) == (0, "open", None)
    assert level["command"] == "git -C lib fetch --unshallow"
    allowed = summary_of(*line, "--set", "descend.fetch=true", folder=clone)
    assert allowed["descent"][0]["answer"] == lib["lib5"], allowed["descent"]
    assert state_of(clone) == before


def test_a_submodule_whose_commit_is_gone_is_named_before_the_hunt_and_in_the_answer(tmp_path: Path) -> None:
    """Two commits need it, so the answer is one of three, for a reason that has its name."""
    lib = library(tmp_path, "lib")
    gone = "12" * 20
    commits = [
        {"t.sh": "test ! -e bug\n", "lib": lib["lib0"]},
        {"a": "x"},
        {"lib": gone},
        {"bug": "x"},
        {"lib": lib["lib1"]},
    ]
    ids = project(tmp_path, commits, "lib")
    done = bisector("run", "--good", ids["c0"], "--test", "sh t.sh", folder=tmp_path / "clone")
    assert done.returncode == 4, done.stdout + done.stderr
    before, _, after = done.stdout.partition("premise")
    assert f"your clone of the submodule lib lacks 1 commit that the range needs ({gone[:12]})" in before
    assert "the submodule lib" in after and f"lacks commit {gone[:12]}" in after
    assert "build" not in after
    found = summary_of("--good", ids["c0"], "--test", "sh t.sh", folder=tmp_path / "clone")
    assert f"the submodule lib of {tmp_path}/clone lacks commit {gone[:12]}" in found["reason"]


def test_a_commit_that_adds_a_submodule_which_is_not_initialised_is_no_answer(tmp_path: Path) -> None:
    """It is bad only because the submodule is empty in every slot."""
    lib = library(tmp_path, "lib", bug_at=99)
    test = {"t.sh": "if grep -q path .gitmodules; then test -e lib/v; fi\n"}
    nodes = [Node("c0", [], test), Node("c1", ["c0"])]
    modules = '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n'
    nodes += [
        Node("c2", ["c1"], {".gitmodules": modules, "lib": lib["lib0"]}, {"lib": "160000"}),
        Node("c3", ["c2"]),
    ]
    ids = write_history(tmp_path / "repo", nodes)
    found = summary_of("--good", ids["c0"], "--test", "sh t.sh 2>&1", folder=tmp_path / "repo")
    assert (found["exit_code"], found["conclusion"]) == (5, "inconclusive")
    assert "adds the submodule lib, which is not initialised" in found["reason"]
    assert "git submodule update --init --recursive lib" in found["reason"]
    git(tmp_path / "repo", *FILES, "clone", "-q", "--bare", "../lib", ".git/modules/lib")
    after = summary_of("--good", ids["c0"], "--test", "sh t.sh 2>&1", folder=tmp_path / "repo")
    assert after["conclusion"] == "no-regression", after
