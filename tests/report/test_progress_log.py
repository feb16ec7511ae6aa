"""The progress log: where an entry goes, and that nothing else in the user's file changes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bisector.errors import EnvironmentFault, UsageError
from bisector.report.progress_log import Entry, entry_for, write_entry
from tests.report import factory

T = TypeVar("T")
ENTRY = Entry("first-bad 0123456789abcdef", "2026-05-09 — tcl: found", ("**Ratio:** 6.22x",))
MARKER = "<!-- bisector: first-bad 0123456789abcdef -->"
BLOCK = f"{MARKER}\n### 2026-05-09 — tcl: found\n\n- **Ratio:** 6.22x\n<!-- /bisector -->\n"
PARAGRAPH = BLOCK.replace("### 2026-05-09 — tcl: found", "**2026-05-09 — tcl: found**")
PLAN = """\
JIT performance regression

Record it in this plan's Progress log.

Progress log

Newest first.

2026-05-08 — Phase 1

Worktree: here.
"""


def written(tmp_path: Path, before: str, entry: Entry = ENTRY, heading: str = "Progress log") -> str:
    """The contents of the file after one entry was written."""
    file = tmp_path / "plan.md"
    file.write_bytes(before.encode())
    assert write_entry(file, heading, entry)
    return file.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "## Progress log\n\n" + BLOCK, id="empty file"),
        pytest.param("# Plan\n\nText.\n", "# Plan\n\nText.\n\n## Progress log\n\n" + BLOCK, id="no heading"),
        pytest.param(
            "# PROGRESS  *log*\n", "# PROGRESS  *log*\n\n" + BLOCK.replace("###", "##"), id="markup"
        ),
        pytest.param(
            "Progress log\n---\n\n### 1 May\n\nOld.\n",
            f"Progress log\n---\n\n{BLOCK}\n### 1 May\n\nOld.\n",
            id="setext",
        ),
        pytest.param(
            "## Progress log\nNewest first.\n\nMore.\n\n### 1 May\n\n## Next\n",
            f"## Progress log\nNewest first.\n\nMore.\n\n{BLOCK}\n### 1 May\n\n## Next\n",
            id="after the introduction",
        ),
        pytest.param(
            "## Progress log\n\nNewest first.\n## Next\n",
            f"## Progress log\n\nNewest first.\n\n{BLOCK}\n## Next\n",
            id="before the next section",
        ),
        pytest.param(
            "## Progress log\n\n#### 1 May\n",
            f"## Progress log\n\n{BLOCK.replace('###', '####')}\n#### 1 May\n",
            id="level of its neighbours",
        ),
        pytest.param(
            "## Progress log\n\n * 1 May: began\n * 2 April\n",
            f"## Progress log\n\n * **2026-05-09 — tcl: found** **Ratio:** 6.22x {MARKER}\n"
            " * 1 May: began\n * 2 April\n",
            id="list",
        ),
        pytest.param(PLAN, PLAN.replace("2026-05-08", PARAGRAPH + "\n2026-05-08"), id="plain lines"),
        pytest.param(
            PLAN + "\n# Progress log\n",
            PLAN + "\n# Progress log\n\n" + BLOCK.replace("###", "##"),
            id="real wins",
        ),
    ],
)
def test_entry_goes_before_the_first_one(tmp_path: Path, before: str, after: str) -> None:
    """The newest entry is first under its heading, in the style of the existing entries."""
    assert written(tmp_path, before) == after


@pytest.mark.parametrize(
    "decoy",
    [
        "```\n## Progress log\n```\n",
        "    ## Progress log\n",
        "<!--\n## Progress log\n-->\n",
        "> ## Progress log\n",
        "- ## Progress log\n",
        "The Progress log of this plan.\n",
    ],
)
def test_what_only_looks_like_the_heading_is_passed_over(tmp_path: Path, decoy: str) -> None:
    """A heading inside code, a comment, a quotation, a list or a sentence does not count."""
    assert written(tmp_path, decoy) == decoy + "\n## Progress log\n\n" + BLOCK


def test_heading_may_hold_any_words(tmp_path: Path) -> None:
    """A heading that bisector created is found again, with any characters."""
    heading = "*Log* of #1 & <b> @me `x` "
    first = written(tmp_path, "", heading=heading)
    second = written(tmp_path, first, replace(ENTRY, key="other"), heading)
    assert second.count("\n## ") + second.startswith("## ") == 1


@pytest.mark.parametrize("before", ["", "# T\r\n\r\nA\r\n", PLAN, "## Progress log\n\n- old\n", "x"])
def test_second_time_nothing_is_written(tmp_path: Path, before: str) -> None:
    """Writing the same conclusion again changes nothing, even if its text was rewritten."""
    file = tmp_path / "plan.md"
    text = written(tmp_path, before).replace("tcl: found", "found by the machine, thanks!")
    file.write_bytes(text.encode())
    again = replace(ENTRY, title="2026-06-01 — tcl: found", facts=("another",))
    assert not write_entry(file, "Progress log", again)
    assert file.read_bytes() == text.encode()


def test_marker_quoted_in_code_is_no_entry(tmp_path: Path) -> None:
    """A marker that is quoted in a code block does not count as the entry."""
    before = f"```\n{MARKER}\n```\n"
    assert written(tmp_path, before).count(MARKER) == 2


def test_newer_entry_goes_above_the_older_one(tmp_path: Path) -> None:
    """The newer of two conclusions is first, even if the user has changed the title of the older one."""
    for before in ("", PLAN, "## Progress log\n\n- old\n"):
        text = written(tmp_path, before).replace("2026-05-09 — tcl: found", "Found it")
        newer = written(tmp_path, text, replace(ENTRY, key="first-bad ffff", title="newer"))
        assert newer.casefold().count("progress log") == text.casefold().count("progress log")
        assert newer.index("newer") < newer.index("Found it")
        assert "".join(without_insertion(text, newer)) == text


def test_line_ends_bom_and_missing_final_newline_stay(tmp_path: Path) -> None:
    """CRLF, a byte order mark and a missing final newline are kept."""
    after = written(tmp_path, "\ufeff# Progress log\r\n\r\nNewest first.")
    assert after == "\ufeff# Progress log\r\n\r\nNewest first.\r\n\r\n" + (
        BLOCK.replace("###", "##").rstrip("\n").replace("\n", "\r\n")
    )


def test_indented_code_below_does_not_join_the_entry(tmp_path: Path) -> None:
    """An indented block after the entry does not become part of its list."""
    after = written(tmp_path, "## Progress log\n\n    code\n")
    assert after.endswith("<!-- /bisector -->\n\n    code\n")


def test_mode_and_link_stay(tmp_path: Path) -> None:
    """A symbolic link stays a link, its target keeps its mode, and no temporary file is left."""
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "plan.md"
    target.write_text("# Plan\n")
    target.chmod(0o640)
    link = tmp_path / "plan.md"
    link.symlink_to(target)
    assert write_entry(link, "Progress log", replace(ENTRY, report=tmp_path / "out" / "a b.html"))
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert "[a b.html](../out/a%20b.html)" in target.read_text()
    assert [p.name for p in target.parent.iterdir()] == ["plan.md"]


@pytest.mark.parametrize("content", [b"caf\xe9\n", "# Plan\n".encode("utf-16"), b"\0\0\0"])
def test_other_encodings_are_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is not UTF-8 text is not changed, and the message is clear."""
    file = tmp_path / "plan.md"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"plan\.md is not"):
        write_entry(file, "Progress log", ENTRY)
    assert file.read_bytes() == content


