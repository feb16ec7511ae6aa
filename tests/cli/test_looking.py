"""Commands that show hunts, list predicates, or create the sample history."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.cli.running import BISECTOR, WORK, bisector, shell_history
from tests.git_history import git


def test_the_log_is_replayable_by_git(tmp_path: Path) -> None:
    """`git bisect replay` accepts the log of a hunt and finds the same first bad commit."""
    ids = shell_history(tmp_path / "repo", broken=[3])
    assert bisector("run", *WORK, folder=tmp_path / "repo").returncode == 0
    log = bisector("log", folder=tmp_path / "repo")
    (tmp_path / "log").write_text(log.stdout)
    git(tmp_path / "repo", "bisect", "replay", str(tmp_path / "log"))
    assert git(tmp_path / "repo", "rev-parse", "refs/bisect/bad").strip() == ids["c8"]


def test_status_log_and_report_speak_of_the_newest_hunt(tmp_path: Path) -> None:
    """Without a name, the commands mean the newest hunt of this folder, and all of them show the answer."""
    ids = shell_history(tmp_path / "repo")
    assert bisector("run", *WORK, "--name", "mine", folder=tmp_path / "repo").returncode == 0
    status = json.loads(bisector("status", "--json", folder=tmp_path / "repo").stdout)["hunts"]
    assert [(row["hunt"], row["state"]) for row in status] == [("mine", "first-bad")]
    assert "mine" in bisector("status", folder=tmp_path / "repo").stdout
    assert ids["c8"][:12] in bisector("report", folder=tmp_path / "repo").stdout
    done = bisector("report", "--html", "r.html", "--md", "r.md", folder=tmp_path / "repo")
    assert done.returncode == 0
    assert ids["c8"][:12] in (tmp_path / "repo/r.html").read_text()


def test_a_repository_alone_means_its_newest_hunt(tmp_path: Path) -> None:
    """From any folder, `--repo` is enough to find the hunt of that repository."""
    ids = shell_history(tmp_path / "repo")
    assert bisector("run", *WORK, folder=tmp_path / "repo").returncode == 0
    for command in ("explain", "report", "status"):
        done = bisector(command, "--repo", "repo", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert command == "status" or ids["c8"][:7] in done.stdout


def test_a_name_selects_an_old_hunt(tmp_path: Path) -> None:
    """With --name commands show that hunt, whatever was hunted since; NAME~1 is the one before."""
    repo = tmp_path / "repo"
    ids = shell_history(repo)
    for more in (["first"], ["first", "--bad", "main~2"], ["last"]):
        assert bisector("run", *WORK, "--name", *more, folder=repo).returncode == 0
    for name, bad in (("first~1", "c11"), ("first", "c9"), ("last", "c11")):
        shown = [bisector(one, "--name", name, folder=repo) for one in ("report", "explain", "log")]
        assert [one.returncode for one in shown] == [0, 0, 0], [one.stderr for one in shown]
        assert shown[2].stdout.startswith(f"# bad: [{ids[bad]}]")
        assert ids[bad] in shown[0].stdout
    assert len(json.loads(bisector("status", "--json", "--name", "first", folder=repo).stdout)["hunts"]) == 2


def test_a_name_that_no_hunt_has_is_refused(tmp_path: Path) -> None:
    """`clean` removes what all hunts share, and takes no name."""
    shell_history(tmp_path / "repo")
    assert bisector("run", *WORK, "--name", "mine", folder=tmp_path / "repo").returncode == 0
    for arguments, why in (
        (["report", "--name", "other"], "there is no hunt 'other' in"),
        (["report", "--name", "mine~1"], "there is no hunt 'mine~1': the journal has 1 of that name"),
        (["clean", "--name", "mine", "--all"], "leave out --name"),
    ):
        done = bisector(*arguments, folder=tmp_path / "repo")
        assert done.returncode == 2
        assert why in done.stderr


def test_status_tells_running_from_stopped(tmp_path: Path) -> None:
    """A hunt runs while its process holds the lock. A killed hunt has stopped."""
    shell_history(tmp_path / "repo")
    work = [*WORK, "--test", "sleep 30"]
    process = subprocess.Popen([*BISECTOR, "run", *work], cwd=tmp_path / "repo", stderr=subprocess.DEVNULL)

    def states() -> list[str]:
        done = bisector("status", "--json", folder=tmp_path / "repo")
        return [row["state"] for row in json.loads(done.stdout)["hunts"]] if done.stdout else []

    while states() != ["running"]:
        assert process.poll() is None
    process.kill()
    process.wait()
    assert states() == ["stopped"]


def test_clean_removes_what_is_kept(tmp_path: Path) -> None:
    """Store and logs are removed. The journal and the reports are removed only with --all."""
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
    """Every shipped predicate is listed. In JSON, it has the schema of its options."""
    text = bisector("predicates", folder=tmp_path).stdout
    listed = json.loads(bisector("predicates", "--json", folder=tmp_path).stdout)["predicates"]
    wanted = {"per_test_user_time", "markers_within", "no_oom", "exit_status", "output_matches"}
    assert wanted <= set(listed)
    assert all(name in text for name in listed)
    assert "ratio" in listed["per_test_user_time"]["options"]["properties"]


def test_the_schema_is_json(tmp_path: Path) -> None:
    """Editors get a JSON Schema."""
    assert json.loads(bisector("schema", folder=tmp_path).stdout)["properties"]["good"]


def test_version_and_help(tmp_path: Path) -> None:
    """`--version` and `--help` exit with 0."""
    assert bisector("--version", folder=tmp_path).stdout.startswith("bisector 0.")
    assert "first bad commit" in bisector("run", "--help", folder=tmp_path).stdout
