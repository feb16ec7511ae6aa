"""Links have targets, and the examples can be typed."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from bisector import hunt_file
from bisector.cli.app import app
from bisector.predicate import Bad, Ending, Ends, Good, Judgement, Match, Run, Untestable
from bisector.probe.discovery import find_predicate
from tests.docs.pages import DOCS, PAGES, anchors, command_lines, fences, name_of, targets

MOST_BYTES = 250_000

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@every_page
def test_relative_links_resolve(page: Path) -> None:
    """The target of every relative link and image is a file, and its anchor a heading there."""
    for target in targets(page):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_every_page_is_in_the_index() -> None:
    """Every page of docs/ is in its index."""
    linked = {(DOCS / target).resolve() for target in targets(DOCS / "index.md")}
    assert {page for page in PAGES if page.is_relative_to(DOCS)} - {DOCS / "index.md"} <= linked


def test_pictures_are_small() -> None:
    """The README's pictures load fast."""
    pictures = list((DOCS / "images").iterdir())
    assert pictures
    assert {picture.name for picture in pictures if picture.stat().st_size > MOST_BYTES} == set()


@every_page
def test_command_lines_parse(page: Path) -> None:
    """Every `bisector ...` example has a command and options that exist."""
    for words in command_lines(page):
        if "--help" in words:
            continue
        command, name = get_command(app), "bisector"
        while isinstance(command, TyperGroup) and words:
            assert words[0] in command.commands, f"{name} has no command {words[0]}"
            command, name, words = command.commands[words[0]], f"{name} {words[0]}", words[1:]
        if not isinstance(command, TyperGroup):
            command.make_context(name, list(words))


@every_page
def test_hunt_files_load(page: Path, tmp_path: Path) -> None:
    """Every hunt file example loads."""
    for text in fences(page, "yaml"):
        if "test" in yaml.safe_load(text):
            (tmp_path / "hunt.yaml").write_text(text)
            hunt_file.load(tmp_path / "hunt.yaml")


@pytest.mark.parametrize(
    ("slowest", "expected"), [(249, Good), (250, Good), (251, Bad), (0, Untestable)], ids=str
)
def test_the_predicate_to_copy_works(tmp_path: Path, slowest: int, expected: type[Judgement]) -> None:
    """The predicate in the how-to can be saved, found by its path, and judges as its text says."""
    text, _ = fences(DOCS / "how-to/write-a-predicate.md", "python")
    (tmp_path / "slowest_request.py").write_text(text)
    kind = find_predicate("./slowest_request.py", tmp_path)
    predicate = kind(kind.Options.model_validate({"at_most": 250}))
    (pattern,) = predicate.patterns
    times = [slowest, min(slowest, 7)] if slowest else []
    found = [Match(0.1, f"request took {took} ms", (str(took),)) for took in times]
    run = Run(1.0, 0.5, 0.1, ending=Ending.EXITED, exit_code=0, matches={pattern: found})
    assert isinstance(predicate.judge(run, None), expected)


def test_the_review_to_copy_works(tmp_path: Path) -> None:
    """The method of the how-to fits into its predicate, also behind the guard of plug-ins."""
    text, review = fences(DOCS / "how-to/write-a-predicate.md", "python")
    whole = text.replace("import Bad, Good", "import Bad, Ends, Good") + textwrap.indent(
        f"\n{review}", "    "
    )
    (tmp_path / "slowest_request.py").write_text(whole)
    kind = find_predicate("./slowest_request.py", tmp_path)
    predicate = kind(kind.Options.model_validate({}))
    one, two = (Run(1.0, 0.5, 0.1, ending=Ending.EXITED, exit_code=code) for code in (1, 2))
    assert predicate.reviews
    assert predicate.review(Bad("slow"), one, Ends(bad=two)) == Untestable("another failure: exit code 1")
    assert predicate.review(Bad("slow"), one, Ends(bad=one)) == Bad("slow")
    assert predicate.review(Bad("slow"), one, Ends()) == Bad("slow")