@pytest.mark.parametrize("opening", ["```\ncode\n", "<!-- note\n", "<pre>\n"])
def test_unclosed_end_is_refused(tmp_path: Path, opening: str) -> None:
    """If the file ends in an unclosed block, no heading is written."""
    file = tmp_path / "plan.md"
    file.write_text(opening)
    with pytest.raises(UsageError, match="unclosed"):
        write_entry(file, "Progress log", ENTRY)
    assert file.read_text() == opening


def test_read_only_file_is_a_fault(tmp_path: Path) -> None:
    """A write-protected file, a folder with its name and a missing folder are faults of the environment."""
    file = tmp_path / "plan.md"
    file.write_text("# Plan\n")
    file.chmod(0o444)
    for path in (file, tmp_path, tmp_path / "none" / "plan.md"):
        with pytest.raises(EnvironmentFault):
            write_entry(path, "Progress log", ENTRY)
    assert file.read_text() == "# Plan\n"


def test_hunts_that_end_together_do_not_lose_an_entry(tmp_path: Path) -> None:
    """Several processes that write to one file at once all find their entries in it."""
    file = tmp_path / "plan.md"
    code = (
        "import sys, pathlib; from bisector.report.progress_log import Entry, write_entry\n"
        "file, name = pathlib.Path(sys.argv[1]), sys.argv[2]\n"
        "for n in range(8): write_entry(file, 'Log', Entry(f'{name}-{n}', 't', ()))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(file), str(n)]) for n in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert file.read_text().count("<!-- bisector: ") == 24


def test_entry_says_what_was_found() -> None:
    """The entry of a first bad commit has date, id, subject, author, ratio, confidence and probes."""
    record = factory.measured()
    entry = entry_for(record, Path("r.html"), date(2026, 5, 9))
    info = record.commits[factory.commit_id(27)]
    assert entry.title == f"2026-05-09 — tcl: first bad commit {info.short}"
    assert (
        entry.facts[0] == f"**Commit:** `{info.short}` {info.subject} ({info.author}, {info.date:%Y-%m-%d})"
    )
    assert entry.facts[1:3] == (
        "**Ratio:** 6.22x [5.89, 6.57] (95% interval, 6 pairs of runs, p = 0.0002)",
        "**Confidence:** 99.7%, confirmed",
    )
    assert entry.facts[-1] == f"**Probes:** {record.probes} of 41 candidates, 1 skipped"


def test_entry_of_the_other_conclusions() -> None:
    """A merge, a set of commits, and no regression each have their own text."""
    today = date(2026, 5, 9)
    assert "Both parents are good" in " ".join(entry_for(factory.merge(), None, today).facts)
    any_of = entry_for(factory.any_of(), None, today)
    assert sum(fact.startswith("**Candidate:**") for fact in any_of.facts) == 5
    none = " ".join(entry_for(factory.none(), None, today).facts)
    assert "A regression below 1.05x cannot be excluded." in none
    with pytest.raises(UsageError, match="no conclusion"):
        entry_for(factory.unfinished(), None, today)


def test_same_hunt_same_conclusion_same_key() -> None:
    """The key depends on hunt, endpoints and answer, not on figures or the date."""
    first = entry_for(factory.measured(), None, date(2026, 5, 9))
    again = entry_for(factory.measured(seed=8), Path("x"), date(2026, 6, 9))
    other = entry_for(factory.measured(target=28), None, date(2026, 5, 9))
    assert first.key == again.key != other.key


def without_insertion(before: Sequence[T], after: Sequence[T]) -> Sequence[T]:
    """`after` without the inserted span, which begins where the two texts first differ."""
    pairs = zip(before, after, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), len(before))
    return [*after[:at], *after[at + len(after) - len(before) :]]


