"""Commands that look at hunts, list predicates, make the sample history."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import WORK, bisector, shell_history
from tests.git_history import git


def test_the_log_is_replayable_by_git(tmp_path: Path) -> None:
    """`git bisect replay` takes the log of a hunt and comes to the same first bad commit."""
    ids = shell_history(tmp_path / "repo", broken=[3])
    assert bisector("run", *WORK, folder=tmp_path / "repo").returncode == 0
    log = bisector("log", folder=tmp_path / "repo")
    (tmp_path / "log").write_text(log.stdout)
    git(tmp_path / "repo", "bisect", "replay", str(tmp_path / "log"))
    assert git(tmp_path / "repo", "rev-parse", "refs/bisect/bad").strip() == ids["c8"]


def test_status_log_and_report_speak_of_the_newest_hunt(tmp_path: Path) -> None:
    """Without a name the newest hunt of this folder is meant; the answer is in each of them."""
    ids = shell_history(tmp_path / "repo")
    assert bisector("run", *WORK, "--name", "mine", folder=tmp_path / "repo").returncode == 0
    status = json.loads(bisector("status", "--json", folder=tmp_path / "repo").stdout)
    assert [(row["hunt"], row["state"]) for row in status] == [("mine", "first-bad")]
    assert "mine" in bisector("status", folder=tmp_path / "repo").stdout
    assert ids["c8"][:12] in bisector("report", folder=tmp_path / "repo").stdout
    done = bisector("report", "--html", "r.html", "--md", "r.md", folder=tmp_path / "repo")
    assert done.returncode == 0
    assert ids["c8"][:12] in (tmp_path / "repo/r.html").read_text()


def test_clean_removes_what_is_kept(tmp_path: Path) -> None:
    """Artefacts and logs go; the journal and the reports only with --all."""
    shell_history(tmp_path / "repo")
    scratch = tmp_path / "scratch"
    work = (*WORK, "--scratch", str(scratch))
    assert bisector("run", *work, "--set", "build.outputs=[out]", folder=tmp_path / "repo").returncode == 0
    assert list(scratch.glob("store/*"))
    assert bisector("clean", "--scratch", str(scratch), folder=tmp_path / "repo").returncode == 0
    assert {path.name for path in scratch.iterdir()} == {"journal.sqlite", "reports"}
    assert bisector("clean", "--all", "--scratch", str(scratch), folder=tmp_path / "repo").returncode == 0
    assert not scratch.exists()


def test_looking_where_nothing_was_hunted_says_so(tmp_path: Path) -> None:
    """Before the first hunt, the commands say what to do."""
    shell_history(tmp_path / "repo")
    done = bisector("status", folder=tmp_path / "repo")
    assert done.returncode == 2
    assert "bisector run" in done.stderr


def test_predicates_are_listed_with_their_options(tmp_path: Path) -> None:
    """Every shipped predicate is there, with its options' schema in JSON."""
    text = bisector("predicates", folder=tmp_path).stdout
    listed = json.loads(bisector("predicates", "--json", folder=tmp_path).stdout)
    wanted = {"per_test_user_time", "markers_within", "no_oom", "exit_status", "output_matches"}
    assert wanted <= set(listed)
    assert all(name in text for name in listed)
    assert "ratio" in listed["per_test_user_time"]["options"]["properties"]


def test_the_schema_is_json(tmp_path: Path) -> None:
    """Editors get a JSON Schema."""
    assert json.loads(bisector("schema", folder=tmp_path).stdout)["properties"]["good"]


def test_version_and_help(tmp_path: Path) -> None:
    """Both answer at once and with 0."""
    assert bisector("--version", folder=tmp_path).stdout.startswith("bisector 0.")
    assert "first bad commit" in bisector("run", "--help", folder=tmp_path).stdout
