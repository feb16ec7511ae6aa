"""`hunt.yaml` here or above is the hunt if the user names none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import WORK, bisector, shell_history, summary_of

FILE = (
    "hunt: mine\ngood: main~11\nbad: main\nbuild: {command: sh build.sh}\n"
    "test: {command: sh test.sh}\nscratch: ../scratch\n"
)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Twelve commits, the ninth of them bad, with an untracked hunt.yaml at the top."""
    shell_history(tmp_path / "repo")
    (tmp_path / "repo/hunt.yaml").write_text(FILE)
    (tmp_path / "repo/deep/er").mkdir(parents=True)
    return tmp_path / "repo"


def test_it_is_found_from_any_folder_of_the_work_tree(repo: Path) -> None:
    """`run` without options is the same hunt as with --config, and one line says which file it took."""
    done = bisector("run", folder=repo / "deep/er")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "bisector: using the hunt file ../../hunt.yaml\n"
    named = bisector("run", "--config", "hunt.yaml", folder=repo)
    assert "remembered from" in named.stdout
    assert named.stderr == ""


def test_it_is_not_looked_for_outside_of_the_repository(repo: Path) -> None:
    """A hunt.yaml above the top of the work tree belongs to something else, and `--repo` means that one's."""
    (repo.parent / "hunt.yaml").write_text("nonsense: true\n")
    assert bisector("check", folder=repo).returncode == 0
    (repo / "hunt.yaml").unlink()
    done = bisector("check", folder=repo)
    assert done.returncode == 2
    assert "no hunt named, and no hunt.yaml here or above" in done.stderr
    assert "no hunt named" in bisector("check", folder=repo / "deep").stderr
    (repo / "hunt.yaml").write_text(FILE)
    assert bisector("check", "--repo", "repo", folder=repo.parent).returncode == 0


def test_options_override_it(repo: Path) -> None:
    """Everything but a test of its own changes a value of the file."""
    found = summary_of("--good", "main~9", "--jobs", "1", "--set", "confidence=0.9", folder=repo)
    assert found["hunt"] == "mine"
    done = bisector("run", "--json", "--good", "main~2", folder=repo)
    assert json.loads(done.stdout)["conclusion"] == "good-is-bad"


def test_a_test_on_the_command_line_is_another_hunt(repo: Path) -> None:
    """The file is then not used, and a line says so; without a file there is no such line."""
    done = bisector("run", "--json", *WORK, folder=repo)
    assert json.loads(done.stdout)["hunt"] != "mine"
    assert "not using hunt.yaml, because --test is another hunt" in done.stderr
    both = bisector("run", "--json", "--config", "hunt.yaml", "--test", "sh test.sh", folder=repo)
    assert json.loads(both.stdout)["hunt"] == "mine"
    (repo / "hunt.yaml").unlink()
    assert "hunt.yaml" not in bisector("run", "--json", *WORK, folder=repo).stderr


def test_quiet_means_only_the_conclusion(repo: Path) -> None:
    """With --quiet, nothing is said about the file."""
    assert bisector("run", "--quiet", folder=repo).stderr == ""


def test_looking_means_its_hunt_and_else_the_newest(repo: Path) -> None:
    """Commands that show a hunt show the one of hunt.yaml once it has begun, even if another is newer."""
    other = ("--name", "other", "--scratch", "../scratch")
    assert bisector("run", *WORK, *other, folder=repo).returncode == 0
    before = bisector("explain", "--json", folder=repo)
    assert json.loads(before.stdout)["hunt"] == "other"
    assert before.stderr.endswith("its hunt has not begun; this is the newest hunt\n")
    assert bisector("run", folder=repo).returncode == 0
    assert bisector("run", *WORK, *other, "--restart", folder=repo).returncode == 0
    assert json.loads(bisector("explain", "--json", folder=repo).stdout)["hunt"] == "mine"
    status = json.loads(bisector("status", "--json", folder=repo).stdout)
    assert [row["hunt"] for row in status["hunts"]] == ["other", "mine"]
    assert json.loads(bisector("status", "--json", "--scratch", "../scratch", folder=repo).stdout) == status


def test_a_mistyped_name_lists_the_files_here(repo: Path) -> None:
    """The hunt files of the folder come first, the one above with its path, and other YAML not at all."""
    (repo / "smoke.yaml").write_text(FILE)
    (repo / "compose.yaml").write_text("services: {}\n")
    done = bisector("run", "--config", "nope.yaml", folder=repo)
    assert done.returncode == 2
    assert "--config nope.yaml: no such hunt file; available: hunt.yaml, smoke.yaml" in done.stderr
    assert "compose.yaml" not in done.stderr
    above = bisector("run", "--config", "hunt.yaml", folder=repo / "deep")
    assert "no such hunt file; did you mean ../hunt.yaml? available: ../hunt.yaml" in above.stderr
