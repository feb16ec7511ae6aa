"""Writes docs/reference/, the manual pages in man/ and the completions of shells from the code.

python -m scripts.write_reference
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bisector.hunt_file.reference import reference_markdown
from scripts.reference.commands import commands_markdown
from scripts.reference.completions import completions
from scripts.reference.journal import journal_markdown
from scripts.reference.man import man_pages
from scripts.reference.output import event_schema_json, output_markdown, output_schema_json
from scripts.reference.predicates import predicates_markdown
from scripts.reference.python_api import python_api_markdown
from scripts.reference.tuned_numbers import tuned_numbers_markdown

ROOT = Path(__file__).resolve().parent.parent
REFERENCE, MANUAL = ROOT / "docs" / "reference", ROOT / "man"
PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_markdown,
    "events.schema.json": event_schema_json,
    "hunt-file.md": reference_markdown,
    "journal.md": journal_markdown,
    "output.md": output_markdown,
    "output.schema.json": output_schema_json,
    "predicates.md": predicates_markdown,
    "python-api.md": python_api_markdown,
    "tuned-numbers.md": tuned_numbers_markdown,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
    for place, script in completions().items():
        (ROOT / place).write_text(script, encoding="utf-8")
    manual = man_pages()
    for old in MANUAL.glob("*.1"):
        if old.name not in manual:
            old.unlink()
    for name, text in manual.items():
        (MANUAL / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
