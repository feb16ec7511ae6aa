"""Every reading starts from the same state: build outputs stay, and files that a test left are removed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bisector.predicate import Good
from tests.engine.reading import lab
from tests.git_history import Node, git, write_history

IGNORE = {".gitignore": "*.db\nout/\n", "tracked": "as committed", "folder/tracked": "as committed"}

LEFT = {
    "an ignored file": "test ! -e a.db && touch a.db",
    "an untracked file": "test ! -e left && touch left",
    "an ignored folder": "mkdir out && touch out/x",
    "an empty folder": "mkdir new",
    "a folder that cannot be written": "mkdir new && touch new/x && chmod -R a-w new",
    "a folder that cannot be read": "mkdir new && touch new/x && chmod 0 new",
    "a link that leads to itself": "ln -s loop loop",
    "a folder beside the tree": "mkdir ../build && touch ../build/x",
    "a file beside the tree": "test ! -e ../left && touch ../left",
    "a tag": "git tag v1",
    "a stash": 'test -z "$(git stash list)" && git update-ref refs/stash HEAD',
    "a setting": 'test -z "$(git config my.key)" && git config my.key value',
    "a FIFO": "mkfifo fifo",
    "a repository": "git init -q new && test ! -e new/x && touch new/x",
    "a name that is no UTF-8": "f=$(printf 'a\\377.db'); test ! -e $f && touch $f",
    "a changed tracked file": "grep -q 'as committed' tracked && echo other > tracked",
    "a removed tracked file": "rm tracked",
    "a removed folder": "rm -r folder",
    "a tracked file made a folder": "rm tracked && mkdir tracked && touch tracked/x",
    "a folder made a file": "test -d folder && rm -r folder && touch folder",
    "a changed mode": "test -x tracked && chmod -x tracked",
    "a change with its time put back": "grep -q 'as committed' tracked && cp -p tracked old"
    " && printf 'as_committed' > tracked && touch -r old tracked && rm old",
    "a staged change": "git diff --cached --quiet && echo other > tracked && git add tracked",
    "a commit": "test $(git rev-parse HEAD) = $BISECTOR_COMMIT && git -c user.name=a -c user.email=a@b"
    " commit -q --allow-empty -m more",
    "another commit checked out": "test $(git rev-parse HEAD) = $BISECTOR_COMMIT"
    " && git checkout -q --orphan x",
    "half a cherry-pick": "test ! -e $(git rev-parse --git-dir)/CHERRY_PICK_HEAD"
    " && git rev-parse HEAD > $(git rev-parse --git-dir)/CHERRY_PICK_HEAD",
    "a removed index": "test -e $(git rev-parse --git-dir)/index && rm $(git rev-parse --git-dir)/index",
    "a removed ignored file of the build": "rm made.db",
    "a truncated ignored file of the build": "test -s made.db && : > made.db",
    "an ignored file of the build that cannot be written": "test $(wc -l < made.db) = 1"
    " && echo 1 >> made.db && chmod 0 made.db",
}


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("outputs", [(), ("made.db",)], ids=["no outputs", "outputs"])
def test_what_a_test_leaves_is_gone_before_the_next(
    tmp_path: Path, left: str, outputs: tuple[str, ...]
) -> None:
    """A test that passes once in a slot passes every time."""
    made = "echo made > made.db"
    with lab(tmp_path, LEFT[left], IGNORE, build__command=made, build__outputs=list(outputs)) as here:
        for _ in range(3):
            assert isinstance(here.read().judgement, Good), here.engine


def test_the_runs_of_a_pair_start_alike(tmp_path: Path) -> None:
    """Neither run of a pair finds files that earlier runs left."""
    test = "n=80; test -e warm && n=20; touch warm; echo work: $n"
    counter = {"name": "counter", "pattern": r"work: (?P<value>\d+)"}
    with lab(tmp_path, test, predicate=counter) as here:
        for _ in range(3):
            reading = here.read(against=here.commit)
            assert reading.run and reading.run.output == "work: 80\n"
            assert reading.reference and reading.reference.output == "work: 80\n"


def test_what_a_test_may_keep_stays(tmp_path: Path) -> None:
    """Files that match `test.keeps` stay for later tests, also of other commits. Other files are removed."""
    test = "test ! -e left && touch left && mkdir -p .cache/a && echo >> .cache/a/b && wc -l < .cache/a/b"
    write_history(tmp_path / "repo", [Node("c0", [], {"a": "1"}), Node("c1", ["c0"], {"a": "2"})])
    ids = git(tmp_path / "repo", "rev-list", "--reverse", "HEAD").split()
    with lab(tmp_path, test, test__keeps=[".cache/**"]) as here:
        runs = []
        for commit in (ids[1], ids[1], ids[0]):
            here.commit = commit
            reading = here.read()
            assert isinstance(reading.judgement, Good)
            runs.append(reading.run and reading.run.output.strip())
        assert runs == ["1", "2", "3"]


def test_what_a_build_leaves_stays(tmp_path: Path) -> None:
    """A build finds the files of earlier builds, whatever tests ran in between."""
    write_history(
        tmp_path / "repo",
        [Node(f"c{n}", [f"c{n - 1}"] if n else [], {".gitignore": "*.o\n", "a": str(n)}) for n in range(3)],
    )
    ids = git(tmp_path / "repo", "rev-list", "--reverse", "HEAD").split()
    with lab(
        tmp_path, "rm -f x.o; touch y.o; wc -l < log.o", build__command="echo >> log.o; echo > x.o"
    ) as here:
        runs = []
        for commit in ids:
            here.commit = commit
            reading = here.read()
            runs.append(reading.run and reading.run.output.strip())
        # The first loss of x.o costs a clean build. After that there is a copy.
        assert runs == ["1", "1", "2"]


def test_what_tests_spoil_is_built_again_only_once(tmp_path: Path) -> None:
    """A built file that a test changes needs one clean build, and is then restored from a copy."""
    with lab(
        tmp_path,
        "test -s a.db && : > a.db",
        IGNORE,
        build__command=f"echo >> {tmp_path}/builds; echo 1 > a.db",
    ) as here:
        assert all(isinstance(here.read().judgement, Good) for _ in range(5))
    assert len((tmp_path / "builds").read_text()) == 2


def test_two_names_of_one_file_stay_one_file(tmp_path: Path) -> None:
    """Hard links stay, also if a test has written to the file and it is restored from a copy."""
    test = "test a.db -ef b.db && test -s a.db && : > a.db"
    built = "echo 1 > a.db && ln -f a.db b.db"
    with lab(tmp_path, test, IGNORE, build__command=built) as here:
        assert all(isinstance(here.read().judgement, Good) for _ in range(5))


def test_what_an_overlay_laid_is_there_again(tmp_path: Path) -> None:
    """A tracked file that an overlay edits is restored with the edit."""
    edit = [{"edit": "tracked", "find": "as committed", "replace": "edited"}]
    with lab(tmp_path, "grep -q edited tracked && echo other > tracked", IGNORE, overlay=edit) as here:
        assert all(isinstance(here.read().judgement, Good) for _ in range(3))


def test_what_a_build_changed_in_a_tracked_file_is_there_again(tmp_path: Path) -> None:
    """A tracked file that the build writes, such as a generated header, is restored as built."""
    with lab(
        tmp_path,
        "grep -q built tracked && echo other > tracked",
        IGNORE,
        build__command="echo built > tracked",
    ) as here:
        assert all(isinstance(here.read().judgement, Good) for _ in range(3))


def test_a_test_keeps_the_times_of_what_was_built(tmp_path: Path) -> None:
    """A restored source is not newer than its build output, so that make in a test builds nothing."""
    test = "test made -nt tracked && test ! tracked -nt made && echo other > tracked"
    build = "touch -d '1 hour ago' tracked; touch made"
    with lab(tmp_path, test, {**IGNORE, ".gitignore": "made\n"}, build__command=build) as here:
        assert all(isinstance(here.read().judgement, Good) for _ in range(3))


def test_temporary_files_are_gone(tmp_path: Path) -> None:
    """Each run has an empty folder for temporary files, which is removed afterwards."""
    (tmp_path / "tmp").mkdir()
    with lab(
        tmp_path,
        f'test -z "$(ls -A $TMPDIR)" && mktemp && case $TMPDIR in {tmp_path}/tmp/*) ;; *) exit 1 ;; esac',
        IGNORE,
        build__command="mktemp",
        tmpdir=tmp_path / "tmp",
    ) as here:
        assert all(isinstance(here.read().judgement, Good) for _ in range(2))
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
def test_files_of_another_owner_go(tmp_path: Path) -> None:
    """Files that a test leaves under another user's name are removed too."""
    with lab(tmp_path, "mkdir new && touch new/x && chown -R 12345 new && chmod 700 new") as here:
        assert all(isinstance(here.read().judgement, Good) for _ in range(2))


