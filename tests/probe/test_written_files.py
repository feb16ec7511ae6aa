"""The files that a test writes are read, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.errors import HuntFileError
from bisector.hunt.ground import predicate_of
from bisector.hunt_file import load
from bisector.predicate import Ending, Good, Run, Untestable
from bisector.probe import test as probe_test
from bisector.probe.execution import Execution
from bisector.probe.written_files import LARGEST, refusal
from tests.hunt_file.writing import written
from tests.probe.building import site

OWN = """\
from bisector.predicate import Good, Options, Predicate

class Mine(Predicate):
    "Good."
    name = "mine"
    Options = Options
    files = {files}
    def judge(self, run, baseline):
        return Good("x")
"""


def run_at(folder: Path, command: str, files: tuple[str, ...], **said: object) -> Execution:
    """The test of a commit that brings `old.xml` and `sub/`, reading `files`."""
    brought: dict[str, str | None] = {"old.xml": "old", "sub/kept": ""}
    here = site(folder, [brought, {}], test__command=command, **said)
    here.worktree.checkout(here.commits[0])
    return probe_test.Tests(here.setup, (), files).run(here.worktree, here.commits[0], "log")


def test_files_that_this_run_wrote_are_read(tmp_path: Path) -> None:
    """By name and by glob, each with its path from the test's folder."""
    command = "mkdir -p out/a; echo 1 >out/a/1.xml; echo 2 >../2.xml; echo 3 >out/3.txt"
    done = run_at(tmp_path, command, ("out/**/*.xml", "../2.xml", "none.xml"), test__folder="sub")
    assert done.judgement is None
    assert done.run.files == {"../2.xml": "2\n", "out/a/1.xml": "1\n"}


@pytest.mark.parametrize("command", ["true", "mv old.xml new.xml", "cp -p old.xml new.xml", "mkdir new.xml"])
def test_a_file_that_is_older_than_the_run_is_not_read(tmp_path: Path, command: str) -> None:
    """Also if the test moves or copies it to another path."""
    assert run_at(tmp_path, command, ("*.xml",)).run.files == {}


def test_a_file_that_this_run_rewrote_is_read(tmp_path: Path) -> None:
    """Even with the text that it had."""
    assert run_at(tmp_path, "printf old >old.xml", ("old.xml",)).run.files == {"old.xml": "old"}


def test_a_link_out_of_the_slot_is_not_followed(tmp_path: Path) -> None:
    """A file elsewhere on the machine says nothing of the commit; a link inside the slot may."""
    command = f"echo x >{tmp_path}/away; ln -s {tmp_path}/away away.xml; echo 1 >in; ln -s in in.xml"
    assert run_at(tmp_path, command, ("*.xml",)).run.files == {"in.xml": "1\n"}


@pytest.mark.parametrize(("more", "judged"), [(0, None), (1, Untestable)])
def test_more_than_the_limit_is_untestable(tmp_path: Path, more: int, judged: type | None) -> None:
    """The limit counts for all files together; the last byte within it is read."""
    command = f"head -c {LARGEST - 5} /dev/zero >a.xml; head -c {5 + more} /dev/zero >b.xml"
    done = run_at(tmp_path, command, ("*.xml",))
    assert (type(done.judgement) if done.judgement else None) is judged
    assert sum(map(len, done.run.files.values())) == (0 if judged else LARGEST)
    assert done.judgement is None or "to 2 files, more than the 16 MiB" in done.judgement.why


def test_a_report_counts_though_the_script_was_not_found(tmp_path: Path) -> None:
    """A test that wrote its report has run, whatever its last command was."""
    assert run_at(tmp_path, "echo 1 >new.xml; exit 127", ("new.xml",)).judgement is None
    assert isinstance(run_at(tmp_path / "b", "exit 127", ("new.xml",)).judgement, Untestable)


def test_bytes_that_are_not_utf8_are_read(tmp_path: Path) -> None:
    """Each becomes the replacement character."""
    assert run_at(tmp_path, "printf '\\377' >a.xml", ("a.xml",)).run.files == {"a.xml": "\ufffd"}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/tmp/x.xml", "is absolute"),
        ("../../x.xml", "leads out of the repository"),
        ("*/../x.xml", "leads out of the repository"),
        (".git/x.xml", "belongs to git"),
        ("../.GIT/x.xml", "belongs to git"),
        ("x**.xml", "has '**' beside"),
        (".", "is the test's folder"),
        (" ", "is not a path"),
        ("a\nb", "is not a path"),
        ("../x.xml", ""),
        ("out/**/TEST-*.xml", ""),
    ],
)
def test_paths_that_cannot_be_read_are_refused(path: str, why: str) -> None:
    """For a test that runs in a folder one below the top."""
    said = refusal(path, "sub")
    assert said.startswith(why) and bool(said) == bool(why)


def test_a_predicate_of_your_own_is_refused_with_its_line(tmp_path: Path) -> None:
    """A path that leaves the repository, and what is not a list of paths."""
    start = "good: v1\ntest: {command: x}\n"
    file = written(tmp_path, start + "predicate: ./own.py\n")
    (tmp_path / "own.py").write_text(OWN.format(files=("../x",)))
    with pytest.raises(HuntFileError, match=r"x\.yaml:3: predicate: '\.\./x' leads out of the repository"):
        predicate_of(load(file), file)
    (tmp_path / "own.py").write_text(OWN.format(files=7))
    with pytest.raises(HuntFileError, match="files returned 7, which is not a list of strings"):
        predicate_of(load(file), file)
    (tmp_path / "own.py").write_text(OWN.format(files=["a.xml"]))
    predicate = predicate_of(load(file), file)
    assert predicate.files == ("a.xml",)
    assert predicate.judge(Run(1, 1, 0, ending=Ending.EXITED), None) == Good("x")