def structure(text: bytes) -> list[tuple[str, str, int, str]]:
    """The structure that a Markdown parser sees in a file."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text.decode().removeprefix("\ufeff"))
    return [(t.type, t.tag, t.level, t.content.rstrip("\n")) for t in tokens]


LINES = st.sampled_from(
    """# Plan;## Progress log;Progress log;progress **LOG**;===;---;- item;  - nested;* other;1. one;7) seven
;    code;```;~~~;> quote;> ## Progress log;<!--;-->;<!-- x -->;<div>;</div>;<pre>;Newest first.;### May 1
;2026-05-08 — Phase 1;;;\t;| a | b |;| --- | --- |;[ref]: /url;\xa0;\x0b;#;&#35; Progress log;\\""".replace(
        "\n", ""
    ).split(";")
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(LINES | st.text(max_size=12), ENDS)), st.booleans(), st.booleans())
def test_any_file_keeps_its_bytes(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str]], bom: bool, cut: bool
) -> None:
    """Outside the inserted span no byte changes, and a second write changes nothing."""
    text = ("\ufeff" if bom else "") + "".join(line + end for line, end in lines)
    before = (text.rstrip("\r\n") if cut else text).encode("utf-8", "replace")
    file = tmp_path_factory.getbasetemp() / "any.md"
    file.write_bytes(before)
    try:
        assert write_entry(file, "Progress log", ENTRY)
    except UsageError:
        assert file.read_bytes() == before
        return
    after = file.read_bytes()
    assert bytes(without_insertion(before, after)) == before
    assert without_insertion(structure(before), structure(after)) == structure(before)
    assert not write_entry(file, "Progress log", ENTRY)
    assert file.read_bytes() == after
