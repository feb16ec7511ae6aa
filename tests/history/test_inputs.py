"""The changes of a commit, compared with declared inputs."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bisector.history.inputs import coming_and_going, covered, forgotten, tracked_files
from bisector.history.repository import Repository
from tests.git_history import Node, write_history

PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map("/".join)


def test_what_was_forgotten(tmp_path: Path) -> None:
    """Everything that a commit changes outside the inputs is found. A similar name is outside."""
    ids = write_history(
        tmp_path / "repo",
        [
            Node("parent", files={"lib/a": "1", "library": "1", "gone": "1", "still": "1", "é x": "1"}),
            Node(
                "commit", ["parent"], {"lib/a": "2", "library": "2", "gone": None, "new/x": "1", "é x": "2"}
            ),
        ],
    )
    repository = Repository(tmp_path / "repo")
    assert forgotten(repository, ["lib"], ids["commit"], ids["parent"]) == [
        "gone",
        "library",
        "new/x",
        "é x",
    ]
    assert forgotten(repository, ["new/x", "lib/a"], ids["commit"], ids["parent"]) == [
        "gone",
        "library",
        "é x",
    ]
    assert forgotten(repository, ["."], ids["commit"], ids["parent"]) == []
    assert forgotten(repository, [], ids["commit"], ids["commit"]) == []
    assert tracked_files(repository, ids["commit"]) == {"lib/a", "library", "new/x", "still", "é x"}


def test_files_that_come_and_go(tmp_path: Path) -> None:
    """Files that a commit of the range adds or deletes, on a side branch too. Changed files do not count."""
    ids = write_history(
        tmp_path / "repo",
        [
            Node("before", files={"old": "1", "changed": "1", "gone": "1"}),
            Node("good", ["before"], {"early": "1"}),
            Node("side", ["good"], {"deep/side": "1", "gone": None}),
            Node("main", ["good"], {"changed": "2", "brief": "1"}),
            Node("merge", ["main", "side"], {"deep/side": "1", "gone": None}),
            Node("bad", ["merge"], {"brief": None}),
        ],
    )
    found = coming_and_going(Repository(tmp_path / "repo"), [ids["good"]], ids["bad"])
    assert found == {"deep/side", "gone", "brief"}


@given(path=PATHS, inputs=st.lists(PATHS, max_size=3))
def test_covered_is_a_question_of_whole_names(path: str, inputs: list[str]) -> None:
    """A path is covered by itself and by every folder above it, and by nothing else."""
    parts = path.split("/")
    above = {"/".join(parts[:at]) for at in range(1, len(parts) + 1)}
    assert covered(path, inputs) == bool(above & set(inputs))
    assert covered(path, ["."])
