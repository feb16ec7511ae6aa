"""Any revision, pathspec or file of `git bisect` gives a commit or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bisector.errors import HistoryError
from bisector.history.bisect_session import bisect_session
from bisector.history.candidates import candidates_between
from bisector.history.repository import Repository
from tests.git_history import chain, git, write_history

FILES = ("BISECT_START", "BISECT_LOG", "BISECT_NAMES", "BISECT_TERMS")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six commits, tags of a tree and a blob, and a session of `git bisect` in progress."""
    repo = tmp_path_factory.mktemp("odd") / "repo"
    write_history(repo, chain(6))
    git(repo, "tag", "tree", "HEAD^{tree}")
    git(repo, "tag", "-a", "-m", "x", "note", "tree")
    git(repo, "tag", "blob", "HEAD:c1")
    git(repo, "tag", "-a", "-m", "x", "release", "main~2")
    git(repo, "bisect", "start", "main", "main~5")
    return repo


@pytest.mark.parametrize(
    ("revision", "same"), [(":/c3", "main~2"), ("release", "main~2"), ("release^{}", "main~2"), ("@", "HEAD")]
)
def test_what_names_a_commit(repo: Path, revision: str, same: str) -> None:
    """Every git name of one commit is accepted."""
    assert Repository(repo).resolve(revision) == git(repo, "rev-parse", same).strip()


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        ("^main", "'^main' excludes commits and names none"),
        ("HEAD^{tree}", "'HEAD^{tree}' is a tree"),
        ("tree", "'tree' is a tree"),
        ("note", "'note' is a tree"),
        ("blob", "'blob' is a blob"),
        ("HEAD:c1", "is a blob"),
        ("@{upstream}", "has no commit '@{upstream}'"),
        (":/nonsense", "has no commit ':/nonsense'"),
        ("HEAD^@", "has no commit"),
        ("main..HEAD", "has no commit"),
        ("", "has no commit ''"),
        ("--all", "has no commit '--all'"),
    ],
)
def test_what_names_none(repo: Path, revision: str, sentence: str) -> None:
    """A revision that is not one commit is refused, and the message says what it names instead."""
    with pytest.raises(HistoryError) as refused:
        Repository(repo).resolve(revision)
    assert sentence in str(refused.value)


def test_magic_that_git_does_not_know(repo: Path) -> None:
    """A pathspec that git refuses is an error in `paths`."""
    ends = ([git(repo, "rev-parse", "main~5").strip()], git(repo, "rev-parse", "main").strip())
    with pytest.raises(HistoryError, match=r"git rejects `paths` \(.*'nonsense'.*; correct them"):
        candidates_between(Repository(repo), *ends, paths=[":(nonsense)x"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(FILES), content=st.one_of(st.none(), st.binary(max_size=200)))
def test_damaged_files_of_a_session(repo: Path, name: str, content: bytes | None) -> None:
    """A session whose files are damaged, or are folders, is read or refused in a sentence."""
    file = repo / ".git" / name
    kept = file.read_bytes()
    file.unlink()
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    try:
        bisect_session(Repository(repo))
    except HistoryError as refused:
        assert "git bisect" in str(refused)
    finally:
        file.rmdir() if file.is_dir() else file.unlink()
        file.write_bytes(kept)
