"""The allow-list for environment variables."""

from __future__ import annotations

import pytest

from bisector.probe.environment import allowed_environment


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "OPAM_SWITCH_PREFIX", "OCAMLRUNPARAM", "XDG_CACHE_HOME"]
)
def test_what_builds_need_is_passed(name: str) -> None:
    """Variables that builds need are passed by default."""
    assert allowed_environment((), {}, {name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name", ["CI_JOB_TOKEN", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DUNE_ROOT", "PATHS"]
)
def test_everything_else_is_dropped(name: str) -> None:
    """Variables that are not on the list are dropped."""
    assert allowed_environment((), {}, {name: "x"}) == {}


def test_git_is_never_passed() -> None:
    """Git's variables would point a build's git at the user's repository, so they are never passed."""
    assert allowed_environment(("*",), {}, {"GIT_DIR": "x", "OTHER": "y"}) == {"OTHER": "y"}


def test_what_the_hunt_file_adds() -> None:
    """Variables and patterns that the hunt file names are passed, and values that it sets take precedence."""
    source = {"CC": "gcc", "CARGO_HOME": "c", "PATH": "p", "X": "x"}
    assert allowed_environment(("CC", "CARGO_*"), {"PATH": "q", "NEW": "n"}, source) == {
        "CC": "gcc",
        "CARGO_HOME": "c",
        "PATH": "q",
        "NEW": "n",
    }
