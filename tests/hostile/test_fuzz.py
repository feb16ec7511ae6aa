"""Any diff, git output or session log is read, or refused in a sentence."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bisector.errors import HistoryError
from bisector.history.bisect_session import bisect_session
from bisector.history.repository import Repository, parse_infos
from bisector.report.safe_text import markdown, visible
from bisector.watchdog.annotations import Finding, workflow_commands
from bisector.watchdog.bumps import Kind, changes_in
from bisector.watchdog.deadline import deadlines_in
from tests.git_history import chain, git, write_history
from tests.hostile.history import PAYLOADS

EXAMPLES = int(os.environ.get("BISECTOR_FUZZ", "150"))
"""The number of examples for each property. A long run tries more."""

quick = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

DIFF = """\
diff --git a/t.sh b/t.sh
index 1111111..2222222 100644
--- a/t.sh
+++ b/t.sh
@@ -1,3 +1,3 @@
 #!/bin/sh
-timeout 180 ./run
+timeout 2400 ./run
 exit
diff --git "a/dir\\033\\n/x\\".sh" "b/dir\\033\\n/x\\".sh"
new file mode 100644
--- /dev/null
+++ "b/dir\\033\\n/x\\".sh"
@@ -0,0 +1 @@
+timeout 9 x
diff --git a/old.py b/new.py
similarity index 90%
rename from old.py
rename to new.py
--- a/old.py
+++ b/new.py
@@ -7 +7 @@
-timeout=3
+timeout=30
diff --git a/data b/data
Binary files a/data and b/data differ
"""
PARTS = st.sampled_from(
    [
        *'\n\r+-@ \\"0,\x00\x0b\x1c\u2028',
        *("@@ -1 +1 @@\n", "@@ -0,0 +99999999999999999999 @@\n", "--- a/", "+++ ", "/dev/null"),
        *("timeout 99999999999999999999999", "timeout: 1_000.", "rename from ", "\\ No newline\n"),
        *("GIT binary patch\n", "diff --git ", "timeout=${T:-", "deadline = 1.2.3.4", "--timeout 5m5m"),
        '"\\777"',
    ]
)
SPLICES = st.lists(st.tuples(st.integers(0, len(DIFF)), st.integers(0, 40), PARTS), max_size=4)
WORDS = st.text(st.characters(exclude_characters="\0"), max_size=20)
IDS = st.text("0123456789abcdef", min_size=40, max_size=40)
DATES = st.integers(0, 2**40).map(lambda seconds: datetime.fromtimestamp(seconds % 10**10, UTC))


def _spliced(text: str, splices: list[tuple[int, int, str]]) -> str:
    for at, length, part in splices:
        text = text[:at] + part + text[at + length :]
    return text


def test_the_diff_that_is_fuzzed_is_read() -> None:
    """Unchanged, it has a raised, an added and another raised deadline, with the original file names."""
    found = [(change.kind, change.shown.file) for change in changes_in(DIFF)]
    assert found == [(Kind.RAISED, "t.sh"), (Kind.ADDED, 'dir\x1b\n/x".sh'), (Kind.RAISED, "new.py")]


@quick
@given(splices=SPLICES)
def test_any_diff_is_read_or_refused(splices: list[tuple[int, int, str]]) -> None:
    """A broken diff gives one sentence, and a valid one gives changes that can be shown and annotated."""
    try:
        changes = changes_in(_spliced(DIFF, splices))
    except HistoryError as error:
        assert "\n" not in str(error) and str(error) == visible(str(error))
        return
    for change in changes:
        assert change.before or change.after
        told = Finding(change.shown.file, change.shown.line, change.kind.value, str(change), True)
        assert workflow_commands([told]).count("\n") == 1


@quick
@given(text=st.text(max_size=60) | st.lists(PARTS, max_size=6).map("".join), name=st.text(max_size=8))
def test_any_file_s_deadlines_are_read(text: str, name: str) -> None:
    """A deadline is at the reported position, and is a positive time."""
    for deadline in deadlines_in(text, f"{name}.sh"):
        line = text.split("\n")[deadline.line - 1]
        assert line[deadline.column :].startswith(deadline.value)
        assert 0 < deadline.seconds < float("inf")
        assert deadline.reading(60)


@quick
@given(
    rows=st.lists(
        st.tuples(IDS, st.lists(IDS, max_size=3), WORDS, DATES, WORDS),
        max_size=3,
        unique_by=lambda row: row[0],
    )
)
def test_commits_are_read_whatever_they_are_called(
    rows: list[tuple[str, list[str], str, datetime, str]],
) -> None:
    """Authors and subjects with any characters are neither lost nor mixed up."""
    fields = [
        (i, " ".join(p), who, f"{int(date.timestamp())} +0000", subject) for i, p, who, date, subject in rows
    ]
    out = "\0".join("\0".join(row) for row in fields).encode("utf-8", "surrogatepass")
    infos = parse_infos(out)
    for identity, parents, who, date, subject in rows:
        found = infos[identity]
        assert (found.parents, found.date) == (tuple(parents), date)
        if not re.search("[\ud800-\udfff]", who + subject):
            assert (found.author, found.subject) == (who, subject)


@pytest.mark.parametrize(
    "date",
    ["253402300800 +0000", "1700000000 +9999", "1700000000 -2460", "1700000000 +51800", "1 -1400"],
)
def test_dates_that_no_calendar_has_are_read(tmp_path: Path, date: str) -> None:
    """Invalid dates and time zones, as old tools have written them into real histories."""
    write_history(tmp_path / "repo", chain(1))
    script = f"commit refs/heads/odd\nauthor A <a> {date}\ncommitter C <c> {date}\ndata 1\nx\n"
    git(*(tmp_path / "repo", "fast-import", "--quiet", "--date-format=raw-permissive"), stdin=script.encode())
    repository = Repository(tmp_path / "repo")
    commit = repository.resolve("odd")
    assert repository.infos([commit])[commit].author == "A"


@pytest.fixture(scope="module")
def bisected(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a session of git bisect in progress."""
    folder = tmp_path_factory.mktemp("bisected") / "repo"
    write_history(folder, chain(8))
    git(folder, "bisect", "start", "main", "main~7")
    return Repository(folder)


