"""Hunts from the command line, with and without a hunt file."""

from pathlib import Path

import pytest

from bisector.errors import ExitCode, HuntFileError
from bisector.hunt_file import build, setting

from .writing import START, loaded

MINIMAL: dict[str, object] = {"good": ["v1"], "test.command": "./bench"}


def _refusal(overrides: dict[str, object]) -> list[str]:
    with pytest.raises(HuntFileError) as caught:
        build(overrides, Path("/base"), None)
    assert caught.value.exit_code is ExitCode.USAGE
    return str(caught.value).splitlines()


def test_a_hunt_needs_no_file(tmp_path: Path) -> None:
    """Options alone give a hunt. Relative paths start from the base."""
    hunt = build({**MINIMAL, "repository": Path("repo"), "build.command": "make"}, tmp_path, None)
    assert (hunt.repository, hunt.good, hunt.bad, hunt.hunt) == (tmp_path / "repo", ("v1",), "HEAD", "hunt")
    assert hunt.build is not None and hunt.build.command == "make"


def test_an_option_wins_over_the_file_and_leaves_the_rest(tmp_path: Path) -> None:
    """Only the given options change. Paths in the file are still relative to the file."""
    filed = loaded(tmp_path, START + "build: {command: make, timeout: 1m}\nscratch: here\n")
    hunt = build({"build.command": ["ninja"], "bad": "topic"}, Path("/base"), filed)
    assert hunt.build is not None
    assert (hunt.build.command, hunt.build.timeout, hunt.bad, hunt.good) == (
        ("ninja",),
        60.0,
        "topic",
        ("v1",),
    )
    assert (hunt.hunt, hunt.scratch, hunt.repository) == ("x", tmp_path / "here", tmp_path)


def test_no_overrides_give_the_same_hunt(tmp_path: Path) -> None:
    """Without overrides, the file gives the same hunt."""
    filed = loaded(tmp_path, START)
    assert build({}, Path("/base"), filed) == filed


def test_none_brings_the_default_back(tmp_path: Path) -> None:
    """An override of None removes the file's value."""
    filed = loaded(tmp_path, START + "bad: topic\nquiet: {load_per_core: 1}\n")
    hunt = build({"bad": None, "quiet": None}, tmp_path, filed)
    assert (hunt.bad, hunt.quiet) == ("HEAD", None)


def test_another_predicate_drops_the_old_one_s_options(tmp_path: Path) -> None:
    """A predicate on the command line does not use the file's options. Its own options can be set."""
    filed = loaded(tmp_path, START + "predicate: {name: wall_time, ratio: 2}\n")
    assert build({"predicate": "no_oom"}, tmp_path, filed).predicate.options == {}
    assert build({"predicate.ratio": 3}, tmp_path, filed).predicate.options == {"ratio": 3}
    both = build({"predicate.limit": 3, "predicate": "no_oom"}, tmp_path, filed).predicate
    assert (both.name, both.options) == ("no_oom", {"limit": 3})


def test_a_progress_log_inside_the_repository_moves_with_it(tmp_path: Path) -> None:
    """--repo uses the log of the other checkout, unless the log is outside or is given too."""
    inside = loaded(tmp_path, START + "repository: a\nprogress_log: a/plan.md\n")
    outside = loaded(tmp_path, START + "repository: a\nprogress_log: plan.md\n")
    new = {"repository": "b"}
    assert build(new, tmp_path, inside).progress_log == tmp_path / "b/plan.md"
    assert build(new, tmp_path, outside).progress_log == tmp_path / "plan.md"
    assert build({**new, "progress_log": "c.md"}, tmp_path, inside).progress_log == tmp_path / "c.md"


def test_overrides_are_left_as_they_were(tmp_path: Path) -> None:
    """The mapping of the caller is not changed."""
    choice = {"name": "wall_time"}
    assert build({**MINIMAL, "predicate": choice, "predicate.ratio": 2}, tmp_path, None).predicate.options
    assert choice == {"name": "wall_time"}


def test_locate_names_the_option_that_gave_a_value(tmp_path: Path) -> None:
    """Overridden values have their option, and all others their line."""
    hunt = build({"test.timeout": "1m", "pairs.min": 4}, tmp_path, loaded(tmp_path, START + "jobs: 2\n"))
    assert hunt.locate("test", "timeout") == "--timeout"
    assert hunt.locate("pairs", "min") == "--set pairs.min"
    assert hunt.locate("jobs") == f"{tmp_path}/x.yaml:3"


@pytest.mark.parametrize(
    ("overrides", "sentences"),
    [
        ({}, ["--good: missing; add it to the command line", "--test: missing; add it to the command line"]),
        ({"good": "v1"}, ["--test: missing; add it to the command line"]),
        (
            {**MINIMAL, "predicate.ratio": 2},
            [
                "--predicate: missing, and predicate.ratio needs it; add --predicate NAME (the default is "
                "exit_status)"
            ],
        ),
        (
            {**MINIMAL, "predicate.timeout": 2},
            [
                "--predicate: missing, and predicate.timeout needs it; add --predicate NAME (the default is "
                "exit_status), or did you mean test.timeout?"
            ],
        ),
        ({**MINIMAL, "build.command": " "}, ["--build: is empty; write a command such as 'make'"]),
        ({**MINIMAL, "jobs": 0}, ["--jobs: must be at least 1, got 0"]),
        ({**MINIMAL, "bild.command": "make"}, ["--set bild: unknown key; did you mean 'build'?"]),
        ({**MINIMAL, "build.comand": "make"}, ["--set build.comand: unknown key; did you mean 'command'?"]),
        ({**MINIMAL, "build": 3}, ["--set build: expected keys and values, got the number 3"]),
        ({**MINIMAL, "good": ["v1", ""]}, ["--good: [1]: is empty; write a text"]),
        ({**MINIMAL, "bad": "v1"}, ["--bad: good and bad are both 'v1'"]),
        ({**MINIMAL, "paths": ["a\0b"]}, ["--path: a text contains a null byte; remove it"]),
        ({**MINIMAL, "hunt": "a\udcff"}, ["--name: a text contains half of a surrogate pair; remove it"]),
        (
            {**MINIMAL, "overlay": [{"edit": "a"}]},
            ["--set overlay: [0].find: missing", "--set overlay: [0].replace"],
        ),
        ({**MINIMAL, "overlay.0": "a", "overlay": []}, ["--set overlay.0: 'overlay' has no keys"]),
    ],
)
def test_a_wrong_option_is_named(overrides: dict[str, object], sentences: list[str]) -> None:
    """The message begins with the option to fix."""
    found = _refusal(overrides)
    assert len(found) == len(sentences)
    assert all(line.startswith(start) for line, start in zip(found, sentences, strict=True)), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("build.timeout=20m", ("build.timeout", "20m")),
        ("jobs=2", ("jobs", 2)),
        ("overlay=[{copy: a}]", ("overlay", [{"copy": "a"}])),
        ("quiet=", ("quiet", None)),
        ("environment.set.A=x=y", ("environment.set.A", "x=y")),
    ],
)
def test_a_setting_s_value_is_yaml(text: str, expected: tuple[str, object]) -> None:
    """--set takes a dotted key and a YAML value."""
    assert setting(text) == expected


@pytest.mark.parametrize("text", ["jobs", "=3", "JOBS=3", "a..b=3", "jobs=[", "jobs=!x 3"])
def test_a_wrong_setting_is_refused(text: str) -> None:
    """A setting without key, value or valid YAML is a usage error that names --set."""
    with pytest.raises(HuntFileError, match=r"^--set "):
        setting(text)
