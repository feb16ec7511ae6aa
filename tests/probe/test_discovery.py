"""Predicates are found by name and by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.errors import UsageError
from bisector.predicate import Good, Run
from bisector.probe.discovery import find_predicate, options_context, shipped_predicates

ONE = """
from bisector.predicate import Good, Options, Predicate

class Mine(Predicate[Options]):
    \"\"\"Always good.\"\"\"

    name = "mine"
    Options = Options

    def judge(self, run, baseline):
        return Good("always")
"""


def test_by_name() -> None:
    """A shipped predicate is found by its name."""
    assert find_predicate("no_oom", Path()) is shipped_predicates()["no_oom"]


def test_all_of_the_design_are_shipped() -> None:
    """The predicates that the design lists are included."""
    wanted = "per_test_user_time markers_within no_oom exit_status output_matches scoreboard wall_time"
    assert set(shipped_predicates()) >= {*wanted.split(), "peak_memory", "counter", "all_of", "any_of"}


def test_unknown_name() -> None:
    """A misspelled name is answered with the nearest name."""
    with pytest.raises(UsageError, match="no predicate 'no_om'; did you mean 'no_oom'"):
        find_predicate("no_om", Path())


def test_quite_unknown_name() -> None:
    """A name that is like no other is answered with the list of all names."""
    with pytest.raises(UsageError, match="available: all_of, any_of"):
        find_predicate("zzz", Path())


@pytest.mark.parametrize("path", ["./mine.py", "mine.py", "mine.py:Mine"])
def test_by_path(path: str, tmp_path: Path) -> None:
    """A predicate in the user's own file is found relative to the hunt file, and works."""
    (tmp_path / "mine.py").write_text(ONE)
    kind = find_predicate(path, tmp_path)
    assert kind(kind.Options()).judge(Run(0, 0, 0), None) == Good("always")


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (None, "./mine.py", "there is no predicate file .*mine.py"),
        (ONE, "mine.py:Other", "has no predicate class 'Other'; it has: Mine"),
        ("x = 1", "mine.py", r"must define one predicate class \(it has none\)"),
        (ONE + ONE.replace("Mine", "Second"), "mine.py", "it has Mine, Second"),
        ("import no_such_module", "mine.py", "cannot load .*: ModuleNotFoundError: No module named"),
        ("def (", "mine.py", "cannot load .*: SyntaxError"),
    ],
)
def test_wrong_file(text: str | None, path: str, message: str, tmp_path: Path) -> None:
    """Each mistake in a path or its file has its own message."""
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    with pytest.raises(UsageError, match=message):
        find_predicate(path, tmp_path)


def test_parts_of_a_combination_by_path(tmp_path: Path) -> None:
    """`all_of` accepts parts by name and by path, also relative to the hunt file."""
    (tmp_path / "mine.py").write_text(ONE)
    kind = shipped_predicates()["all_of"]
    options = {"of": [{"name": "./mine.py"}, {"name": "output_matches", "pattern": "x", "when": "bad"}]}
    built = kind.Options.model_validate(options, context=options_context(tmp_path))
    assert kind(built).patterns == ("x",)
