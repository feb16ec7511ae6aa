"""Files that a build writes and `outputs` does not list. They are named if the test needs them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bisector.errors import HuntFileError
from bisector.predicate import Bad, Good, Untestable
from bisector.probe.reading import BuildKind, Reading, Role
from bisector.probe.request import Request
from bisector.probe.step import Step
from tests.engine.reading import Lab, lab
from tests.git_history import Node, write_history

IGNORED = {".gitignore": "/b\n"}
APP_AND_DATA = "mkdir -p b && echo app >b/app && cp n b/data"


def premise(found: Lab) -> Reading:
    """The endpoint, read once."""
    return found.engine.read(Request(found.commit, Role.PREMISE))


def runs(log: Path) -> int:
    """How often the test has run, which writes a line to `log`."""
    return len(log.read_text().splitlines())


def test_a_file_that_the_test_needs_is_named_with_the_line_to_write(tmp_path: Path) -> None:
    """A needed, undeclared file prevents a verdict at any start, even if the store has the outputs."""
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"]}
    for _start in range(2):
        with lab(tmp_path, "test $(cat b/data) = 1", {**IGNORED, "n": "1\n"}, **said) as found:
            with pytest.raises(HuntFileError, match="writes b/data, and the test needs it") as caught:
                premise(found)
            assert "write `outputs: [b/app, b/data]`" in str(caught.value)


def test_with_what_was_missing_declared_all_is_well(tmp_path: Path) -> None:
    """With the line from the message, the hunt works."""
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app", "b/data"]}
    with lab(tmp_path, "test $(cat b/data) = 1", {**IGNORED, "n": "1\n"}, **said) as found:
        assert isinstance(premise(found).judgement, Good)


def test_a_failure_without_the_file_is_not_normal(tmp_path: Path) -> None:
    """The good endpoint's exit code is that of its whole run, not of the run that lacks the file."""
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"], "predicate": "no_oom"}
    with lab(tmp_path, "cat b/data || exit 3", {**IGNORED, "n": "1\n"}, **said) as found:
        request = Request(found.commit, Role.PREMISE, endpoint="good")
        with pytest.raises(HuntFileError, match="writes b/data, and the test needs it"):
            found.engine.read(request)


@pytest.mark.parametrize("make", ["mkdir -p d/spool", "ln -s nowhere d", "mkdir d && cp n 'd/a b'"])
def test_folders_and_links_count_too(tmp_path: Path, make: str) -> None:
    """An empty folder, a dangling link, a name with a space."""
    said = {"build__command": f"echo app >app; {make}", "build__outputs": ["app"]}
    with lab(tmp_path, "ls d && touch d/x", {"n": "1\n"}, **said) as found:
        if "nowhere" in make:
            assert isinstance(premise(found).judgement, Bad)
            return
        with pytest.raises(HuntFileError, match=r"outputs: \[app, \"?d/"):
            premise(found)


@pytest.mark.parametrize(
    ("make", "test"),
    [
        ("cp n tool", "test $(cat tool) = 1"),
        ("chmod -x tool", "test ! -x tool"),
        ("rm tool", "test ! -e tool"),
    ],
)
def test_tracked_files_that_a_build_changes_count_too(tmp_path: Path, make: str, test: str) -> None:
    """Written, made not executable, removed: a checkout undoes the change, so the store must restore it."""
    said = {"build__command": f"echo app >app; {make}", "build__outputs": ["app"]}
    with (
        lab(tmp_path, test, {"n": "1\n", "tool": "#!/bin/sh\nexit 0\n"}, **said) as found,
        pytest.raises(HuntFileError, match="the build also writes tool, and the test needs it"),
    ):
        premise(found)


def test_of_many_files_their_folder_is_to_be_declared(tmp_path: Path) -> None:
    """The line stays short, and the first few files are named."""
    make = "mkdir -p b && echo app >b/app && for i in 1 2 3 4 5 6; do echo $i >b/$i; done"
    with lab(tmp_path, "cat b/6", IGNORED, build__command=make, build__outputs=["b/app"]) as found:
        with pytest.raises(HuntFileError, match=r"b/1, b/2, b/3, b/4 and 2 more") as caught:
            premise(found)
        assert "outputs: [b]`" in str(caught.value)


