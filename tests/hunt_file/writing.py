"""Hunt files in a folder, and the error messages of wrong ones."""

from pathlib import Path

import pytest

from bisector.errors import HuntFileError
from bisector.hunt_file import Hunt, load

START = "good: v1\ntest: {command: ./test.sh}\n"
"""The shortest hunt file, with two lines."""


def written(folder: Path, text: str, name: str = "x.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def loaded(folder: Path, text: str) -> Hunt:
    return load(written(folder, text))


def refused(path: Path) -> str:
    """The error message of a file, without the file's folder."""
    with pytest.raises(HuntFileError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}/", "")
