"""A file with any contents is loaded or refused in a sentence."""

import os
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bisector.errors import HuntFileError
from bisector.hunt_file import Hunt, build, load, setting

from .test_loading import EVERYTHING

EXAMPLES = int(os.environ.get("BISECTOR_FUZZ", "150"))
"""The number of examples for each property. A long run tries more."""

quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

KEYS = sorted({key for key in EVERYTHING.replace("{", " ").split() if key.endswith(":")})
SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        [
            *("auto", "HEAD", "..", "/", "10m", "8GiB", "exit_status", ".git/x", "(", "~nobody/x", "-"),
            *("9" * 30, "9" * 30 + "d", "9" * 30 + "TiB", "(" * 500, "a{99999999999}", "(a{9999}){9999}"),
            "a\nb",
        ]
    )
)
KEY = st.sampled_from([key.rstrip(":") for key in KEYS]) | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=4),
    max_leaves=20,
)


def _loads_or_refuses(read: Callable[[], Hunt]) -> None:
    try:
        hunt = read()
    except HuntFileError as error:
        assert str(error).strip()
    else:
        hunt.model_dump_json()


@quick
@given(content=st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    """Bytes never raise anything but HuntFileError."""
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    _loads_or_refuses(lambda: load(path))


@quick
@given(
    text=st.text(alphabet="abg :-[]{}&*!|>'\"#%@`,?\n\t\\0123.~<=xuU" + string.ascii_letters[:4], max_size=80)
)
@example(text='"\\UFFFFFFFF"')
@example(text="? ")
@example(text="- - - -")
@example(text="%YAML 9.9\n---\na")
@example(text="%TAG ! tag:a,2000:\n---\n!a b")
def test_any_text_of_yaml_s_own_characters(tmp_path: Path, text: str) -> None:
    """Text near YAML never raises anything but HuntFileError, as a file and as a setting."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    _loads_or_refuses(lambda: load(path))
    try:
        setting(f"jobs={text}")
    except HuntFileError as error:
        assert str(error).startswith("--set")


@quick
@given(data=st.dictionaries(KEY, VALUES, max_size=5))
def test_any_structure_in_a_file(tmp_path: Path, data: dict[str, Any]) -> None:
    """Valid YAML of any shape loads, or is refused with the file's name in every sentence."""
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump({"good": "a", "test": {"command": "x"}, **data}, allow_unicode=True))
    try:
        load(path)
    except HuntFileError as error:
        lines = [line for line in str(error).splitlines() if not line.startswith("and ")]
        assert lines and str(error).startswith(str(path))


@quick
@given(overrides=st.dictionaries(st.lists(KEY, min_size=1, max_size=3).map(".".join), VALUES, max_size=4))
def test_any_overrides(tmp_path: Path, overrides: dict[str, Any]) -> None:
    """Options of any shape give a hunt or are refused."""
    _loads_or_refuses(lambda: build({"good": "a", "test.command": "x", **overrides}, tmp_path, None))


@quick
@given(position=st.integers(0, len(EVERYTHING) - 1), letter=st.sampled_from(list("\t :-[]{}'\"#\n0&*!")))
def test_a_single_wrong_keystroke(tmp_path: Path, position: int, letter: str) -> None:
    """A valid file with one letter replaced loads or is refused."""
    path = tmp_path / "x.yaml"
    path.write_text(EVERYTHING[:position] + letter + EVERYTHING[position + 1 :])
    _loads_or_refuses(lambda: load(path))
