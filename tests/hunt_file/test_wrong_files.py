"""Every kind of wrong hunt file, with its error messages."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from bisector.hunt_file import Hunt, load
from bisector.hunt_file.loading import MAX_BYTES

from .writing import START, refused, written

CORPUS = Path(__file__).with_name("wrong_files.txt")
"""Blocks separated by `=====`: a wrong file, then after `> ` the sentences from the line number on. A `*` at
the end stands for a list (of units, of keys), which another test checks."""


def _cases() -> list[tuple[str, str]]:
    cases = []
    for block in CORPUS.read_text().split("=====\n"):
        text, _, sentences = block.partition("> ")
        cases.append((text, "".join(f"x.yaml:{line}\n" for line in sentences.rstrip("\n").split("\n> "))))
    return cases


@pytest.mark.parametrize(("text", "sentences"), _cases())
def test_a_wrong_file_is_refused_with_line_key_and_mend(tmp_path: Path, text: str, sentences: str) -> None:
    """Each file of the corpus is refused with exactly the sentences next to it."""
    refusal = refused(written(tmp_path, text))
    for found, expected in zip(refusal.split("\n"), sentences.splitlines(), strict=True):
        pattern = expected.replace("[", "[[]") if expected.endswith(" *") else None
        assert found == expected or (pattern and fnmatchcase(found, pattern)), refusal


def test_the_corpus_is_large() -> None:
    """The corpus holds at least 200 different files."""
    assert len(dict(_cases())) >= 200


def test_an_unknown_key_is_answered_with_all_there_are(tmp_path: Path) -> None:
    """The known keys are listed in the order of the reference."""
    answer = refused(written(tmp_path, START + "colour: red\n"))
    assert answer == f"x.yaml:3: colour: unknown key; the keys are {', '.join(Hunt.model_fields)}"


def test_a_control_character_is_named(tmp_path: Path) -> None:
    """A character that YAML forbids is named by its code point, with its line."""
    path = written(tmp_path, START + "heading: \x07\n")
    assert refused(path) == "x.yaml:3: the character U+0007 is not allowed in YAML; remove it"


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    """A file without any bytes is refused as empty."""
    assert refused(written(tmp_path, "")) == "x.yaml:1: the file is empty; write at least 'good' and 'test'"


def test_many_mistakes_are_cut_short(tmp_path: Path) -> None:
    """Ten sentences are shown, and then the number of the others."""
    lines = refused(written(tmp_path, START + "".join(f"k{n}: x\n" for n in range(14)))).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "and 4 more"


def test_a_file_that_is_not_utf8_is_refused_with_the_line(tmp_path: Path) -> None:
    """The message has the line of the first byte that is not UTF-8."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"good: a\nbad: \xe9t\xe9\n")
    assert refused(path) == "x.yaml:2: not UTF-8; save the file as UTF-8"


@pytest.mark.parametrize("size", [MAX_BYTES, MAX_BYTES + 1])
def test_a_huge_file_is_refused_unparsed(tmp_path: Path, size: int) -> None:
    """A file of the maximum size is parsed. With one more byte, it is not."""
    path = written(tmp_path, START + "#" * (size - len(START)))
    if size <= MAX_BYTES:
        assert path.stat().st_size == MAX_BYTES
        assert load(path).good == ("v1",)
    else:
        assert refused(path) == "x.yaml: larger than 128 KiB, too large for a hunt file; check the path"


def test_an_endless_file_is_refused() -> None:
    """A device without an end is not read to the end."""
    assert refused(Path("/dev/zero")).startswith("zero: larger than 128 KiB, ")


@pytest.mark.parametrize(
    ("name", "reason"), [("none.yaml", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, reason: str) -> None:
    """The message has the system's reason."""
    assert f"cannot be read ({reason}); check the path" in refused(tmp_path / name)
