"""The meaning of a valid hunt file."""

import json
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bisector.hunt_file import Copy, Edit, Hunt, Patch, Place, load, options_refused

from .writing import START, loaded, written

EVERYTHING = r"""
hunt: full
repository: repo
good: [v1, v2]
bad: main
first_parent: true
paths: [lib, ':!lib/docs']
build:
  command: [make, all]
  folder: ./src//
  timeout: 90s
  inputs: [src]
  outputs: [src/out]
test:
  command: ./test.sh --fast
  folder: src
  timeout: 1.5
  memory: 8GiB
  inputs: [tests]
  output: 1MiB
overlay:
  - {edit: a.sh, find: 'timeout (\d+)', replace: 'timeout \1\1', regex: true}
  - {copy: lib/erlang, from: good, optional: true}
  - {copy: lib/lua, to: lib/moon}
  - {file: bench/x.sx, to: lib/x.sx}
  - {patch: ../timer.patch}
environment:
  pass: [HOME, 'LC_*']
  set: {LEVEL: '3'}
predicate: {name: all_of, of: [{name: exit_status}, no_oom]}
pairs: {min: 4, max: 6}
premise: {runs: 5}
confidence: 0.95
budget: {time: 2h, probes: 40}
jobs: 2
quiet: {load_per_core: 0.5, wait: 5m}
measure: {cpus: [1], before: tmux send-keys C-z, after: [tmux, send-keys, fg, Enter]}
sandbox: bwrap
scratch: /scratch
progress_log: plan.md
heading: Log
"""


def test_a_full_hunt_file_arrives_typed(tmp_path: Path) -> None:
    """Every section has its values as seconds, bytes, absolute paths and tuples."""
    hunt = loaded(tmp_path, EVERYTHING)
    assert (hunt.hunt, hunt.good, hunt.bad, hunt.first_parent) == ("full", ("v1", "v2"), "main", True)
    assert hunt.repository == tmp_path / "repo"
    assert hunt.build is not None
    assert (hunt.build.command, hunt.build.folder, hunt.build.timeout) == (("make", "all"), "src", 90.0)
    assert (hunt.test.command, hunt.test.timeout, hunt.test.memory) == ("./test.sh --fast", 1.5, 8 * 1024**3)
    assert hunt.environment.pass_ == ("HOME", "LC_*")
    assert hunt.environment.set == {"LEVEL": "3"}
    assert (hunt.budget.time, hunt.budget.probes) == (7200.0, 40)
    assert hunt.quiet is not None and hunt.quiet.wait == 300.0
    assert (hunt.measure.cpus, hunt.sandbox) == ((1,), "bwrap")
    assert hunt.measure.after == ("tmux", "send-keys", "fg", "Enter")
    assert (hunt.scratch, hunt.progress_log) == (Path("/scratch"), tmp_path / "plan.md")


def test_overlay_entries_are_told_apart_by_their_key(tmp_path: Path) -> None:
    """edit, copy, file and patch give Edit, Copy, Place and Patch, in the file's order."""
    edit, copied, renamed, place, patch = loaded(tmp_path, EVERYTHING).overlay
    assert isinstance(edit, Edit) and edit.regex and not edit.optional
    assert isinstance(copied, Copy) and (copied.target, copied.from_, copied.optional) == (
        "lib/erlang",
        "good",
        True,
    )
    assert isinstance(renamed, Copy) and (renamed.target, renamed.from_) == ("lib/moon", "bad")
    assert isinstance(place, Place) and place.file == tmp_path / "bench/x.sx"
    assert isinstance(patch, Patch) and patch.patch == tmp_path.parent / "timer.patch"


def test_the_shortest_hunt_file_has_sensible_defaults(tmp_path: Path) -> None:
    """A good revision and a test are enough."""
    hunt = load(written(tmp_path, START, "My hunt (2).yaml"))
    assert (hunt.hunt, hunt.repository, hunt.bad, hunt.build) == ("My-hunt-2", tmp_path, "HEAD", None)
    assert (hunt.test.timeout, hunt.test.output) == (600.0, 64 * 1024**2)
    assert (hunt.predicate.name, hunt.predicate.options) == ("exit_status", {})
    assert (hunt.pairs.min, hunt.pairs.max, hunt.premise.runs, hunt.confidence) == (3, 20, 1, 0.99)


@pytest.mark.parametrize(
    ("text", "value"),
    [("yes", "yes"), ("1:30", "1:30"), ("2026-05-08", "2026-05-08"), ("83e595", "83e595"), ("0x10", "0x10")],
)
def test_only_today_s_yaml_types_are_resolved(tmp_path: Path, text: str, value: str) -> None:
    """Booleans, times and numbers of older YAML versions stay text."""
    assert loaded(tmp_path, f"good: {text}\ntest: {{command: x}}\n").good == (value,)


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("-2.5", -2.5), ("1.5e3", 1500.0), ("true", True), ("null", None), ("'3'", "3")],
)
def test_predicate_options_keep_their_yaml_types(tmp_path: Path, text: str, value: object) -> None:
    """The plug-in gets its options as numbers, booleans, None or text."""
    options = loaded(tmp_path, START + f"predicate: {{name: x, option: {text}}}\n").predicate.options
    assert options == {"option": value}
    assert type(options["option"]) is type(value)


