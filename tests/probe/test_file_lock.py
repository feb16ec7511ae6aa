"""A lock stays exclusive, whatever happens to its file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bisector.probe.file_lock import lock_held, try_lock


def test_a_lock_whose_file_was_deleted_takes_away_no_other(tmp_path: Path) -> None:
    """The process that lost the lock knows, and does not remove the file of the new owner."""
    path = tmp_path / "lock"
    first = try_lock(path)
    assert first is not None and first.is_whole and try_lock(path) is None
    path.unlink()
    second = try_lock(path)
    assert second is not None and not first.is_whole
    first.release()
    assert second.is_whole and try_lock(path) is None
    second.release()
    assert not path.exists()


def test_several_share_it_and_the_last_takes_its_file_away(tmp_path: Path) -> None:
    """While a lock is shared, nobody can hold it alone."""
    path = tmp_path / "folder/lock"
    with lock_held(path, shared=True):
        with lock_held(path, shared=True):
            assert try_lock(path) is None
        assert try_lock(path) is None and path.exists()
    assert not path.exists()


def test_at_most_one_holds_it_while_all_take_its_file_away(tmp_path: Path) -> None:
    """Many processes take, release and delete it at once: no two hold it together, and none fails."""
    path, inside = tmp_path / "lock", []

    def work(_number: int) -> int:
        taken = 0
        for _ in range(300):
            if lock := try_lock(path):
                inside.append(1)
                taken += len(inside) == 1
                inside.pop()
                lock.release()
            with lock_held(path):
                inside.append(1)
                taken += len(inside) == 1
                inside.pop()
        return taken

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) >= 1200