LOG_PARTS = st.sampled_from(
    [
        *("git bisect start ", "git bisect good ", "git bisect skip ", "git bisect bad HEAD\n", " ", "\n"),
        *("# bad: [", "# first bad commit: [", "]", "'", "--", "\udcff", "0" * 40, "git bisect terms\n"),
        "\x1b[2J",
    ]
)


@settings(quick, max_examples=EXAMPLES // 2)
@given(parts=st.lists(LOG_PARTS | st.text(max_size=6), max_size=8), at=st.integers(0, 300))
@example(parts=["git bisect start '", "\n"], at=0)
def test_any_log_of_a_session_is_read_or_refused(bisected: Repository, parts: list[str], at: int) -> None:
    """Commits that refs mark stay marked, whatever the log says."""
    log = bisected.git_folder / "BISECT_LOG"
    sound = log.read_bytes()
    try:
        log.write_bytes(sound[:at] + "".join(parts).encode("utf-8", "surrogateescape") + sound[at:])
        session = bisect_session(bisected)
        assert session and {mark.value for _, mark in session.marks} >= {"good", "bad"}
    except HistoryError as error:
        assert "\n" not in str(error)
    finally:
        log.write_bytes(sound)


@quick
@given(text=st.lists(st.sampled_from([*PAYLOADS, "\n", " "]) | st.text(max_size=5), max_size=5).map("".join))
def test_payloads_joined_in_any_way_stay_on_one_line(text: str) -> None:
    """Any combination of payloads stays on one line, as text on the screen and in Markdown."""
    for shown in (visible(text), markdown(text)):
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", shown)
        assert "\u2028" not in shown
