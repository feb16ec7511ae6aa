"""`--here` and the trace of a failing test: why it works by hand and not in a slot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import bisector
from tests.cli.test_first_try import GOOD, history, run
from tests.git_history import git

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
FINDS_ALL = 'for f in "$PWD"/conf/*.cfg; do test -e "$f" || exit 3; done\ntest ! -f bug\n'
"""A script that never names what it misses."""


def here(folder: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    """What `check --json --here` says of the run in the checkout."""
    found = json.loads(bisector("check", "--json", "--here", *arguments, folder=folder, **environment).stdout)
    assert found["here"], found
    one: dict[str, Any] = found["here"]
    return one


def test_what_works_here_and_fails_in_the_slot(tmp_path: Path) -> None:
    """Exit codes and last lines of both, and that the commit is the same; nothing is checked out."""
    ids = history(tmp_path / "r", check_sh="echo looking; cat settings || exit 3\n", _gitignore="settings\n")
    (tmp_path / "r/settings").write_text("mine\n")
    git(tmp_path / "r", "checkout", "-q", ids["c1"])
    arguments = ("--good", ids["c1"], "--bad", "main", "--test", "sh check.sh")
    one = here(tmp_path / "r", *arguments)
    assert (one["exit_code"], one["slot"]["exit_code"], one["commit"]) == (0, 3, ids["c1"])
    assert one["lines"] == ["looking", "mine"]
    assert one["slot"]["lines"][0] == "looking"
    assert one["differs"][0] == "the test works in your checkout and fails in the slot"
    assert "the variables of your shell are not the reason" in one["differs"][1]
    assert one["left"] == []
    assert git(tmp_path / "r", "rev-parse", "HEAD").strip() == ids["c1"]
    shown = bisector("run", "--here", *arguments, folder=tmp_path / "r")
    assert shown.returncode == 7
    assert "--here: running the test `sh check.sh` once in" in shown.stdout
    assert "which is good)" in shown.stdout
    assert "your checkout: exit code 0" in shown.stdout
    assert "works in your checkout and fails in the slot" in shown.stdout


def test_another_commit_is_said(tmp_path: Path) -> None:
    """The checkout is usually at bad, or somewhere in between: then the commits may be the reason."""
    ids = history(tmp_path / "r", check_sh="test -f settings || exit 3\n", _gitignore="settings\n")
    (tmp_path / "r/settings").write_text("mine\n")
    git(tmp_path / "r", "checkout", "-q", ids["c3"])
    (tmp_path / "r/n").write_text("changed\n")
    done = bisector(
        *("check", "--here", "--good", ids["c1"], "--bad", "main", "--test", "sh check.sh"),
        folder=tmp_path / "r",
    )
    assert f"neither good nor bad; the good commit is {ids['c1'][:12]}" in done.stdout
    assert "with local changes to 1 file)" in done.stdout
    assert f"your checkout is not at {ids['c1'][:12]}, so the commits may be the reason" in done.stdout
    assert (tmp_path / "r/n").read_text() == "changed\n"


def test_a_variable_of_the_shell_is_told_from_a_file(tmp_path: Path) -> None:
    """By a second run with the variables of a slot; values of the shell are nowhere shown."""
    script = 'eval "v=\\$ORDERS""_URL"; echo "using $v"; test -n "$v"\n'
    history(tmp_path / "r", check_sh=script)
    secret = "postgres://hunter2@db/orders"
    one = here(tmp_path / "r", *GOOD, "--test", "sh check.sh", ORDERS_URL=secret)
    assert any("a variable of your shell is the reason" in sentence for sentence in one["differs"])
    assert one["lines"] == ["using ***"]


def test_what_the_run_left_is_listed(tmp_path: Path) -> None:
    """It stays, as it does by hand: bisector puts nothing back in the user's checkout."""
    history(tmp_path / "r", check_sh="echo x >> n; echo y > made; exit 3\n")
    one = here(tmp_path / "r", *GOOD, "--test", "sh check.sh")
    assert one["left"] == ["made", "n"]
    assert one["differs"][0] == "the test fails in your checkout in the same way"
    assert "that is what you said of bad; to compare" in one["differs"][1]


