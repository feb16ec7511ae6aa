"""The trial of `bisector init`: it runs both endpoints and fills in the hunt file with what it saw."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bisector import hunt_file
from bisector.hunt_file.proposal import detect, with_test
from tests.cli.running import BISECTOR, bisector, summary_of
from tests.git_history import chain, git, write_history

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


def repository(folder: Path, scripts: Sequence[str], **files: str) -> Path:
    """Commits whose test.sh are `scripts` in turn; the first is tagged v1."""
    changes = [{"test.sh": script, "doc": str(at)} for at, script in enumerate(scripts)]
    write_history(folder / "r", chain(len(scripts), dict(enumerate([{**files, **changes[0]}, *changes[1:]]))))
    git(folder / "r", "tag", "v1", f"HEAD~{len(scripts) - 1}")
    return folder / "r"


def tried(repo: Path, *arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
    """What `bisector init --json` prints."""
    done = bisector("init", "--json", *arguments, folder=repo, **environment)
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def without(programs: Sequence[str], folder: Path) -> str:
    """A PATH with all programs of the usual one except these."""
    folder.mkdir()
    for each in os.environ["PATH"].split(os.pathsep):
        for tool in Path(each).iterdir() if Path(each).is_dir() else ():
            if tool.name not in programs and not (folder / tool.name).is_symlink():
                (folder / tool.name).symlink_to(tool)
    return str(folder)


def test_both_endpoints_are_told_and_the_hunt_begins(tmp_path: Path) -> None:
    """From nothing to the first bad commit with two commands."""
    repo = repository(tmp_path, ["exit 0\n"] * 3 + ["echo went wrong; exit 4\n"] * 3)
    done = bisector("init", "--for", "fails", folder=repo)
    assert done.returncode == 0, done.stderr
    assert "HEAD printed:\n  │ went wrong\n" in done.stdout
    assert done.stdout.endswith("HEAD and v1 differ: the hunt can begin.\nnext: bisector run\n")
    found = summary_of(folder=repo)
    assert (found["first_bad"], found["exit_code"]) == (git(repo, "rev-parse", "HEAD~2").strip(), 0)


@pytest.mark.parametrize(
    ("script", "why"), [("exit 1\n", "already shows the problem"), ("exit 125\n", "cannot be tested")]
)
def test_a_tag_that_is_not_good_is_not_proposed(tmp_path: Path, script: str, why: str) -> None:
    """bisector then searches for a good commit, and finds the older one."""
    repo = repository(tmp_path, ["exit 0\n"] * 3 + [script] * 2 + ["exit 1\n"])
    git(repo, "tag", "v2", "HEAD~1")
    found = tried(repo, "--for", "fails")
    assert found["begins"] and found["good"] is None
    assert found["rejected"]["revision"] == "v2"
    assert hunt_file.load(repo / "hunt.yaml").good == ("auto",)
    assert any(f"v2 {why}" in note for note in found["notes"]), found["notes"]
    assert f"# bisector searches for a good commit: v2 {why}" in (repo / "hunt.yaml").read_text()
    assert summary_of(folder=repo)["exit_code"] in (0, 4)


def test_a_good_commit_that_the_user_named_is_kept(tmp_path: Path) -> None:
    """Even if it is bad: the trial says so, and does not say that the hunt can begin."""
    repo = repository(tmp_path, ["exit 0\n", "exit 1\n", "exit 1\n"])
    found = tried(repo, "--for", "fails", "--good", "HEAD~1")
    assert not found["begins"]
    assert hunt_file.load(repo / "hunt.yaml").good == ("HEAD~1",)
    assert found["next"] == ["HEAD and HEAD~1 do not differ: name another `good` in hunt.yaml"]
    assert bisector("init", "--good", "v7", "--force", folder=repo).returncode == 2


def test_a_good_commit_that_cannot_be_tested(tmp_path: Path) -> None:
    """The exit code is 1, as for HEAD."""
    repo = repository(tmp_path, ["exit 125\n", "exit 1\n", "exit 1\n"])
    found = tried(repo, "--for", "fails", "--good", "v1", code=1)
    assert not found["works"]
    assert "v1 cannot be judged yet" in found["next"][0]


@pytest.mark.parametrize("strace", [pytest.param(True, marks=needs_strace), False])
def test_outputs_are_only_what_the_build_made(tmp_path: Path, strace: bool) -> None:
    """With strace those that the test reads, without it all that the build left; and the hunt works."""
    make = {"Makefile": "all:\n\tcat part >out\n\tdate >note\n", ".gitignore": "out\nnote\n"}
    repo = repository(tmp_path, ["! grep -q bug out\n"] * 3, **make, part="fine\n")
    (repo / "part").write_text("bug\n")
    git(repo, "commit", "-qam", "bug")
    path = {} if strace else {"PATH": without(["strace"], tmp_path / "bin")}
    found = tried(repo, "--for", "fails", **path)
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert hunt.build is not None
    assert hunt.build.outputs == (("out",) if strace else ("note", "out")), found["notes"]
    assert hunt.build.inputs == (("Makefile", "part") if strace else None)
    assert hunt.test.inputs == (("test.sh",) if strace else None)
    assert summary_of(folder=repo)["first_bad"] == git(repo, "rev-parse", "HEAD").strip()


def test_outputs_that_a_test_builds_again_are_not_proposed(tmp_path: Path) -> None:
    """Its measured time would be that of a build."""
    make = {"Makefile": "all:\n\tsh make.sh\n", ".gitignore": "out\n.state\n"}
    build = "test -f .state || { sleep 1; echo fine >out; touch .state; }\n"
    repo = repository(
        tmp_path, [f"sh make.sh; cat out; exit {n}\n" for n in (0, 0, 1)], **make, **{"make.sh": build}
    )
    found = tried(repo, "--for", "fails")
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert hunt.build is not None and hunt.build.outputs == (), found["notes"]


def test_a_failing_test_proposes_no_inputs(tmp_path: Path) -> None:
    """It may have read only a part of them."""
    repo = repository(tmp_path, ["exit 1\n"] * 3, Makefile="all:\n\techo x >out\n")
    found = tried(repo, "--for", "fails", "--good", "auto")
    assert "no inputs are proposed: a failing test may have read only a part of them" in found["notes"]
    assert hunt_file.load(repo / "hunt.yaml").test.inputs is None


LOOP = "i=0; while [ $i -lt {0} ]; do i=$((i+1)); done\n"


def test_what_is_slow_is_measured_at_both_endpoints(tmp_path: Path) -> None:
    """The predicate is the figure of time that shows the step, with a ratio between nothing and the step."""
    repo = repository(tmp_path, [LOOP.format(4000)] * 3 + [LOOP.format(80000)])
    found = tried(repo, "--for", "slow", "--test", "sh test.sh")
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert found["begins"], found
    assert hunt.predicate.name in ("user_time", "instructions", "wall_time")
    assert 1.3 < float(str(hunt.predicate.options["ratio"])) < 6, found["notes"]
    assert "Measured at both endpoints" in (repo / "hunt.yaml").read_text()


def test_a_counter_is_never_chosen_for_slow(tmp_path: Path) -> None:
    """A number of tests grows, and repeats to the digit, but no test became slower."""
    repo = repository(tmp_path, [f"{LOOP.format(200)}echo tests: {n}\n" for n in (10, 10, 40)])
    found = tried(repo, "--for", "slow", "--test", "sh test.sh", "--good", "v1")
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert hunt.predicate.name in ("user_time", "instructions", "wall_time")
    assert any("the counter 'tests'" in note for note in found["notes"]), found["notes"]


def test_a_failed_run_is_not_compared(tmp_path: Path) -> None:
    """HEAD fails at once, which is not faster, and says nothing about good."""
    repo = repository(tmp_path, ["exit 0\n"] * 2 + ["exit 3\n"])
    found = tried(repo, "--for", "slow", "--test", "sh test.sh", code=1)
    assert (found["begins"], found["trial"]["judgement"]) == (False, "untestable")
    assert "failed with exit code 3, so it may not have done its work" in found["trial"]["why"]


def test_no_step_over_the_newest_tag_searches_an_older_good_commit(tmp_path: Path) -> None:
    """The tag may be as slow as HEAD."""
    repo = repository(tmp_path, [LOOP.format(2000)] * 3)
    found = tried(repo, "--for", "memory", "--test", "sh test.sh")
    assert hunt_file.load(repo / "hunt.yaml").good == ("auto",)
    assert any("HEAD shows no step over v1" in note for note in found["notes"]), found["notes"]


def test_memory_is_measured_or_runs_out(tmp_path: Path) -> None:
    """The peak where the test completes; `no_oom` where its runtime says that memory ran out."""
    eats = "head -c {0}000000 /dev/zero | tail -c {0}000000 | wc -c\n"
    repo = repository(tmp_path / "peak", [eats.format(2)] * 2 + [eats.format(90)])
    assert tried(repo, "--for", "memory", "--test", "sh test.sh")["begins"]
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert hunt.predicate.name == "peak_memory"
    assert hunt.test.memory is not None
    repo = repository(tmp_path / "out", ["exit 0\n"] * 2 + ["echo MemoryError >&2; exit 1\n"])
    assert tried(repo, "--for", "memory", "--test", "sh test.sh")["begins"]
    assert hunt_file.load(repo / "hunt.yaml").predicate.name == "no_oom"


def test_a_hang_is_seen_after_five_times_the_good_run(tmp_path: Path) -> None:
    """The timeout comes from good, so the trial does not wait for ten minutes."""
    repo = repository(tmp_path, ["exit 0\n"] * 2 + ["sleep 600\n"])
    found = tried(repo, "--for", "hangs", "--test", "sh test.sh")
    assert found["begins"] and "did not finish within 5 s" in found["trial"]["why"]
    hunt = hunt_file.load(repo / "hunt.yaml")
    assert (hunt.test.timeout, hunt.predicate.options) == (5.0, {"like": "auto"})


def test_a_flaky_test_runs_until_it_fails(tmp_path: Path) -> None:
    """It fails in the third run at HEAD, and never at good."""
    count = tmp_path / "count"
    script = f"n=$(cat {count} 2>/dev/null || echo 0); echo $((n + 1)) >{count}; test $n -ne 2\n"
    repo = repository(tmp_path, ["exit 0\n"] * 2 + [script])
    found = tried(repo, "--for", "flaky", "--test", "sh test.sh")
    assert found["begins"]
    assert (found["trial"]["runs"], found["trial"]["bad_runs"]) == (3, 1)
    assert found["good"]["bad_runs"] == 0
    assert hunt_file.load(repo / "hunt.yaml").premise.runs == 10


def test_ends_that_both_fail_are_not_said_to_differ(tmp_path: Path) -> None:
    """A few runs do not show whether HEAD fails more often. The hunt does."""
    count = tmp_path / "count"
    script = f"n=$(cat {count} 2>/dev/null || echo 0); echo $((n + 1)) >{count}; test $((n % 2)) -eq 0\n"
    repo = repository(tmp_path, [script] * 3)
    done = bisector("init", "--for", "flaky", "--test", "sh test.sh", folder=repo)
    assert done.returncode == 0, done.stderr
    assert "v1 fails too, in 5 of 10 runs; the hunt compares how often" in done.stdout
    assert "HEAD and v1 both fail; the hunt begins with whether HEAD fails more often." in done.stdout
    assert "differ:" not in done.stdout


@pytest.mark.parametrize("before", ["", "good: v1\ntest: {command: ./mine}\n"], ids=["no file", "--force"])
def test_an_interrupted_trial_leaves_nothing(before: str, tmp_path: Path) -> None:
    """The hunt file is as it was, and one line says so."""
    begun = tmp_path / "begun"
    repo = repository(tmp_path, [f"touch {begun}; sleep 60\n"] * 2)
    if before:
        (repo / "hunt.yaml").write_text(before)
    command = [*BISECTOR, "init", "--force", "--for", "fails", "--test", "sh test.sh"]
    init = subprocess.Popen(command, cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < until:
        time.sleep(0.05)
    init.send_signal(signal.SIGINT)
    _, said = init.communicate(timeout=30)
    left = "hunt.yaml is as it was before" if before else "no hunt file was written"
    assert (init.returncode, said) == (130, f"bisector: interrupted; {left}\n")
    assert git(repo, "status", "--porcelain") == ("?? hunt.yaml\n" if before else "")
    assert not before or (repo / "hunt.yaml").read_text() == before


def test_an_untracked_script_is_brought_into_every_commit(tmp_path: Path) -> None:
    """As without a hunt file; in a subfolder, the test runs there."""
    write_history(tmp_path / "r", chain(4, {0: {"sub/a": "x"}, 2: {"sub/bug": "x"}}))
    repo = tmp_path / "r"
    (repo / "sub/check.sh").write_text("#!/bin/sh\ntest ! -f bug\n")
    (repo / "sub/check.sh").chmod(0o755)
    found = tried(repo / "sub", "--for", "fails", "--test", "./check.sh", "--good", "HEAD~3")
    assert found["begins"], found
    hunt = hunt_file.load(repo / "sub/hunt.yaml")
    assert (hunt.test.folder, [one.to for one in hunt.overlay]) == ("sub", ["sub/check.sh"])  # type: ignore[union-attr]
    assert summary_of(folder=repo / "sub")["first_bad"] == git(repo, "rev-parse", "HEAD~1").strip()


def test_a_build_system_without_a_test_builds_for_the_named_one(tmp_path: Path) -> None:
    """The named test needs the program, and the Makefile makes it."""
    make = {"Makefile": "app:\n\tcp part app && chmod +x app\n", ".gitignore": "app\n", "part": "#!/bin/sh\n"}
    write_history(tmp_path / "r", chain(3, {0: make, 2: {"part": "#!/bin/sh\nexit 1\n"}}))
    found = tried(tmp_path / "r", "--for", "fails", "--test", "./app", "--good", "HEAD~2")
    assert (found["system"], found["begins"]) == ("make", True)


@pytest.mark.parametrize(
    "files", [{"package.json": "{}"}, {"setup.py": ""}, {"Gemfile": "", "Gemfile.lock": ""}], ids=str
)
def test_a_project_without_tests_is_known_if_the_user_names_one(files: Mapping[str, str]) -> None:
    """Otherwise nothing is proposed."""
    assert detect(list(files), files.__getitem__) is None
    found = detect(list(files), files.__getitem__, is_tested=True)
    assert found is not None
    assert with_test(found, "./bench").best.test == "./bench"


@pytest.mark.parametrize(
    ("given", "passed"), [({"CC": "cc"}, ("CC",)), ({"https_proxy": "", "HOME": "/root"}, ())], ids=str
)
def test_variables_of_the_tools_are_passed_on(
    tmp_path: Path, given: Mapping[str, str], passed: tuple[str, ...]
) -> None:
    """Those that the shell has set and a probe would not see, by name only."""
    repo = repository(tmp_path, ["exit 0\n"] * 2, Makefile="all:\n\ttrue\n")
    environment = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME")}
    done = bisector("init", "--no-try", folder=repo, **{"CC": "", **environment, **given})
    assert done.returncode == 0, done.stderr
    assert hunt_file.load(repo / "hunt.yaml").environment.pass_ == passed
