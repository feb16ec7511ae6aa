"""First tries that end at what only the user's checkout, shell or machine has; the advice works as pasted."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import BISECTOR, bisector
from tests.cli.test_first_try import GOOD, advice_of, history, run
from tests.git_history import Node, git, write_history


def pasted(folder: Path, found: dict[str, Any], at: int = 0, **environment: str) -> str:
    """The output of the command that the advice gives, run by a shell in the same folder."""
    command = found["advice"][at]["command"]
    assert command, found["advice"]
    assert command.startswith("bisector ")
    line = f"{shlex.join(BISECTOR)} {command.removeprefix('bisector ')}"
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return done.stdout + done.stderr


def test_windows_line_ends(tmp_path: Path) -> None:
    """`sh` takes them as part of each word, so that every commit passes; the line to add mends it."""
    ids = history(tmp_path / "r", check_sh="#!/bin/sh\r\ntest ! -f bug\r\n")
    found = run(tmp_path / "r", "--test", "sh check.sh")
    assert found["conclusion"] == "no-regression"
    assert "Windows line ends" in advice_of(found)
    assert f"first bad commit {ids['c5'][:12]}" in pasted(tmp_path / "r", found)


@pytest.mark.parametrize(
    ("first", "program"), [("#!/usr/bin/env python3", "python3"), ("#!/bin/bash -e", "bash"), ("", "sh")]
)
def test_a_script_that_is_not_executable(tmp_path: Path, first: str, program: str) -> None:
    """It runs by the interpreter that it names: `sh` would misread Python."""
    history(tmp_path / "r", check=f"{first}\nexit(0)\n" if "python" in first else f"{first}\nexit 0\n")
    git(tmp_path / "r", "update-index", "--chmod=-x", "check")
    git(tmp_path / "r", "commit", "-qm", "no longer executable")
    found = bisector("run", "--json", "--good", "main~1", "--test", "./check", folder=tmp_path / "r")
    assert f"--test '{program} ./check'" in advice_of(json.loads(found.stdout))


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    """The shell only says that the script, which exists, is not found."""
    history(tmp_path / "r", check="#!/opt/none/bin/rexx\nsay hello\n")
    found = run(tmp_path / "r", "--test", "./check")
    assert found["conclusion"] == "inconclusive"
    assert "this machine has no /opt/none/bin/rexx" in advice_of(found)


def test_a_program_that_is_not_installed(tmp_path: Path) -> None:
    """It is named, a walk back is not proposed, and the same command works once it is there."""
    ids = history(tmp_path / "r", check_sh="mytool check || exit 1\ntest ! -f bug\n")
    done = bisector("run", *GOOD, "--test", "sh check.sh", folder=tmp_path / "r")
    assert "`mytool` is not on the PATH that tests see" in done.stdout
    assert "--good auto" not in done.stdout
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "mytool").write_text("#!/bin/sh\n")
    (tools / "mytool").chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    assert run(tmp_path / "r", "--test", "sh check.sh", PATH=path)["first_bad"] == ids["c5"]


def test_a_script_without_its_folder(tmp_path: Path) -> None:
    """A shell does not look for programs in the current folder; the command with `./` works."""
    ids = history(tmp_path / "r", check="#!/bin/sh\ntest ! -f bug\n")
    found = run(tmp_path / "r", "--test", "check")
    assert "it is a file of the test's folder" in advice_of(found)
    assert f"first bad commit {ids['c5'][:12]}" in pasted(tmp_path / "r", found)


def test_files_beside_the_checkout(tmp_path: Path) -> None:
    """A build copies them to where a slot looks; the second is added to the first."""
    (tmp_path / "shared.cfg").write_text("x\n")
    (tmp_path / "my lib").mkdir()
    (tmp_path / "my lib/a.txt").write_text("x\n")
    script = "cat ../shared.cfg || exit 3; cat '../my lib/a.txt' || exit 3\ntest ! -f bug\n"
    ids = history(tmp_path / "r", check_sh=script)
    found = run(tmp_path / "r", "--test", "sh check.sh")
    assert "shared.cfg is beside your checkout" in advice_of(found)
    lib = shlex.quote(str(tmp_path / "my lib"))
    both = f"rm -rf '../my lib' && cp -a {lib} '../my lib' && cp {tmp_path}/shared.cfg .."
    assert run(tmp_path / "r", "--test", "sh check.sh", "--build", both)["first_bad"] == ids["c5"]
    (tmp_path / "r/check.sh").write_text("cat ../shared.cfg || exit 3\ntest ! -f bug\n")
    mine = ("--test", "sh check.sh", "--set", "overlay=[{file: check.sh, to: check.sh}]")
    found = run(tmp_path / "r", *mine)
    assert f"first bad commit {ids['c5'][:12]}" in pasted(tmp_path / "r", found)


def test_a_virtual_environment_is_never_copied(tmp_path: Path) -> None:
    """Its programs have its absolute path, and its packages may lead to the checkout."""
    history(tmp_path / "r", check_sh=".venv/bin/tool\n", _gitignore=".venv\n")
    (tmp_path / "r/.venv/bin").mkdir(parents=True)
    (tmp_path / "r/.venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    (tmp_path / "r/.venv/bin/tool").write_text("#!/bin/sh\n")
    found = run(tmp_path / "r", "--test", "sh check.sh")
    assert "it is a virtual environment" in advice_of(found)
    assert "overlay" not in advice_of(found)


def test_a_program_built_by_hand_is_never_copied(tmp_path: Path) -> None:
    """It belongs to one commit: in all of them, they would be alike."""
    history(tmp_path / "r", _gitignore="app\n")
    (tmp_path / "r/app").write_bytes(b"\x7fELF\x02\x01\x01")
    found = run(tmp_path / "r", "--test", "test -x app && ./app")
    assert len(found["advice"]) == 1
    assert "let `build` make it in every commit" in advice_of(found)
    assert "overlay" not in advice_of(found)


def test_a_variable_that_another_file_reads(tmp_path: Path) -> None:
    """Neither the command, nor its script, nor its output names it."""
    test = "import cfg, os, sys\nsys.exit(0 if cfg.url and not os.path.exists('bug') else 1)\n"
    ids = history(tmp_path / "r", t_py=test, cfg_py="import os\nurl = os.environ.get('SHOP_URL')\n")
    found = run(tmp_path / "r", "--test", "python3 t.py", SHOP_URL="http://shop")
    assert "read SHOP_URL, which your shell has" in advice_of(found)
    shown = pasted(tmp_path / "r", found, SHOP_URL="http://shop")
    assert f"first bad commit {ids['c5'][:12]}" in shown


def test_a_submodule_that_only_older_commits_have(tmp_path: Path) -> None:
    """git cannot initialise it in a checkout that no longer has it; the command given works."""
    write_history(tmp_path / "library", [Node("one", [], {"v": "1"})])
    history(tmp_path / "r", t_sh="test -f lib/v || { echo cannot open lib/v; exit 3; }\ntest ! -f bug\n")
    git(tmp_path / "r", "rm", "-q", "bug")
    git(tmp_path / "r", "-c", "protocol.file.allow=always", "submodule", "add", "-q", "../library", "lib")
    git(tmp_path / "r", "commit", "-qm", "add lib")
    git(tmp_path / "r", "rm", "-qf", "lib")
    git(tmp_path / "r", "commit", "-qm", "remove lib")
    git(tmp_path, "clone", "-q", "r", "clone")
    work = ("--good", "main~1", "--test", "sh t.sh")
    found = bisector("run", *work, folder=tmp_path / "clone").stdout
    (command,) = [line.strip() for line in found.splitlines() if "git clone --bare" in line]
    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path / "clone", check=True, capture_output=True)
    assert "first bad commit" in bisector("run", *work, folder=tmp_path / "clone").stdout


def test_a_repository_of_another_user_is_named(tmp_path: Path) -> None:
    """As git refuses it, with the command that lets git read it."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository away")
    history(tmp_path / "r")
    for path in (tmp_path / "r", tmp_path / "r/.git"):
        os.chown(path, 65534, 65534)
    done = bisector("run", *GOOD, "--test", "test ! -f bug", folder=tmp_path / "r")
    assert done.returncode == 6
    assert "belongs to another user" in done.stderr
    assert f"`git config --global --add safe.directory {tmp_path / 'r'}`" in done.stderr


@pytest.mark.parametrize("by_path", [False, True])
def test_a_tool_that_the_sandbox_hides(by_path: bool, tmp_path: Path) -> None:
    """It is on the PATH, but below /tmp, which is empty in the sandbox. The line to add shows it there."""
    assert tmp_path.is_relative_to("/tmp")
    ids = history(tmp_path / "r")
    tool = tmp_path / "kit/bin/check-it"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\ntest ! -f bug\n")
    tool.chmod(0o755)
    path = f"{tool.parent}:{os.environ['PATH']}"
    test = str(tool) if by_path else "check-it"
    found = run(tmp_path / "r", "--test", test, "--set", "sandbox=bwrap", PATH=path)
    name = test if by_path else "check-it"
    assert f"the sandbox hides `{name}`, which is in {tmp_path}/kit" in advice_of(found)
    assert f"sandbox_reads: [{tmp_path}/kit]" in advice_of(found)
    assert f"first bad commit {ids['c5'][:12]}" in pasted(tmp_path / "r", found, PATH=path)
