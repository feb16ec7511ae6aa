"""Missing files and revisions in a hunt file are reported with their line, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import bisector, shell_history
from tests.cli.scene import digest

HUNT = "repository: repo\ngood: main~11\ntest: {command: sh test.sh}\n"

WRONG = {
    "overlay: [{patch: nope.patch}]": "overlay[0].patch: there is no HERE/nope.patch; correct the path",
    "overlay: [{patch: folder}]": "overlay[0].patch: HERE/folder is not a file; choose another",
    "overlay: [{edit: doc, find: a, replace: b}, {file: nope, to: x}]": "overlay[1].file: there is no HERE",
    "overlay: [{copy: nope}]": "overlay[0].copy: main has no nope; correct the path",
    "overlay: [{copy: nope, from: good}]": "overlay[0].copy: main~11 has no nope",
    "overlay: [{copy: nope, from: main~3}]": "overlay[0].copy: main~3 has no nope",
    "overlay: [{copy: doc, from: nowhere}]": "overlay[0].from: HERE/repo has no commit 'nowhere'",
    "progress_log: nowhere/plan.md": "progress_log: there is no folder HERE/nowhere; create it",
    "progress_log: folder": "progress_log: HERE/folder is not a file; choose another",
    "progress_log: latin1.md": "progress_log: HERE/latin1.md is not UTF-8",
    "progress_log: latin1.md/plan.md": "progress_log: there is no folder HERE/latin1.md",
    "measure: {cpus: [99999]}": "measure.cpus: CPU 99999 is not available to bisector",
    "predicate: ./nope.py": "there is no predicate file HERE/nope.py",
    "predicate: ./broken.py": "cannot load HERE/broken.py:2: SyntaxError",
    "predicate: nonsense": "there is no predicate 'nonsense'",
    "predicate: {name: all_of, of: [{name: ./nope.py}]}": "there is no predicate file HERE/nope.py",
    "since: nowhere": "since: HERE/repo has no commit 'nowhere'",
    "skip: [nowhere]": "skip[0]: HERE/repo has no commit 'nowhere'",
    "skip: [main~2, nowhere..main~3]": "skip[1]: HERE/repo has no range 'nowhere..main~3'",
    "build: {command: 'true', folder: nowhere}": "build.folder: neither good nor bad has nowhere",
    "build: {command: 'true', inputs: [scr, lib]}": "build.inputs: neither good nor bad has scr, lib;",
    "setup: {command: 'true', key: [lokc], keeps: [x]}": "setup.key: neither good nor bad has lokc;",
    "setup: [{command: a, key: [doc], keeps: [x]}, {command: a, key: [doc], keeps: [x], folder: no}]": (
        "setup[1].folder: neither good nor bad has no;"
    ),
    "scratch: latin1.md": "scratch: cannot use the scratch folder HERE/latin1.md (HERE",
    "scratch: latin1.md/deeper": "scratch: cannot use the scratch folder HERE/latin1.md/deeper",
}


@pytest.mark.parametrize(
    ("line", "command"),
    [*((line, "run") for line in WRONG), *((line, "probe main~2") for line in list(WRONG)[::5])],
)
def test_wrong_values_are_told_before_anything_is_written(line: str, command: str, tmp_path: Path) -> None:
    """File, line, key and fix are named. Exit code 2 (129 for `git bisect run`), and nothing is written."""
    shell_history(tmp_path / "repo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin1.md").write_bytes(b"caf\xe9\n")
    (tmp_path / "broken.py").write_text("import json\ndef (:\n")
    (tmp_path / "hunt.yaml").write_text(f"{HUNT}bad: main\n{line}\n")
    before = digest(tmp_path)
    done = bisector(*command.split(), "-c", "hunt.yaml", folder=tmp_path)
    assert done.returncode == (2 if command == "run" else 129), done.stderr
    assert WRONG[line].replace("HERE", str(tmp_path)) in done.stderr
    assert "hunt.yaml:5: " in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert digest(tmp_path) == before


def test_what_may_be_missing(tmp_path: Path) -> None:
    """A missing optional copy is not an error in the file."""
    shell_history(tmp_path / "repo")
    (tmp_path / "hunt.yaml").write_text(f"{HUNT}bad: main\noverlay: [{{copy: nope, optional: true}}]\n")
    done = bisector("probe", "main~2", "-c", "hunt.yaml", folder=tmp_path)
    assert done.returncode in (0, 1), done.stderr
