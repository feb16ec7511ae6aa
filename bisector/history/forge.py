"""The web page of a commit on the forge that the repository was cloned from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bisector.history.repository import GitFailure, Repository

_PAGES: Mapping[str, str] = {
    "github": "/commit/",
    "gitlab": "/-/commit/",
    "bitbucket": "/commits/",
    "gitea": "/commit/",
    "forgejo": "/commit/",
    "codeberg": "/commit/",
}
"""The path of a commit's page below that of its repository, by a word in the name of the host."""

_FOLDERS: Mapping[str, str] = {".gitea": "gitea", ".forgejo": "forgejo", ".gitlab": "gitlab"}
"""What shows the kind of forge in the work tree, where the name of the host does not."""

_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]+):(?P<path>(?!//).+)")
"""`git@host:owner/name`, git's short form of an SSH address."""
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?")
_PATH = re.compile(r"(/[\w~+-][\w.~+-]*){2,}", re.ASCII)


def commit_pages(repository: Repository) -> str:
    """The address of the pages of commits, to which a full id is appended; empty if it is not known.

    Derived from the remote `origin`, without its credentials.
    """
    try:
        remote = repository.git("remote", "get-url", "origin").decode(errors="replace").strip()
    except GitFailure:
        return ""
    return pages_of(remote, _kind_in(repository.work_tree))


def pages_of(remote: str, kind: str = "") -> str:
    """The address of the pages of commits for the URL of a remote, empty if it is not known.

    `kind` is that of the forge (a key of the table above), for a host whose name does not tell.
    """
    host, path = _parts(remote)
    path = f"/{path.strip('/').removesuffix('.git')}"
    if not _HOST.fullmatch(host) or not _PATH.fullmatch(path):
        return ""
    known = next((word for word in _PAGES if word in host.lower()), kind)
    return f"https://{host}{path}{_PAGES[known]}" if known in _PAGES else ""


def _kind_in(work_tree: Path | None) -> str:
    found = (kind for folder, kind in _FOLDERS.items() if work_tree and (work_tree / folder).is_dir())
    return next(found, "")


def _parts(remote: str) -> tuple[str, str]:
    """The host (with the port of its web server, if known) and the path; both empty if there is no host."""
    if "://" not in remote:
        short = _SCP.fullmatch(remote)
        return (short["host"], short["path"]) if short else ("", "")
    try:
        url = urlsplit(remote)
        host, port = url.hostname or "", url.port
    except ValueError:
        return "", ""
    if url.scheme not in ("https", "http", "ssh", "git", "git+ssh") or url.query or url.fragment:
        return "", ""
    if port and url.scheme == "http":
        return "", ""  # Nobody knows where its https is.
    return (f"{host}:{port}" if port and url.scheme == "https" else host), url.path
