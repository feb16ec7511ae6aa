"""The version comes from the newest tag, also in a clone that has none."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bisector
from tests.git_history import git

ROOT = Path(__file__).resolve().parent.parent
FILES = ("pyproject.toml", ".git_archival.txt", ".gitattributes")

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("setuptools_scm"), reason="setuptools-scm is not installed"
)


def version_in(folder: Path) -> str:
    """The version that a build in `folder` would get."""
    command = [sys.executable, "-m", "setuptools_scm", "--root", str(folder), "--config"]
    return subprocess.run(
        [*command, str(folder / "pyproject.toml")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the files that decide on the version, and two commits."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
        git(folder, "add", name)
    git(folder, "commit", "-qm", "first")
    git(folder, "commit", "-qm", "second", "--allow-empty")
    return folder


def test_a_clone_without_tags_has_a_version_before_the_first(project: Path) -> None:
    """It sorts before 0.1.0, and says which commit it is. Another kind of tag is none."""
    git(project, "tag", "merged-first")
    version = version_in(project)
    assert version.startswith("0.1.0.dev")
    assert git(project, "rev-parse", "HEAD")[:7] in version


def test_a_tag_is_the_version(project: Path) -> None:
    """A tagged commit has that version, and the next one a later."""
    git(project, "tag", "v1.2.3")
    assert version_in(project) == "1.2.3"
    git(project, "commit", "-qm", "third", "--allow-empty")
    assert version_in(project).startswith("1.2.4.dev1+g")


def test_an_archive_without_history_knows_its_version(project: Path, tmp_path: Path) -> None:
    """`git archive` writes it down; files without any trace of git have that of the project file."""
    git(project, "tag", "v1.2.3")
    git(project, "archive", "--prefix=archive/", "-o", str(tmp_path / "archive.tar"), "v1.2.3")
    shutil.unpack_archive(tmp_path / "archive.tar", tmp_path, filter="data")
    assert version_in(tmp_path / "archive") == "1.2.3"
    (tmp_path / "plain").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "plain")
    assert version_in(tmp_path / "plain") == "0.1.0.dev0"


def test_the_package_tells_the_installed_version() -> None:
    """`bisector.__version__` is that of the installation; other names do not exist."""
    from importlib.metadata import version

    assert bisector.__version__ == version("bisector")
    with pytest.raises(AttributeError, match="no attribute 'version'"):
        _ = bisector.version
