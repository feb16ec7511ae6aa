"""Built artefacts go in and come out whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.errors import InfrastructureFault
from bisector.probe.artefacts import ArtefactStore


def test_outputs_come_back_with_their_modes(tmp_path: Path) -> None:
    """Files and folders return byte for byte and executable, over whatever stands there."""
    slot, other = tmp_path / "a", tmp_path / "b"
    (slot / "out/sub").mkdir(parents=True)
    (slot / "out/sub/x").write_text("x")
    (slot / "exe").write_text("#!/bin/sh\n")
    (slot / "exe").chmod(0o555)
    store = ArtefactStore(tmp_path / "store")
    digest = store.keep("k", slot, ["out", "exe"])
    (other / "out").mkdir(parents=True)
    (other / "out/stale").write_text("old")
    assert store.restore("k", other, ["out", "exe"]) == digest
    assert (other / "out/sub/x").read_text() == "x"
    assert not (other / "out/stale").exists()
    assert (other / "exe").stat().st_mode & 0o777 == 0o555


def test_another_key_or_list_of_outputs_is_not_found(tmp_path: Path) -> None:
    """Only the very same key and outputs are restored."""
    (tmp_path / "x").write_text("1")
    store = ArtefactStore(tmp_path / "store")
    store.keep("k", tmp_path, ["x"])
    assert store.restore("other", tmp_path, ["x"]) is None
    assert store.restore("k", tmp_path, ["x", "y"]) is None


def test_a_half_written_entry_is_never_used(tmp_path: Path) -> None:
    """What a killed writer left beside the entries does not count."""
    (tmp_path / "store/.half-abc").mkdir(parents=True)
    (tmp_path / "store/k").mkdir()
    assert ArtefactStore(tmp_path / "store").restore("k", tmp_path, ["x"]) is None


def test_a_store_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    """No verdict follows from a disk that refuses."""
    (tmp_path / "x").write_text("1")
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(InfrastructureFault, match="choose another `scratch`"):
        ArtefactStore(tmp_path / "store").keep("k", tmp_path, ["x"])
