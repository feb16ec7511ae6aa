"""The plan file gets everything in the journal, once, newest first, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.hunt.scratch import Scratch
from bisector.phases.result import Bullets, Code, Paragraph, Result, Table, keep
from bisector.report.progress_log import Entry, write_entry
from tests.cli.running import bisector
from tests.phases.guests import guests, hunt, script

PLAN = (
    "# Plan\n\nText.  \n\n## Progress log\n\nNewest first.\n\n### 2026-01-01 — begun\n\n- a\n\n## Blockers\n"
)


def found(title: str, *rows: str) -> Result:
    """A result with one table."""
    table = Table(("Guest", "Ratio"), tuple((row, "1.0x") for row in rows), frozenset({1}))
    return Result("quantify", "key", "tcl", title, (table,), {})


def test_results_go_on_top_once_and_the_rest_stays(tmp_path: Path) -> None:
    """Each result is one entry. The same result again adds nothing, and all other bytes stay."""
    plan, scratch = tmp_path / "plan.md", Scratch(tmp_path / "worktrees")
    plan.write_bytes(PLAN.replace("\n", "\r\n").encode())
    for expected, result in (
        (1, found("first", "tcl")),
        (0, found("first", "tcl")),
        (1, found("then", "lua")),
    ):
        keep(result, scratch)
        done = bisector("plan", "--file", "plan.md", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"{expected} new" in done.stdout
    text = plan.read_bytes().decode()
    assert text.index("— then") < text.index("— first") < text.index("— begun")
    assert "| lua | 1.0x |\r\n" in text
    head, tail = PLAN.replace("\n", "\r\n").split("### 2026")
    assert text.startswith(head) and text.endswith(tail)


def test_a_conclusion_of_a_hunt_is_written_too(tmp_path: Path) -> None:
    """The conclusion of `run` is an entry with the day of its end, also if the hunt names no plan."""
    ids = guests(tmp_path, old={"lua.sh": script(10)}, new={"lua.sh": "exit 1\n"})
    hunt(tmp_path, "lua", ids["old"], ids["new"], "exit_status")
    assert bisector("run", "--config", "lua", "-q", folder=tmp_path).returncode == 0
    done = bisector("plan", "--config", "lua", "--file", "plan.md", "--heading", "Log", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "plan.md").read_text()
    assert "## Log\n" in text and f"first bad commit {ids['new'][:12]}" in text


def test_an_empty_journal_is_a_mistake(tmp_path: Path) -> None:
    """If there is nothing to write, no file is created."""
    ids = guests(tmp_path, old={"lua.sh": "true"}, new={"lua.sh": "false"})
    hunt(tmp_path, "lua", ids["old"], ids["new"])
    done = bisector("plan", "--config", "lua", "--file", "plan.md", folder=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "there is nothing to write yet" in done.stderr
    assert not (tmp_path / "plan.md").exists()


def test_a_log_that_is_a_list_takes_tables_too(tmp_path: Path) -> None:
    """In a bullet list, the entry is an item that contains the table."""
    plan = tmp_path / "plan.md"
    plan.write_text("# Progress log\n\n- 2026-01-01 begun\n- 2025-12-31 thought of\n")
    body = found("x", "tcl").markdown
    assert write_entry(plan, "Progress log", Entry("quantify 1", "2026-02-02 — then", body=body))
    lines = plan.read_text().splitlines()
    assert lines[2] == "- **2026-02-02 — then** <!-- bisector: quantify 1 -->"
    assert lines[4] == "  | Guest | Ratio |"
    assert lines[-2:] == ["- 2026-01-01 begun", "- 2025-12-31 thought of"]
    assert not write_entry(plan, "Progress log", Entry("quantify 1", "2026-02-02 — then", body=body))


@pytest.mark.parametrize(
    ("block", "markdown"),
    [
        (Paragraph("a | b"), r"a \| b"),
        (Paragraph("sure", strong=True), "**sure**"),
        (Bullets(("x", "# y")), "- x\n- \\# y"),
        (Code("```\nx", "sh"), "````sh\n```\nx\n````"),
        (Table(("a", "b"), (("<x>", "2"),), frozenset({1})), "| a | b |\n| --- | ---: |\n| \\<x> | 2 |"),
    ],
    ids=["paragraph", "strong", "bullets", "code", "table"],
)
def test_text_cannot_break_out_of_its_block(block: Paragraph | Table | Bullets | Code, markdown: str) -> None:
    """Any output of a repository or a test stays plain text in the plan."""
    assert Result("diagnose", "k", "tcl", "t", (block,), {}).markdown == markdown