def test_a_build_that_fails_is_run_here(tmp_path: Path) -> None:
    """The hunt did not come to its test."""
    history(tmp_path / "r", build_sh="cat settings\n", _gitignore="settings\n")
    (tmp_path / "r/settings").write_text("mine\n")
    work = ("--build", "sh build.sh", "--test", "touch tested")
    one = here(tmp_path / "r", *GOOD, *work)
    assert (one["what"], one["exit_code"], one["lines"]) == ("build", 0, ["mine"])
    assert not (tmp_path / "r/tested").exists()


def test_nothing_runs_here_if_the_endpoints_are_as_said(tmp_path: Path) -> None:
    """Or without --here."""
    ids = history(tmp_path / "r", check_sh=f"touch {tmp_path}/$PPID; pwd >> {tmp_path}/ran; test ! -f bug\n")
    done = bisector("run", "--here", *GOOD, "--test", "sh check.sh", folder=tmp_path / "r")
    assert ids["c5"][:12] in done.stdout
    assert "both endpoints are as you said" in done.stdout
    bisector("check", "--good", "main~1", "--test", "sh check.sh", folder=tmp_path / "r")
    assert str(tmp_path / "r") not in (tmp_path / "ran").read_text().split()


def test_a_bare_repository_has_no_checkout(tmp_path: Path) -> None:
    """Said before anything runs."""
    history(tmp_path / "r")
    git(tmp_path, "clone", "-q", "--bare", "r", "bare")
    done = bisector("run", "--here", *GOOD, "--test", "true", folder=tmp_path / "bare")
    assert done.returncode == 2
    assert "bare repository" in done.stderr


@needs_strace
def test_a_file_that_is_never_named_is_found_by_tracing(tmp_path: Path) -> None:
    """The script lists a folder that only the checkout has; the line to add works."""
    ids = history(tmp_path / "r", check_sh=FINDS_ALL, _gitignore="conf\n")
    (tmp_path / "r/conf").mkdir()
    (tmp_path / "r/conf/a.cfg").write_text("a\n")
    found = run(tmp_path / "r", "--test", "sh check.sh")
    assert found["conclusion"] == "good-is-bad"
    (advice,) = found["advice"]
    assert advice["why"].startswith("traced the test once more: it looks for conf, which only your checkout")
    value = advice["add"].replace("overlay: ", "overlay=", 1)
    assert run(tmp_path / "r", "--test", "sh check.sh", "--set", value)["first_bad"] == ids["c5"]


@needs_strace
def test_nothing_is_traced_without_untracked_files(tmp_path: Path) -> None:
    """The trace could find nothing, so it would only cost time."""
    history(tmp_path / "r", check_sh=FINDS_ALL)
    done = bisector("run", *GOOD, "--test", "sh check.sh", folder=tmp_path / "r")
    assert done.returncode == 7
    assert "tracing" not in done.stdout
    (tmp_path / "r/notes.txt").write_text("unrelated\n")
    done = bisector("run", *GOOD, "--test", "sh check.sh", folder=tmp_path / "r")
    assert done.returncode == 7
    assert "tracing the test of" in done.stdout
    assert "notes.txt" not in done.stdout


@needs_strace
def test_caches_and_products_are_not_proposed(tmp_path: Path) -> None:
    """An old program or bytecode cache in every commit would make all of them alike."""
    script = "import os\nassert all(map(os.path.exists, ['__pycache__/x', 'app', '.t_cache/y']))\n"
    history(tmp_path / "r", check_py=script, _gitignore="app\n__pycache__\n.t_cache\n")
    for name, content in (("__pycache__/x", b"x"), ("app", b"\x7fELF\x02"), (".t_cache/y", b"y")):
        (tmp_path / "r" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "r" / name).write_bytes(content)
    found = run(tmp_path / "r", "--test", "python3 check.py")
    assert not [one for one in found["advice"] if one["add"]], found["advice"]


def test_without_strace_nothing_is_traced(tmp_path: Path) -> None:
    """The verdict and the rest of the advice are the same."""
    history(tmp_path / "r", check_sh=FINDS_ALL, _gitignore="conf\n")
    (tmp_path / "r/conf").mkdir()
    (tmp_path / "r/conf/a.cfg").write_text("a\n")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "git", "test", "python3"):
        (tools / name).symlink_to(str(shutil.which(name)))
    found = run(tmp_path / "r", "--test", "sh check.sh", PATH=str(tools))
    assert (found["conclusion"], found["advice"]) == ("good-is-bad", [])
    assert [file.name for file in (tmp_path / "r/conf").iterdir()] == ["a.cfg"]
