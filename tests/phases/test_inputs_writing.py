"""Lists are written into hunt files: everything else stays, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bisector import hunt_file
from bisector.errors import HuntFileError
from bisector.phases.inputs.writing import rewritten, write_lists

BUILD, TEST, OUTPUTS = ("build", "inputs"), ("test", "inputs"), ("build", "outputs")
PATHS = st.lists(
    st.text("aZ0-_.:#'\"{}[], é\\", min_size=1, max_size=6).map(str.strip).filter(bool),
    min_size=1,
    max_size=5,
    unique=True,
)

COLUMN = """\
# The hunt of the summer.
good: v1.0 # long ago

build:
  command: make
  inputs:
    # all of it
    - src     # sources
    - docs    # why?

  timeout: 5m
test: {command: sh test.sh}   # short
predicate: exit_status
"""

BRACKETS = """\
good: v1.0
build: {command: make, inputs: [src, docs], outputs: [app]} # one line
test:
    command: |
      sh test.sh
      true

    # the last word
"""


def test_a_column_keeps_its_lines() -> None:
    """Entries that stay keep their comments. Entries that are removed take theirs with them."""
    text = rewritten(COLUMN, {BUILD: ["src", "config.mk"], TEST: ["tests", "123"], OUTPUTS: ["out/app"]}, "x")
    assert text == COLUMN.replace("    - docs    # why?\n", "    - config.mk\n").replace(
        "timeout: 5m\n", "timeout: 5m\n  outputs: [out/app]\n"
    ).replace("sh test.sh}", "sh test.sh, inputs: [tests, '123']}")


def test_brackets_keep_their_line() -> None:
    """A list in brackets stays in brackets. A key is added after a text over several lines."""
    text = rewritten(BRACKETS, {BUILD: ["src"], OUTPUTS: ["app"], TEST: ["tests"]}, "x")
    assert "inputs: [src], outputs: [app]} # one line\n" in text
    assert yaml.safe_load(text)["test"] == {"command": "sh test.sh\ntrue\n", "inputs": ["tests"]}
    assert text.replace("    inputs: [tests]\n", "").replace("[src]", "[src, docs]") == BRACKETS


def test_a_long_list_is_folded() -> None:
    """No line becomes too long to read, in any style."""
    many = [f"some/folder/number-{number}" for number in range(12)]
    for before in (
        COLUMN,
        BRACKETS,
        COLUMN.replace("  inputs:", "  folder: ."),
        BRACKETS.replace("\n", "\r\n"),
    ):
        if "folder" in before:
            before = "".join(line for line in before.splitlines(keepends=True) if "  - " not in line)
        text = rewritten(before, {BUILD: many}, "x")
        assert yaml.safe_load(text)["build"]["inputs"] == many
        assert max(map(len, text.splitlines())) <= 120
        assert text.count("\r\n") in (0, text.count("\n"))


@example(old=["0 #"], new=["0"], style="brackets")
@example(old=["#", "0 # 0"], new=["#"], style="brackets")
@settings(deadline=None)  # git is started for each
@given(old=PATHS, new=PATHS, style=st.sampled_from(["column", "flush", "brackets", "none"]))
def test_any_list_is_read_back(old: list[str], new: list[str], style: str) -> None:
    """Any paths are read back, and everything else is unchanged."""
    quoted = ["'" + path.replace("'", "''") + "'" for path in old]
    column = {"column": "    ", "flush": "  "}.get(style)
    lists = "".join(f"{column}- {one} # {at}\n" for at, one in enumerate(quoted))
    inputs = {"none": "", "brackets": f"  inputs: [{', '.join(quoted)}] # all\n"}.get(
        style, f"  inputs:\n{lists}"
    )
    before = f"good: a # first\nbuild:\n  command: make # fast\n{inputs}  # end\ntest:\n  command: x\n"
    text = rewritten(before, {BUILD: new, TEST: new}, "x")
    data = yaml.load(text, yaml.BaseLoader)
    assert sorted(data["build"].pop("inputs")) == sorted(data["test"].pop("inputs")) == sorted(new)
    assert data == {"good": "a", "build": {"command": "make"}, "test": {"command": "x"}}
    assert "# first" in text and "# fast" in text and "  # end\n" in text


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  inputs:   [ a,  b ]   # x\n\n", "  inputs:   [ a, c]   # x\n  outputs: [o]\n\n"),
        ("  inputs: [a,\n     b]\n  # low\n", "  inputs: [a,\n     c]\n  outputs: [o]\n  # low\n"),
        ("  inputs: # x\n\n  # low\n", "  inputs: [a, c] # x\n  outputs: [o]\n\n  # low\n"),
        (
            "  inputs: &all\n   # p\n   -   b # q\n   # r\n   -   'a'  # s\n# t\n",
            "  inputs: &all\n   # p\n   # r\n   -   'a'  # s\n   -   c\n  outputs: [o]\n# t\n",
        ),
        (
            "  inputs:\n  - a\n\n  -   b\n  # r\n\n  folder:  .\n# t\n",
            "  inputs:\n  - a\n\n  - c\n  # r\n\n  folder:  .\n  outputs: [o]\n# t\n",
        ),
    ],
)
def test_what_stands_around_a_list_stays(before: str, after: str, ends: str) -> None:
    """Space, quotes, numbers, dates, breaks and comments that the library would format in its own way."""
    text = (
        '# é 🎉\ngood:   "v1"\nwhen: 2024-99-99\nlow:   0x1F  # a\tb\n'
        "premise: { runs: 0012,\n   'of':  [1,2] }   # '\nbuild:\n  command:  make\n    all  # c\n{}"
        "test:\n    command: |  # d\n        sh   x\n    seen: >\n      a\n\n      b"
    ).replace("\n", ends)
    there = text.replace("{}", before.replace("\n", ends))
    changes = {BUILD: ["a", "c"], OUTPUTS: ["o"]}
    assert rewritten(there, changes, "x") == text.replace("{}", after.replace("\n", ends))


def test_a_file_is_written_once(tmp_path: Path) -> None:
    """Only the lists of the hunt change. The second time there is nothing to write."""
    file = tmp_path / "hunt.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + COLUMN.replace("\n", "\r\n").encode())
    before = hunt_file.load(file).model_dump(mode="json")
    assert write_lists(file, {BUILD: ["src", "é"], TEST: ["."]})
    after = hunt_file.load(file).model_dump(mode="json")
    assert after["build"].pop("inputs") == ["src", "é"]
    assert after["test"].pop("inputs") == ["."]
    del before["build"]["inputs"], before["test"]["inputs"]
    assert after == before
    assert file.read_bytes().startswith(b"\xef\xbb\xbf# The hunt")
    assert not write_lists(file, {BUILD: ["é", "src"], TEST: ["."]})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("good: a\ntest: {command: x}\n", "there is no section 'build' to write 'inputs' in; add it first"),
        (
            "good: a\nbuild:\n  command: x\n  inputs: [a, # one\n    b]\ntest: {command: x}\n",
            "nothing is written, because a comment would be lost; write in by hand build.inputs: [src]",
        ),
        (
            # After a text without a final line break, a key would end it with one.
            "good: a\ntest: {command: x}\nbuild:\n  command: |\n    x",
            "nothing is written, because more than the lists would change; write in by hand",
        ),
        (
            "good: a\npaths: &these [a]\nbuild: {command: x, inputs: *these}\ntest: {command: x}\n",
            "nothing is written, because a part that an alias refers to would change",
        ),
        (
            "good: a\nbuild: &one {command: x}\ntest: *one\n",
            "nothing is written, because a part that an alias refers to would change",
        ),
    ],
)
def test_what_cannot_be_edited_is_left_alone(tmp_path: Path, text: str, why: str) -> None:
    """One sentence says why, and the file is unchanged."""
    file = tmp_path / "hunt.yaml"
    file.write_text(text)
    hunt_file.load(file)
    with pytest.raises(HuntFileError) as refused:
        write_lists(file, {BUILD: ["src"]})
    assert why in str(refused.value)
    assert str(refused.value).startswith(str(file))
    assert file.read_text() == text
