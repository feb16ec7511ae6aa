"""The journal returns what was written to it, unchanged and complete."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.errors import EnvironmentFault
from bisector.hunt import stored
from bisector.hunt.conclusion import (
    AnyOf,
    BadIsGood,
    Conclusion,
    Effect,
    FirstBad,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
    NoRegression,
)
from bisector.hunt.journal import Journal
from bisector.hunt.known import Known
from bisector.predicate import Bad, Contention, Ending, Good, Match, Measured, Run, Undecided, Untestable
from bisector.probe.reading import KnownUntestable, Reading, Role

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIMES = st.floats(0, 1e6)
RUNS = st.builds(
    Run,
    wall=TIMES,
    user=TIMES,
    system=TIMES,
    peak_memory=st.none() | st.integers(0, 2**40),
    ending=st.none() | st.sampled_from(Ending),
    exit_code=st.none() | st.integers(0, 255),
    matches=st.dictionaries(TEXTS, st.tuples(st.builds(Match, at=TIMES, text=TEXTS)).map(list), max_size=2),
    output=TEXTS,
    contention=st.builds(Contention, load=st.none() | TIMES),
)
READINGS = st.builds(
    Reading,
    commit=TEXTS,
    role=st.sampled_from(Role),
    judgement=st.one_of(
        st.builds(Good, TEXTS),
        st.builds(Bad, TEXTS),
        st.builds(Untestable, TEXTS),
        st.builds(Undecided, TEXTS),
        st.builds(Measured, st.floats(1e-9, 1e9), TEXTS),
    ),
    at=st.datetimes(timezones=st.just(UTC)).map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    ),
    run=st.none() | RUNS,
    reference=st.none() | RUNS,
    build_seconds=TIMES,
    log=st.none() | st.just(Path("/logs/a.log")),
    against=TEXTS,
    digest=TEXTS,
)


@settings(deadline=None)
@given(READINGS)
def test_a_reading_comes_back_as_it_was(reading: Reading) -> None:
    """Whatever a probe measured, the journal returns it unchanged."""
    assert stored.reading_from_row(stored.reading_to_row(reading)) == reading


@pytest.mark.parametrize(
    "conclusion",
    [
        FirstBad("a", 0.99, True, Effect(1.5, 1.4, 1.6, 3), ("b", "c")),
        AnyOf(("a", "b"), (0.5, 0.5)),
        NoRegression("why", Effect(1.0, 0.9, 1.1, 4)),
        GoodIsBad("why"),
        BadIsGood("why"),
        MergeBaseIsBad("a", "why"),
        Inconclusive("why", ("a",), (0.4,)),
    ],
)
def test_a_conclusion_comes_back_as_it_was(tmp_path: Path, conclusion: Conclusion) -> None:
    """The journal keeps every kind of conclusion."""
    journal = Journal(tmp_path / "j.sqlite")
    row = journal.begin("key", "name", {})
    journal.conclude(row.id, conclusion)
    assert Journal(tmp_path / "j.sqlite").hunts()[0].conclusion == conclusion


def test_the_same_hunt_is_begun_once_and_can_be_forgotten(tmp_path: Path) -> None:
    """A second start finds the earlier readings. Forgetting the hunt removes them."""
    journal = Journal(tmp_path / "sub/j.sqlite")
    reading = Reading("c", Role.SEARCH, Good("g"), datetime(2026, 1, 1, tzinfo=UTC))
    first = journal.begin("key", "old", {"good": "a"})
    journal.add(first.id, reading)
    journal.add(first.id, replace(reading, commit="d"))
    again = journal.begin("key", "new", {"good": "b"})
    assert (again.id, again.name, again.document) == (first.id, "new", {"good": "b"})
    assert [r.commit for r in journal.readings(again.id)] == ["c", "d"]
    journal.forget(again.id)
    assert journal.hunts() == []
    assert journal.readings(again.id) == []


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    """Other files and files of a newer version are left alone and reported in one sentence."""
    (tmp_path / "text").write_text("not a database, but long enough to be looked at by SQLite" * 20)
    with pytest.raises(EnvironmentFault, match="cannot be used"):
        Journal(tmp_path / "text")
    with sqlite3.connect(tmp_path / "newer") as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(EnvironmentFault, match="newer bisector"):
        Journal(tmp_path / "newer")


def test_results_of_phases_come_back(tmp_path: Path) -> None:
    """The results of a phase are read by phase, key and time, oldest first."""
    journal = Journal(tmp_path / "journal.sqlite")
    before = datetime.now(UTC)
    journal.add_result("quantify", "k", {"ratio": 1.5})
    journal.add_result("verify", "k", {"held": True})
    journal.add_result("quantify", "other", {})
    assert [row.document for row in journal.results("quantify", "k", before.replace(microsecond=0))] == [
        {"ratio": 1.5}
    ]
    assert [row.phase for row in journal.results()] == ["quantify", "verify", "quantify"]
    assert journal.results(since=datetime.now(UTC).replace(year=2999)) == []


def test_a_journal_of_an_earlier_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    """Readings of a hunt from an earlier version are kept, and results can be added."""
    old = Journal(tmp_path / "journal.sqlite")
    old.begin("key", "tcl", {})
    old.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as connection:
        connection.execute("drop table results")
        connection.execute("drop table untestable")
        connection.execute("alter table readings drop column build")
        connection.execute("alter table readings drop column shared")
        connection.execute("alter table readings drop column about")
        connection.execute("alter table readings drop column clean")
        connection.execute("alter table readings drop column fix_ups")
        connection.execute("alter table readings drop column aside")
        connection.execute("alter table hunts drop column recipe")
        connection.execute("pragma user_version = 1")
    journal = Journal(tmp_path / "journal.sqlite")
    journal.add_result("alarm", "k", {})
    assert [row.name for row in journal.hunts()] == ["tcl"]
    assert len(journal.results()) == 1


def test_what_an_earlier_bisector_took_for_readings_becomes_facts(tmp_path: Path) -> None:
    """An untestable commit that failed in a build ahead was stored as a reading, and becomes a known fact."""
    old = Journal(tmp_path / "journal.sqlite")
    row = old.begin("key", "tcl", {})
    at = datetime(2026, 1, 1, tzinfo=UTC)
    old.add(row.id, Reading("c1", Role.SEARCH, Untestable("no such header"), at, build_seconds=3.0))
    old.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as connection:
        connection.execute("update readings set build = 'ahead'")
        connection.execute("drop table untestable")
        connection.execute("alter table readings drop column clean")
        connection.execute("alter table readings drop column fix_ups")
        connection.execute("pragma user_version = 4")
    journal = Journal(tmp_path / "journal.sqlite")
    assert journal.known(row.id) == Known((), (KnownUntestable("c1", "no such header", at, 3.0),))


def test_a_fact_is_kept_until_it_counts_no_more(tmp_path: Path) -> None:
    """A fact about a commit that may build now is forgotten, as a reading is."""
    journal = Journal(tmp_path / "journal.sqlite")
    row = journal.begin("key", "tcl", {})
    fact = KnownUntestable("c1", "no such header", datetime(2026, 1, 1, tzinfo=UTC), 3.0)
    journal.add(row.id, fact)
    journal.put_aside(row.id, lambda found: found == fact)
    assert journal.known(row.id).untestable == (fact,)
    journal.put_aside(row.id, lambda _found: False)
    assert journal.known(row.id) == Known()


def test_files_of_the_test_stay_out_of_the_journal() -> None:
    """They may be large, and the judgement that they led to is kept."""
    run = Run(1.0, 1.0, 0.0, ending=Ending.EXITED, exit_code=0, files={"report.xml": "<testsuite/>"})
    reading = Reading("c" * 40, Role.SEARCH, Good("x"), datetime.now(UTC), run=run)
    row = stored.reading_to_row(reading)
    assert "report.xml" not in str(row)
    found = stored.reading_from_row(row).run
    assert found is not None and found.files == {} and found.exit_code == 0
