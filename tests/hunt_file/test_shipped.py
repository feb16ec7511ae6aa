"""The hunt files in configs/, the schema and the reference page."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bisector.hunt_file import Edit, json_schema, load
from bisector.hunt_file.reference import reference_markdown
from bisector.probe.discovery import find_predicate

from .test_loading import EVERYTHING
from .writing import START

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def test_there_is_a_hunt_file_for_every_guest() -> None:
    """There are hunt files for the plan's five test suites and for the demo."""
    assert {path.stem for path in CONFIGS} >= {"demo", "erlang", "haskell", "lua", "prolog", "tcl"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.stem))
def test_every_shipped_hunt_file_loads(path: Path) -> None:
    """Every shipped file is valid, has the name of its hunt, and has valid predicate options."""
    hunt = load(path)
    assert hunt.hunt == path.stem
    options = find_predicate(hunt.predicate.name, path.parent).Options
    assert options.model_validate(hunt.predicate.options).model_fields_set == set(hunt.predicate.options)


def test_the_plan_s_facts_stand_in_the_hunt_files() -> None:
    """Range, build, predicate, deadline and memory are those of the plan."""
    tcl, erlang, prolog = (load(ROOT / f"configs/{name}.yaml") for name in ("tcl", "erlang", "prolog"))
    assert tcl.good == erlang.good == prolog.good == ("83dbb595",)
    assert (tcl.predicate.name, tcl.predicate.options["ratio"]) == ("per_test_user_time", 1.5)
    assert tcl.test.timeout == 600
    assert tcl.build is not None and tcl.build.folder == "hosts/ocaml"
    assert tcl.progress_log == tcl.repository / "plans/jit-perf-regression.md"
    edit = erlang.overlay[1]
    assert isinstance(edit, Edit) and (edit.find, edit.replace) == ("timeout 120", "timeout 600")
    assert (prolog.predicate.name, prolog.test.memory) == ("no_oom", 8 * 1024**3)


def _validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("text", [START, EVERYTHING, *(path.read_text() for path in CONFIGS)])
def test_the_schema_accepts_sound_hunt_files(text: str) -> None:
    """Editors show no error in a file that loads."""
    assert not list(_validator().iter_errors(yaml.safe_load(text)))


@pytest.mark.parametrize(
    "wrong",
    ["colour: red", "jobs: many", "confidence: 2", "build: make", "overlay: [{edti: a}]", "predicate: 3"],
)
def test_the_schema_refuses_wrong_hunt_files(wrong: str) -> None:
    """Editors show the errors that bisector would report."""
    assert list(_validator().iter_errors(yaml.safe_load(START + wrong)))


def test_the_reference_page_is_up_to_date() -> None:
    """docs/reference/hunt-file.md agrees with the model. `reference_markdown()` writes it."""
    assert (ROOT / "docs/reference/hunt-file.md").read_text() == reference_markdown()


def test_the_reference_names_every_key() -> None:
    """No key of the schema is missing on the page, and every one has a description."""
    page, schema = reference_markdown(), json_schema()
    sections = [part for model in (schema, *schema["$defs"].values()) for part in model.get("anyOf", [model])]
    properties = [item for section in sections for item in section.get("properties", {}).items()]
    assert len(properties) > 50
    assert [
        key for key, value in properties if f"| `{key}` |" not in page or not value.get("description")
    ] == []
