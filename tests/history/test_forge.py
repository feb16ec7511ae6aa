"""The web pages of commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.history.forge import commit_pages, pages_of
from bisector.history.repository import Repository
from tests.git_history import chain, git, write_history


@pytest.mark.parametrize(
    ("remote", "pages"),
    [
        ("https://github.com/o/r.git", "https://github.com/o/r/commit/"),
        ("https://github.com/o/r/", "https://github.com/o/r/commit/"),
        ("git@github.com:o/r.git", "https://github.com/o/r/commit/"),
        ("github.com:o/r", "https://github.com/o/r/commit/"),
        ("ssh://git@github.com:22/o/r", "https://github.com/o/r/commit/"),
        ("git://gitlab.com/group/sub/r.git", "https://gitlab.com/group/sub/r/-/commit/"),
        ("https://gitlab.example.org:8443/o/r", "https://gitlab.example.org:8443/o/r/-/commit/"),
        ("http://gitlab.example.org/o/r", "https://gitlab.example.org/o/r/-/commit/"),
        ("git@bitbucket.org:o/r.git", "https://bitbucket.org/o/r/commits/"),
        ("https://codeberg.org/o/r.js.git", "https://codeberg.org/o/r.js/commit/"),
        ("https://gitea.example.org/o/r", "https://gitea.example.org/o/r/commit/"),
    ],
)
def test_pages_of_known_forges(remote: str, pages: str) -> None:
    """Every way to write the address of a repository gives the https pages of its commits."""
    assert pages_of(remote) == pages


@pytest.mark.parametrize("user", ["me", "me:secret", "oauth2:ghp_secret", ":secret"])
def test_credentials_stay_out(user: str) -> None:
    """A report may be passed on, so it has no user, password or token of the remote."""
    for host, path in (("github.com", "/commit/"), ("gitlab.com", "/-/commit/")):
        assert pages_of(f"https://{user}@{host}/o/r.git") == f"https://{host}/o/r{path}"


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/git/r.git",
        "../github.com/o/r",
        "file:///srv/github.com/o/r",
        "https://git.example.org/o/r.git",
        "http://gitea.example.org:3000/o/r",
        "https://github.com/r",
        "https://github.com/o/r?token=secret",
        "https://github.com/o/r#x",
        "https://github.com/o/../r",
        "https://github.com/o/<script>",
        'https://github.com/o/r" onclick="x',
        "https://github.com:99999999/o/r",
        "https://[github/o/r",
        "javascript://github.com/o/r",
        "ext::sh -c github.com/o/r",
    ],
)
def test_unknown_addresses_have_no_pages(remote: str) -> None:
    """A local path, an unknown forge or an address that is no plain one gives no link."""
    assert pages_of(remote) == ""


def test_pages_of_a_repository(tmp_path: Path) -> None:
    """The remote `origin` counts, with git's own rewriting; an unknown host is known by its folder."""
    write_history(tmp_path / "repo", chain(1))
    repository = Repository(tmp_path / "repo")
    assert commit_pages(repository) == ""
    git(tmp_path / "repo", "remote", "add", "origin", "hub:o/r")
    git(tmp_path / "repo", "config", "url.https://github.com/.insteadOf", "hub:")
    assert commit_pages(repository) == "https://github.com/o/r/commit/"
    git(tmp_path / "repo", "remote", "set-url", "origin", "https://t:secret@git.example.org/o/r.git")
    assert commit_pages(repository) == ""
    (tmp_path / "repo/.gitea").mkdir()
    assert commit_pages(repository) == "https://git.example.org/o/r/commit/"
