"""`bisector doctor`: what this machine can do, tested on the real machine."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bisector.probe.hierarchies import PREFIX, detect
from tests.cli.running import BISECTOR, bisector, shell_history


def told(*arguments: str, folder: Path, code: int = 0, **environment: str) -> dict[str, Any]:
    """The output of `doctor --json`, by name."""
    done = bisector("doctor", "--json", *arguments, folder=folder, **environment)
    assert done.returncode == code, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["can_run"] is (code == 0)
    return {one["name"]: one for one in document["abilities"]}


def test_everything_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    """Each row has a finding and a meaning, and no control group of the checks stays behind."""
    command = subprocess.Popen(
        [*BISECTOR, "doctor", "--json"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    output, _ = command.communicate(timeout=300)
    found = {one["name"]: one for one in json.loads(output)["abilities"]}
    assert {"git", "memory limit", "pressure (PSI)", "bubblewrap", "perf", "disk", "memory", "quiet"} <= {
        *found
    }
    assert all(one["found"] and one["means"] for one in found.values())
    assert all(one["mend"] for one in found.values() if one["state"] != "there")
    own = f"{PREFIX}{command.pid}-*"
    assert [group for folder in detect().folders for group in folder.glob(own)] == []


def test_the_memory_limit_is_tried(tmp_path: Path) -> None:
    """If control groups can limit memory, the table says which version, and it is the one that probes use."""
    memory = told(folder=tmp_path)["memory limit"]
    groups = detect()
    if groups.unified_memory or groups.memory:
        assert memory["state"] == "there"
        assert memory["found"] == ("cgroup v2" if groups.unified_memory else "cgroup v1")
    else:
        assert memory["state"] == "limited"


def test_a_table_for_people(tmp_path: Path) -> None:
    """The last line says whether a hunt can run."""
    done = bisector("doctor", folder=tmp_path)
    assert done.stdout.rstrip().endswith("a hunt can run here")


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with git and a shell, and without the optional tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("git", "sh", "bash", "true"):
        (folder / tool).symlink_to(os.path.realpath(shutil.which(tool) or ""))
    return str(folder)


def test_what_a_hunt_needs_must_be_there(tmp_path: Path, bare_path: str) -> None:
    """A missing sandbox or build tool is reported only for a hunt that needs it."""
    shell_history(tmp_path / "repo")
    hunt = ("--repo", "repo", "--good", "main~3", "--test", "sh test.sh")
    assert told(*hunt, folder=tmp_path, PATH=bare_path)["bubblewrap"]["state"] == "absent"
    shut_in = told(*hunt, "--set", "sandbox=bwrap", folder=tmp_path, code=6, PATH=bare_path)["bubblewrap"]
    assert shut_in["state"] == "stops"
    assert "bubblewrap" in shut_in["mend"]
    built = told(*hunt, "--build", "no-such-tool all", folder=tmp_path, code=6)["no-such-tool"]
    assert built["state"] == "stops"
    assert "install `no-such-tool`" in built["mend"]
    assert told(*hunt, "--build", "cd . && true", folder=tmp_path)["cd"]["state"] == "there"


def test_a_report_for_an_issue_names_nobody(tmp_path: Path) -> None:
    """It has versions, system, control groups and each ability, and no folder, machine, user or variable."""
    home = tmp_path / "home-of-someone"
    shell_history(home / "private-name")
    done = bisector(
        *("doctor", "--report"),
        folder=home / "private-name",
        HOME=str(home),
        XDG_CACHE_HOME=str(home / ".cache"),
        MY_TOKEN="hunter2hunter2",
        LOGNAME="jane-doe",
    )
    assert done.returncode == 0, done.stderr
    for word in ("bisector", "CPython", "Linux", "control groups", "libraries", "| git |", "| disk |"):
        assert word in done.stdout
    for secret in (tmp_path.name, "someone", "private-name", "hunter2", "jane-doe", platform.node()):
        assert secret not in done.stdout


def test_a_report_and_an_object_are_refused_together(tmp_path: Path) -> None:
    """They would print the same twice."""
    done = bisector("doctor", "--report", "--json", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "leave out one of them" in done.stderr
