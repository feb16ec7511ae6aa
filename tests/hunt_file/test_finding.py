"""Where --config looks for its file."""

from pathlib import Path

import pytest

import bisector.hunt_file
from bisector.errors import HuntFileError
from bisector.hunt_file import find, load
from bisector.hunt_file.finding import shipped

from .writing import START, written


@pytest.mark.parametrize("name", ["tcl.yaml", "tcl"])
def test_a_name_is_looked_for_in_configs(tmp_path: Path, name: str) -> None:
    """configs/ is searched, with and without the file name extension."""
    path = written(tmp_path, START, "configs/tcl.yaml")
    assert find(name, tmp_path) == path


def test_the_path_itself_comes_first(tmp_path: Path) -> None:
    """A file at the given path comes before the one in configs/, and absolute paths are used as they are."""
    written(tmp_path, START, "configs/tcl.yaml")
    path = written(tmp_path, START, "tcl.yaml")
    assert find("tcl.yaml", tmp_path) == path
    assert find(str(path), Path("/")) == path


def test_a_folder_is_no_hunt_file(tmp_path: Path) -> None:
    """A folder of the same name does not hide the file."""
    (tmp_path / "tcl").mkdir()
    path = written(tmp_path, START, "configs/tcl.yaml")
    assert find("tcl", tmp_path) == path


@pytest.mark.parametrize("name", ["none", "a\0b", "x" * 5000, ""])
def test_an_unknown_name_lists_what_there_is(tmp_path: Path, name: str) -> None:
    """The error names the hunt files that exist."""
    written(tmp_path, START, "configs/one.yaml")
    written(tmp_path, START, "configs/two.yaml")
    with pytest.raises(HuntFileError, match=r"no such hunt file; available: .*one\.yaml.*two\.yaml"):
        find(name, tmp_path)


def test_the_shipped_hunt_files_are_found_from_anywhere(tmp_path: Path) -> None:
    """Without a configs/ folder of the user, the installed hunt files are found."""
    assert load(find("tcl", tmp_path)).hunt == "tcl"


def test_the_files_of_an_installed_package_are_found() -> None:
    """The folder of a package is returned. A package that is not installed has none."""
    (folder,) = shipped("bisector.hunt_file")
    assert folder.samefile(Path(str(bisector.hunt_file.__file__)).parent)
    assert shipped("bisector.no_such_package") == []