def test_what_the_test_does_not_need_costs_two_runs(tmp_path: Path) -> None:
    """Undeclared object files are allowed. That costs a run and a traced one; the next start knows it."""
    log = tmp_path / "log"
    said = {"build__command": "cc() { echo o >a.o; }; cc; echo app >app", "build__outputs": ["app"]}
    for start in range(2):
        with lab(tmp_path, f"echo run >>{log}; cat app", {".gitignore": "*.o\napp\n"}, **said) as found:
            assert isinstance(premise(found).judgement, Good)
            assert runs(log) == 3 + 2 * start
            assert isinstance(premise(found).judgement, Good)
            assert runs(log) == 4 + 2 * start
            assert not found.told(Step.NOTED)


def test_where_nothing_is_undeclared_nothing_is_tried(tmp_path: Path) -> None:
    """Without undeclared files, one reading is one run."""
    log = tmp_path / "log"
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b"]}
    with lab(tmp_path, f"echo run >>{log}; cat b/data", {**IGNORED, "n": "1\n"}, **said) as found:
        assert isinstance(premise(found).judgement, Good)
    assert runs(log) == 1


def test_a_test_that_fails_now_and_then_blames_no_hunt_file(tmp_path: Path) -> None:
    """If only its second run fails, that says nothing about the outputs."""
    log = tmp_path / "log"
    test = f"echo run >>{log}; test $(wc -l <{log}) -ne 2"
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"]}
    with lab(tmp_path, test, {**IGNORED, "n": "1\n"}, **said) as found:
        assert isinstance(premise(found).judgement, Good)


def two_commits(folder: Path) -> list[str]:
    """Ids of three commits with different `n`. They have the same test."""
    ids = write_history(
        folder / "repo",
        [
            Node("c0", [], {**IGNORED, "n": "0\n"}),
            Node("c1", ["c0"], {"n": "1\n"}),
            Node("c2", ["c1"], {"n": "2\n"}),
        ],
    )
    return [ids[name] for name in ("c0", "c1", "c2")]


def test_what_another_build_has_left_never_meets_restored_outputs(tmp_path: Path) -> None:
    """Files of another build are hidden while the test runs, and are back for the next build."""
    first, second, _ = two_commits(tmp_path)
    make = "mkdir -p b; ls b >b/seen; rm -f b/cache-*; cp n b/cache-$(cat n); cp n b/app"
    said = {"build__command": make, "build__outputs": ["b/app"]}
    test = 'test -z "$(ls b | grep cache)" || test -e b/cache-$(cat n)'
    with lab(tmp_path, test, **said) as found:
        assert isinstance(premise(found).judgement, Good)
        for commit in (first, second):
            reading = found.engine.read(Request(commit, Role.SEARCH))
            assert isinstance(reading.judgement, Good) and reading.build is BuildKind.INCREMENTAL
        reading = found.engine.read(Request(first, Role.SEARCH))
        assert isinstance(reading.judgement, Good) and reading.build is BuildKind.RESTORED
        slot = tmp_path / "slots/1"
        assert not list(slot.glob("b/cache*"))


def test_before_the_endpoints_agree_only_whole_builds_are_restored(tmp_path: Path) -> None:
    """Before the endpoints agree, builds with undeclared files are repeated, and outputs have no digest."""
    first, second, _ = two_commits(tmp_path)
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"]}
    with lab(tmp_path, "test $(cat b/data) = $(cat n)", **said) as found:
        for commit in (first, second, first):
            reading = found.engine.read(Request(commit, Role.SEARCH))
            assert isinstance(reading.judgement, Good)
            assert (reading.build, reading.digest) == (BuildKind.INCREMENTAL, "")
        for _time in range(2):
            fresh = found.engine.read(Request(first, Role.CONFIRMATION, clean=True))
            assert isinstance(fresh.judgement, Good)
            found.engine.read(Request(second, Role.SEARCH))
        assert fresh.build is BuildKind.RESTORED