def test_aliases_are_written_out(tmp_path: Path) -> None:
    """A list with an anchor can be used twice."""
    hunt = loaded(
        tmp_path,
        "good: v1\nbuild: {command: make, inputs: &code [src, lib]}\ntest: {command: x, inputs: *code}\n",
    )
    assert hunt.test.inputs == ("src", "lib")


def test_a_byte_order_mark_and_windows_line_ends_are_harmless(tmp_path: Path) -> None:
    """Files saved by editors of other systems load, with the same lines."""
    hunt = loaded(tmp_path, "\ufeff" + START.replace("\n", "\r\n"))
    assert hunt.good == ("v1",)
    assert hunt.locate("test") == f"{tmp_path}/x.yaml:2"


@pytest.mark.parametrize("name", ["mine.py", "mine.py:Name", "sub/mine.py", "sub/mine.py:Name"])
def test_a_predicate_in_a_file_is_found_from_the_hunt_file(tmp_path: Path, name: str) -> None:
    """A path is relative to the hunt file, and a plain name is not changed."""
    assert loaded(tmp_path, START + f"predicate: ./{name}\n").predicate.name == f"{tmp_path}/{name}"
    assert loaded(tmp_path, START + f"predicate: '{name}'\n").predicate.name == f"{tmp_path}/{name}"
    assert loaded(tmp_path, START + "predicate: no_oom\n").predicate.name == "no_oom"


def test_a_hunt_survives_json(tmp_path: Path) -> None:
    """A hunt that is dumped as JSON and validated from another folder is the same hunt."""
    hunt = loaded(tmp_path, EVERYTHING)
    dumped = json.loads(json.dumps(hunt.model_dump(mode="json")))
    assert Hunt.model_validate(dumped, context={"base": Path("/elsewhere")}) == hunt


def test_hunts_do_not_change(tmp_path: Path) -> None:
    """A loaded hunt is frozen."""
    with pytest.raises(ValidationError, match="frozen"):
        loaded(tmp_path, START).jobs = 3


def test_locate_names_the_line_of_a_key_or_of_what_holds_it(tmp_path: Path) -> None:
    """Nested keys, list entries and missing keys all have a line."""
    hunt = loaded(tmp_path, EVERYTHING)
    lines = EVERYTHING.splitlines()
    assert hunt.locate("build", "timeout") == f"{tmp_path}/x.yaml:{lines.index('  timeout: 90s') + 1}"
    line = next(n for n, text in enumerate(lines, 1) if "copy: lib/lua" in text)
    assert hunt.locate("overlay", 2, "from") == f"{tmp_path}/x.yaml:{line}"
    assert hunt.locate("predicate", "of", 1, "limit").endswith(f":{lines.index('pairs: {min: 4, max: 6}')}")


class RatioOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    ratio: float = Field(default=1.5, gt=1)
    of: Literal["user", "wall"] = "user"
    least: int = 0

    @model_validator(mode="after")
    def _agrees(self) -> "RatioOptions":
        if self.of == "wall" and self.least > 3:
            raise ValueError("'least' above 3 needs user time")
        return self


def test_wrong_predicate_options_are_refused_with_their_line(tmp_path: Path) -> None:
    """The plug-in's own model finds the error, and the message has the hunt file's line and key."""
    hunt = loaded(tmp_path, START + "predicate:\n  name: x\n  ratoi: 2\n  ratio: high\n")
    with pytest.raises(ValidationError) as caught:
        RatioOptions.model_validate(hunt.predicate.options)
    refusal = str(options_refused(hunt, caught.value, RatioOptions)).replace(f"{tmp_path}/", "")
    assert refusal.splitlines() == [
        "x.yaml:5: predicate.ratoi: unknown key; did you mean 'ratio'?",
        "x.yaml:6: predicate.ratio: expected a number, got the text 'high'",
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("  of: sys", "5: predicate.of: expected 'user' or 'wall', got the text 'sys'"),
        ("  ratio: 1", "5: predicate.ratio: must be more than 1, got 1"),
        ("  least: 1.5", "5: predicate.least: expected a whole number, got the number 1.5"),
        ("  of: wall\n  least: 4", "3: predicate: 'least' above 3 needs user time"),
    ],
)
def test_every_kind_of_wrong_option_has_its_sentence(tmp_path: Path, options: str, sentence: str) -> None:
    """Choices, limits, types and rules between options are explained in the words of the hunt file."""
    hunt = loaded(tmp_path, START + f"predicate:\n  name: x\n{options}\n")
    with pytest.raises(ValidationError) as caught:
        RatioOptions.model_validate(hunt.predicate.options)
    assert str(options_refused(hunt, caught.value, RatioOptions)) == f"{tmp_path}/x.yaml:{sentence}"


def test_wrong_options_of_a_nested_predicate_are_refused_with_their_line(tmp_path: Path) -> None:
    """A predicate inside another one is named by its position."""
    hunt = loaded(tmp_path, START + "predicate:\n  name: any_of\n  of:\n    - name: x\n      ratio: []\n")
    with pytest.raises(ValidationError) as caught:
        RatioOptions.model_validate({"ratio": []})
    refusal = str(options_refused(hunt, caught.value, RatioOptions, "predicate", "of", 0))
    assert refusal.endswith("x.yaml:7: predicate.of[0].ratio: expected a number, got a list")
