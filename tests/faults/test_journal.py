"""An unreadable journal is never overwritten, and never treated as empty."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bisector.errors import EnvironmentFault
from bisector.hunt.journal import Journal
from tests.faults.hunting import Hunt, hunt_in

PAGE = 4096


def _garbage(journal: Path) -> None:
    journal.write_bytes(b"no journal at all " * 500)


def _truncated(journal: Path) -> None:
    os.truncate(journal, PAGE + PAGE // 2)


def _pages_lost(journal: Path) -> None:
    size = journal.stat().st_size
    with journal.open("r+b") as file:
        file.seek(PAGE)
        file.write(b"\xa5" * (size - PAGE))


def _changed(statement: str) -> Callable[[Path], None]:
    def change(journal: Path) -> None:
        with closing(sqlite3.connect(journal)) as connection, connection:
            connection.execute(statement)

    return change


HARM = [
    pytest.param(_garbage, "file is not a database", "move it away", id="garbage"),
    pytest.param(_truncated, "malformed", "move it away", id="cut off"),
    pytest.param(_pages_lost, "malformed", "move it away", id="pages lost"),
    pytest.param(_changed("update readings set judgement = '{'"), "is damaged", "move it away", id="no JSON"),
    pytest.param(_changed("update readings set role = 'guess'"), "is damaged", "move it away", id="no role"),
    pytest.param(_changed("update hunts set conclusion = '{}'"), "is damaged", "move it", id="no ending"),
    pytest.param(_changed("pragma user_version = 99"), "newer bisector", "upgrade bisector", id="newer"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Hunt:
    """A hunt with a journal. Tests damage a copy of it."""
    hunt = hunt_in(tmp_path_factory.mktemp("journal"))
    hunt.assert_found(hunt.run())
    shutil.copy(hunt.scratch / "journal.sqlite", hunt.folder / "sound")
    return hunt


@pytest.mark.parametrize(("harm", "what", "mend"), HARM)
def test_a_bad_journal_is_refused_and_kept(
    finished: Hunt, harm: Callable[[Path], None], what: str, mend: str
) -> None:
    """The error is shown and the file is unchanged. After it is moved away, the hunt works."""
    journal = finished.scratch / "journal.sqlite"
    shutil.copy(finished.folder / "sound", journal)
    harm(journal)
    before = journal.read_bytes()
    finished.assert_refused(finished.run(), f"the journal {journal}", what, mend, "another `scratch`")
    assert journal.read_bytes() == before


def test_without_the_bad_journal_the_hunt_begins_anew(finished: Hunt) -> None:
    """After the file is moved away, the hunt works. Existing builds and reports do no harm."""
    (finished.scratch / "journal.sqlite").unlink()
    finished.assert_found(finished.run())


def test_a_journal_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another process locks it for long, it is not damaged, and the message says so."""
    path = tmp_path / "journal.sqlite"
    Journal(path).close()
    connect = sqlite3.connect

    def hasty(*given: object, **named: object) -> sqlite3.Connection:
        return connect(path, timeout=0.05, isolation_level=None)

    monkeypatch.setattr("bisector.hunt.journal.sqlite3.connect", hasty)
    with closing(connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        journal = Journal(path)
        with pytest.raises(EnvironmentFault, match="wait for the other process"):
            journal.begin("key", "hunt", {})
        other.execute("rollback")
        assert journal.begin("key", "hunt", {}).key == "key"
        journal.close()
