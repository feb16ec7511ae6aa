"""Without a hunt file, commands run in the folder where the user stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import bisector, summary_of
from tests.git_history import Node, write_history


@pytest.fixture(scope="module")
def monorepo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Eight commits; api/check.sh fails from c5 on. The folder late/ exists from c3 on."""
    folder = tmp_path_factory.mktemp("monorepo") / "r"
    nodes = []
    for at in range(1, 9):
        files = {"api/check.sh": "test ! -f bug\n", "api/n": str(at), "web/n": str(at // 2)}
        files |= {"api/bug": "x"} if at >= 5 else {}
        files |= {"late/check.sh": "test ! -f ../api/bug\n"} if at >= 3 else {}
        nodes.append(Node(f"c{at}", [f"c{at - 1}"] if at > 1 else [], files))
    return folder, write_history(folder, nodes)


RANGE = ("--good", "main~7")


def test_commands_run_in_the_current_folder(monorepo: tuple[Path, dict[str, str]]) -> None:
    """What works by hand in a subfolder works in the slots, build included."""
    folder, ids = monorepo
    found = summary_of(
        *(*RANGE, "--build", "cp n built", "--test", "test -f built && sh check.sh"), folder=folder / "api"
    )
    assert found["first_bad"] == ids["c5"]


def test_a_folder_that_an_option_names_stays(monorepo: tuple[Path, dict[str, str]]) -> None:
    """`--set test.folder` counts from the top, wherever the user stands."""
    folder, ids = monorepo
    found = summary_of(*RANGE, "--test", "sh check.sh", "--set", "test.folder=api", folder=folder / "web")
    assert found["first_bad"] == ids["c5"]
    top = summary_of(*RANGE, "--test", "sh api/check.sh", "--set", "test.folder=.", folder=folder / "web")
    assert top["conclusion"] == "no-regression"


def test_the_command_of_the_report_works_anywhere(
    monorepo: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """It names the folder, so that it is the same hunt."""
    folder, ids = monorepo
    scratch = ("--scratch", str(tmp_path / "scratch"))
    summary_of(*RANGE, "--test", "sh check.sh", *scratch, folder=folder / "api")
    shown = bisector("report", "--repo", str(folder), *scratch, folder=tmp_path)
    assert "--set test.folder=api" in shown.stdout, shown.stdout + shown.stderr
    assert ids["c5"][:12] in shown.stdout


@pytest.mark.parametrize(("path", "candidates"), [("bug", 1), (":/api/n", 7)])
def test_paths_start_in_the_current_folder(
    monorepo: tuple[Path, dict[str, str]], path: str, candidates: int
) -> None:
    """As for `git log -- bug` in a subfolder; pathspecs with magic stay."""
    folder, ids = monorepo
    done = bisector("run", *RANGE, "--test", "sh check.sh", "--path", path, folder=folder / "api")
    assert f"\n{candidates} candidate commit" in done.stdout
    assert f"first bad commit {ids['c5'][:12]}" in done.stdout


def test_a_folder_that_no_commit_has(monorepo: tuple[Path, dict[str, str]]) -> None:
    """A folder that only the checkout has is one clear sentence."""
    folder, _ = monorepo
    (folder / "only-here").mkdir(exist_ok=True)
    done = bisector("run", *RANGE, "--test", "true", folder=folder / "only-here")
    assert done.returncode == 2
    assert "neither good nor bad has only-here" in done.stderr
    assert "start bisector in another folder" in done.stderr


def test_probe_runs_in_the_current_folder(monorepo: tuple[Path, dict[str, str]]) -> None:
    """In place, and in a scratch worktree."""
    folder, ids = monorepo
    work = ("--good", "main~7", "--test", "sh check.sh")
    assert bisector("probe", *work, folder=folder / "api").returncode == 1
    assert bisector("probe", *work, ids["c2"], folder=folder / "api").returncode == 0
