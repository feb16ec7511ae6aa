"""Full and read-only disks: one sentence, exit code 6, and a hunt that continues after the fix."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bisector.errors import ExitCode
from tests.faults.hunting import fill, hunt_in, mounted, read_only, small_disk


@pytest.mark.parametrize("filler", ["build", "test"])
def test_what_fills_the_disk_is_no_verdict(tmp_path: Path, filler: str) -> None:
    """A build or test that fails on a full disk says nothing about its commit."""
    hunt = hunt_in(tmp_path)
    with small_disk(hunt.scratch, "12m"):
        harm = hunt.once(f"head -c 40m /dev/zero >{hunt.scratch}/junk; exit 1")
        before = {"build": ("--build", f"sh build.sh; {harm}"), "test": ("--test", f"{harm}; sh test.sh")}
        hunt.assert_refused(hunt.run(*before[filler]), "free some space")
        (hunt.scratch / "junk").unlink()
        hunt.assert_goes_on(*before[filler])


def test_a_full_disk_from_the_start(tmp_path: Path) -> None:
    """If not even a journal can be created, the message says so. With space, the hunt works."""
    hunt = hunt_in(tmp_path)
    with small_disk(hunt.scratch, "128k"):
        fill(hunt.scratch / "junk")
        hunt.assert_refused(hunt.run(), "disk is full", "free some space")
    hunt.assert_found(hunt.run())


def test_a_reading_that_the_journal_cannot_take(tmp_path: Path) -> None:
    """The disk fills during a good test: only its reading is lost, and nothing is concluded."""
    hunt = hunt_in(tmp_path)
    with small_disk(hunt.scratch / "disk", "256k"):
        # Only the journal is on the small disk.
        journal = hunt.scratch / "disk/journal.sqlite"
        (hunt.scratch / "journal.sqlite").symlink_to(journal)
        test = ("--test", f"{hunt.once(f'head -c 40m /dev/zero >{journal.parent}/junk; true')}; sh test.sh")
        hunt.assert_refused(hunt.run(*test), "journal", "disk is full", "free some space")
        with closing(sqlite3.connect(journal)) as opened:
            assert opened.execute("pragma integrity_check").fetchall() == [("ok",)]
        (journal.parent / "junk").unlink()
        hunt.assert_goes_on(*test)


def test_temporary_files_without_room(tmp_path: Path) -> None:
    """A test that cannot write temporary files is not bad."""
    hunt = hunt_in(tmp_path)
    with small_disk(tmp_path / "tmp", "64k"):
        junk = 'case $(cat out) in 0|11) ;; *) head -c 1m /dev/zero >"$TMPDIR/junk" || exit;; esac'
        test = ("--test", f"{junk}; sh test.sh")
        done = hunt.run(*test, TMPDIR=str(tmp_path / "tmp"))
        hunt.assert_refused(done, f"the disk of {tmp_path}/tmp is full", "free some space")
    hunt.assert_goes_on(*test, TMPDIR=str(tmp_path))


def test_a_progress_log_without_room(tmp_path: Path) -> None:
    """The journal has the conclusion, so the entry is written later without another search."""
    hunt = hunt_in(tmp_path)
    plan = tmp_path / "plans/plan.md"
    with small_disk(plan.parent, "16k"):
        plan.write_text("# Plan\n")
        fill(plan.parent / "junk")
        log = ("--set", f"progress_log={plan}")
        ended = hunt.run(*log)
        hunt.assert_refused(ended, str(plan), "No space left", concluded=True)
        assert json.loads(ended.stdout)["first_bad"] == hunt.ids["c8"]
        assert plan.read_text() == "# Plan\n"
        taken = [reading for reading in hunt.readings() if reading[2] != "confirmation"]
        (plan.parent / "junk").unlink()
        for _ in range(2):
            hunt.assert_found(hunt.run(*log))
        assert plan.read_text().count("<!-- bisector:") == 1
        assert [reading for reading in hunt.readings() if reading[2] != "confirmation"] == taken


def test_scratch_that_cannot_be_written(tmp_path: Path) -> None:
    """A read-only scratch folder is refused. Another folder works."""
    hunt = hunt_in(tmp_path)
    hunt.scratch.mkdir()
    with read_only(hunt.scratch):
        words = ("--scratch: scratch: cannot use the scratch folder", "is not writable", "another `scratch`")
        hunt.assert_refused(hunt.run(), *words, code=ExitCode.USAGE)
    hunt.assert_found(hunt.run())


def test_a_repository_that_cannot_be_written(tmp_path: Path) -> None:
    """bisector writes nothing there, so a read-only disk is fine."""
    hunt = hunt_in(tmp_path)
    with read_only(hunt.repository):
        hunt.assert_found(hunt.run())


def test_artefacts_that_cannot_be_kept(tmp_path: Path) -> None:
    """A store on a full disk stops the hunt, and is intact when there is space."""
    hunt = hunt_in(tmp_path)
    store = hunt.scratch / "store"
    outputs = ("--set", "build.outputs=[out]")
    with small_disk(store, "1m"):
        fill(store / "junk")
        hunt.assert_refused(hunt.run(*outputs), f"cannot store built artefacts in {store}", "free some space")
        (store / "junk").unlink()
        hunt.assert_found(hunt.run(*outputs))
    with mounted(store, "-t", "tmpfs", "-o", "ro", "none"):
        hunt.assert_refused(hunt.run(*outputs, "--restart"), "Read-only file system", "another `scratch`")