@pytest.mark.parametrize("make", ["mkfifo b/pipe", "mkdir b/d && mkfifo b/d/pipe"])
def test_a_fifo_in_an_output_makes_the_commit_untestable(tmp_path: Path, make: str) -> None:
    """The reason is one sentence, and nothing blocks."""
    said = {"build__command": f"mkdir b && {make}", "build__outputs": ["b"]}
    with lab(tmp_path, "true", IGNORED, **said) as found:
        judgement = premise(found).judgement
    assert isinstance(judgement, Untestable) and "pipe, a FIFO, which cannot be stored" in judgement.why


def test_a_fifo_beside_the_outputs_does_no_harm(tmp_path: Path) -> None:
    """A FIFO outside the outputs is not needed in the store."""
    said = {"build__command": "mkfifo pipe; echo app >app", "build__outputs": ["app"]}
    with lab(tmp_path, "cat app", {"n": "1"}, **said) as found:
        for _time in range(2):
            assert isinstance(premise(found).judgement, Good)


BESIDE = "mkdir -p ../build; rm -f ../build/?; cp n ../build/n; cp n ../build/$(cat n); echo app >app"


def test_what_another_build_has_left_beside_the_work_tree_is_out_of_sight(tmp_path: Path) -> None:
    """A test of restored outputs does not see the `../build` of another commit. The next build does."""
    first, second, _ = two_commits(tmp_path)
    said = {"build__command": BESIDE, "build__outputs": ["app"]}
    with lab(tmp_path, "test ! -e ../build || test -e ../build/$(cat n)", **said) as found:
        assert isinstance(premise(found).judgement, Good)
        for commit, how in ((first, "INCREMENTAL"), (second, "INCREMENTAL"), (first, "RESTORED")):
            reading = found.engine.read(Request(commit, Role.SEARCH))
            assert isinstance(reading.judgement, Good) and reading.build is BuildKind[how]
        assert not (tmp_path / "slots/1/build").exists()
        third = found.engine.read(Request(second, Role.SEARCH))
        assert isinstance(third.judgement, Good) and third.build is BuildKind.RESTORED


def test_an_endpoint_is_restored_with_what_its_build_left_beside_the_work_tree(tmp_path: Path) -> None:
    """The files next to the work tree are restored, and replace those of another commit."""
    first, _, _ = two_commits(tmp_path)
    said = {"build__command": BESIDE, "build__outputs": ["app"]}
    with lab(tmp_path, "cmp ../build/n n || test ! -e ../build", **said) as found:
        for how in ("INCREMENTAL", "RESTORED"):
            found.engine.read(Request(first, Role.SEARCH))
            reading = premise(found)
            assert isinstance(reading.judgement, Good) and reading.build is BuildKind[how]


def test_a_file_beside_the_work_tree_that_the_test_needs_is_named(tmp_path: Path) -> None:
    """Outputs cannot be there, so the message does not suggest declaring it."""
    said = {"build__command": BESIDE, "build__outputs": ["app"]}
    with (
        lab(tmp_path, "cmp ../build/n n", {"n": "1\n"}, **said) as found,
        pytest.raises(HuntFileError, match=r"writes \.\./build/1.*build \.\./build/1 inside the repository"),
    ):
        premise(found)


def test_a_predicate_that_was_changed_is_tried_anew(tmp_path: Path) -> None:
    """Whether the outputs are enough also depends on the predicate's own file."""
    log, plug_in = tmp_path / "log", tmp_path / "mine.py"
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"], "predicate": "mine.py:Mine"}
    for why, expected in (("one", 3), ("one", 4), ("two", 7)):
        plug_in.write_text(
            "from bisector.predicate import Good, Options, Predicate\n"
            "class Mine(Predicate[Options]):\n"
            "    name, Options = 'mine', Options\n"
            f"    def judge(self, run, baseline):\n        return Good('{why}')\n"
        )
        with lab(tmp_path, f"echo run >>{log}", {**IGNORED, "n": "1\n"}, **said) as found:
            assert isinstance(premise(found).judgement, Good)
        assert runs(log) == expected


DATA_IF_THERE = "cat b/data 2>/dev/null || echo 1"


def is_restored_alone(found: Lab, first: str, second: str) -> bool:
    """Whether a commit that was built before is restored with its outputs alone."""
    for commit in (first, second):
        found.engine.read(Request(commit, Role.SEARCH))
    return found.engine.read(Request(first, Role.SEARCH)).build is BuildKind.RESTORED