def test_a_submodule_starts_alike(tmp_path: Path) -> None:
    """Changes that a test makes in a submodule are undone."""
    write_history(tmp_path / "inner", [Node("i0", [], {"lib": "as committed"})])
    write_history(tmp_path / "repo", [Node("c0", [], {"a": "1"})])
    subprocess.run(
        [
            "git",
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            str(tmp_path / "inner"),
            "sub",
        ],
        cwd=tmp_path / "repo",
        check=True,
        timeout=60,
    )
    git(tmp_path / "repo", "commit", "-qm", "submodule")
    with lab(tmp_path, "grep -q 'as committed' sub/lib && echo other > sub/lib && mkdir sub/new") as here:
        assert all(isinstance(here.read().judgement, Good) for _ in range(3))


def test_a_sparse_file_that_tests_damage_comes_back_with_its_holes(tmp_path: Path) -> None:
    """The copy from which it comes back takes no more room than the file."""
    make = "rm -rf out; mkdir out; truncate -s 20M out/sparse"
    test = "test $(du -k out/sparse | cut -f1) -lt 1000 && test -s out/sparse && : >out/sparse"
    with lab(tmp_path, test, IGNORE, build__command=make, build__outputs=["out"]) as found:
        assert all(isinstance(found.read().judgement, Good) for _time in range(4))
