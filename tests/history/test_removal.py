"""Removing the files of a process while that process is still ending."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bisector.history import removal

_WRITER = """
import itertools, os, sys, time
os.mkdir(sys.argv[1])
end = time.monotonic() + 0.3
for number in itertools.count():
    if time.monotonic() > end: break
    try: open(f"{sys.argv[1]}/{number}", "w").close()
    except FileNotFoundError: break
"""


def test_a_process_that_still_writes_is_outlasted(tmp_path: Path) -> None:
    """The child of a killed program may write for another moment."""
    left = tmp_path / "left"
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(left)]):
        while not left.exists():
            pass
        removal.take_away(left)
    assert not left.exists()