def test_outputs_are_not_restored_without_a_file_that_the_test_reads(tmp_path: Path) -> None:
    """Equal judgements at the endpoints do not make up for it: between them the file may decide."""
    first, second, _ = two_commits(tmp_path)
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"]}
    test = f"test $({DATA_IF_THERE}) != 5"
    for start in range(2):
        with lab(tmp_path, test, **said) as found:
            assert isinstance(premise(found).judgement, Good)
            told = found.told(Step.NOTED)
            assert len(told) == (1 if start == 0 else 0)
            assert all("the test reads b/data" in one and "outputs: [b/app, b/data]" in one for one in told)
            assert not is_restored_alone(found, first, second)
    assert not list(tmp_path.glob("logs/*.strace"))


@pytest.mark.parametrize(
    "test",
    [
        "ls b >/dev/null",
        "test -e b/data",
        "echo 5 >b/data; cat b/data",
        "test -e b/data || cp n b/data; cat b/data",
    ],
    ids=["listed", "found to exist", "written first", "made again"],
)
def test_only_what_is_read_and_not_made_again_counts(tmp_path: Path, test: str) -> None:
    """Test runners list folders, and caches are filled again. A restored build is as good."""
    first, second, _ = two_commits(tmp_path)
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"]}
    with lab(tmp_path, f"{test}; true", **said) as found:
        assert isinstance(premise(found).judgement, Good)
        assert not found.told(Step.NOTED)
        assert is_restored_alone(found, first, second)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_process_that_outlives_a_traced_test_is_not_waited_for(tmp_path: Path) -> None:
    """It would take as long as the longest run that is traced. What the test read before counts."""
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"]}
    test = f"(sleep 100; touch {tmp_path}/ended) & cat b/data; true"
    with lab(tmp_path, test, {**IGNORED, "n": "1\n"}, **said) as found:
        assert isinstance(premise(found).judgement, Good)
        assert "the test reads b/data" in found.told(Step.NOTED)[0]
    assert not (tmp_path / "ended").exists()


def test_a_file_that_the_test_makes_again_with_other_bytes_counts(tmp_path: Path) -> None:
    """The test would be judged by its own file after a restore, and by that of the build otherwise."""
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"]}
    test = "test -e b/data || echo other >b/data; cat b/data"
    with lab(tmp_path, test, {**IGNORED, "n": "1\n"}, **said) as found:
        assert isinstance(premise(found).judgement, Good)
        assert "the test reads b/data" in found.told(Step.NOTED)[0]


def test_what_is_read_through_a_link_of_the_build_or_beside_the_tree_counts(tmp_path: Path) -> None:
    """The file itself, an undeclared link to a tracked one, and a folder next to the work tree."""
    make = "echo app >app; ln -s n link; mkdir -p ../build; cp n ../build/n"
    with lab(
        tmp_path, "cat link ../build/n; true", {"n": "1\n"}, build__command=make, build__outputs=["app"]
    ) as found:
        assert isinstance(premise(found).judgement, Good)
        assert "the test reads ../build/n, link" in found.told(Step.NOTED)[0]


@pytest.mark.parametrize("strace", ["", "echo no tracing here >&2; exit 1"], ids=["missing", "refused"])
def test_where_nothing_can_be_traced_equal_judgements_are_enough(tmp_path: Path, strace: str) -> None:
    """Without a usable strace, everything works as before, and nothing is said."""
    first, second, _ = two_commits(tmp_path)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "cat", "cp", "mkdir", "echo", "test", "git"):
        (tools / name).symlink_to(str(shutil.which(name)))
    if strace:
        (tools / "strace").write_text(f"#!/bin/sh\n{strace}\n")
        (tools / "strace").chmod(0o755)
    said = {"build__command": APP_AND_DATA, "build__outputs": ["b/app"], "environment__set__PATH": str(tools)}
    with lab(tmp_path, f"{DATA_IF_THERE}; true", **said) as found:
        assert isinstance(premise(found).judgement, Good)
        assert not found.told(Step.NOTED)
        assert is_restored_alone(found, first, second)
