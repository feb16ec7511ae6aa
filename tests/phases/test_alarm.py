"""The alarm as a user runs it: the command line on real histories, with benchmarks that print known times."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bisector import demo
from bisector.errors import UsageError
from bisector.hunt.journal import Journal
from bisector.phases.alarm.references import read_references, rewritten_references
from bisector.phases.alarm.run import line_of
from tests.cli.running import bisector
from tests.git_history import Node, git, write_history

HUNT = """\
hunt: smoke
repository: repo
good: main~3
bad: main
test: {command: sh bench.sh}
alarm: {references: refs.yaml, runs: 2}
scratch: scratch
"""
REFERENCES = """\
# Kept by hand, too.
schema: 1
benchmarks:
  fib: 100      # calls
  'let': 20.0
  map:  4       # closures

measured: {commit: '0', load: 9.1, machine: {cpu: "An old one", cores: "64"}, note: at night}
"""


def sample(folder: Path, *times: Mapping[str, float] | str, cold: int = 10) -> list[str]:
    """A history in `folder`/repo whose commits print these times (or run this script), and a hunt file.

    The first run after a checkout takes `cold` times as long.
    """
    scripts = [one if isinstance(one, str) else _printing(one, cold) for one in times]
    nodes = [
        Node(f"c{at}", [f"c{at - 1}"] if at else [], {"bench.sh": script, "doc": str(at)})
        for at, script in enumerate(scripts)
    ]
    ids = write_history(folder / "repo", nodes)
    (folder / "smoke.yaml").write_text(HUNT)
    return [ids[node.name] for node in nodes]


def _printing(times: Mapping[str, float], cold: int) -> str:
    lines = [f"echo {name} $(({time} * factor))" for name, time in times.items()]
    return "\n".join([f"factor={cold}", "test -e .warm && factor=1; touch .warm", *lines, ""])


SOUND = {"fib": 100, "let": 20, "map": 4}


def alarm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the alarm of the hunt file in `folder`."""
    return bisector("alarm", "--config", "smoke.yaml", *arguments, folder=folder)


def said(folder: Path, *arguments: str) -> dict[str, Any]:
    """The JSON output of the alarm."""
    done = alarm(folder, "--json", *arguments)
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["exit_code"] == done.returncode
    return document


def test_update_then_compare(tmp_path: Path) -> None:
    """References are the minimum of the warm runs, with commit and machine. The next comparison passes."""
    *_, last = sample(tmp_path, SOUND, SOUND)
    assert alarm(tmp_path, "--update").returncode == 0
    references = read_references(tmp_path / "refs.yaml")
    assert references.times == SOUND
    assert references.commit == last
    assert references.machine["cores"].isdigit()
    assert references.load is not None
    document = said(tmp_path)
    assert (document["exit_code"], document["several"], document["command"]) == (0, False, "")
    assert git(tmp_path / "repo", "status", "--porcelain") == ""
    assert git(tmp_path / "repo", "worktree", "list").count("\n") == 1


def test_what_the_warm_up_leaves_is_there_for_the_run_that_counts(tmp_path: Path) -> None:
    """Files that the build leaves outside its outputs are there for that run too."""
    sample(tmp_path, SOUND)
    build = "build: {command: touch made beside, outputs: [made]}\n"
    (tmp_path / "smoke.yaml").write_text(HUNT.replace("runs: 2", "runs: 1") + build)
    alarm(tmp_path, "--update")
    assert read_references(tmp_path / "refs.yaml").times == SOUND


@pytest.mark.parametrize(
    ("slow", "several", "words"),
    [
        ({"fib": 501}, False, "fib 5.01x, above 5x: only one benchmark"),
        ({"fib": 600, "map": 24}, True, "2 of 3 benchmarks above 5x (fib 6.00x, map 6.00x)"),
    ],
    ids=["one", "several"],
)
def test_one_benchmark_and_several_are_told_apart(
    tmp_path: Path, slow: Mapping[str, float], several: bool, words: str
) -> None:
    """Above the factor, the command fails. Several slow benchmarks point to a regression in shared code."""
    sample(tmp_path, SOUND, {**SOUND, **slow})
    alarm(tmp_path, "--update", "--commit", "main~1")
    document = said(tmp_path)
    assert (document["exit_code"], document["several"]) == (1, several)
    assert words in document["title"]
    assert {row["name"] for row in document["benchmarks"] if row["fails"]} == set(slow)
    assert said(tmp_path, "--factor", "7")["exit_code"] == 0


def test_at_the_factor_it_still_holds(tmp_path: Path) -> None:
    """Exactly five times as slow is not above 5x."""
    sample(tmp_path, SOUND, {**SOUND, "fib": 500})
    alarm(tmp_path, "--update", "--commit", "main~1")
    assert said(tmp_path)["exit_code"] == 0


def test_the_hunt_that_is_printed_finds_the_cause(tmp_path: Path) -> None:
    """The printed command can be typed unchanged, and `--hunt` runs it at once."""
    slow = {**SOUND, "fib": 900}
    # A hunt has no warm-up runs, so its first run of a commit must count.
    ids = sample(tmp_path, SOUND, SOUND, SOUND, SOUND, slow, slow, slow, cold=1)
    alarm(tmp_path, "--update", "--commit", "main~6")
    command = shlex.split(said(tmp_path)["command"])
    assert command[:2] == ["bisector", "run"]
    done = bisector(*command[1:], folder=tmp_path)
    assert f"first bad commit {ids[4][:12]}" in done.stdout
    done = alarm(tmp_path, "--hunt")
    assert (done.returncode, f"first bad commit {ids[4][:12]}" in done.stdout) == (1, True)


def test_benchmarks_that_do_not_run_fail(tmp_path: Path) -> None:
    """A script that breaks raises the alarm, and the hunt looks for the commit that broke it."""
    ids = sample(tmp_path, SOUND, SOUND, "echo fib 100; echo no such thing; exit 3\n")
    alarm(tmp_path, "--update", "--commit", "main~1")
    document = said(tmp_path)
    assert document["exit_code"] == 1
    assert "do not run" in document["title"]
    assert "exit 3: no such thing" in document["title"]
    done = bisector(*shlex.split(document["command"])[1:], folder=tmp_path)
    assert f"first bad commit {ids[2][:12]}" in done.stdout


def test_a_benchmark_that_is_gone_fails_and_a_new_one_does_not(tmp_path: Path) -> None:
    """A benchmark with a reference must be printed. One without a reference is named."""
    sample(tmp_path, SOUND, {"fib": 100, "let": 20, "brand-new": 7})
    alarm(tmp_path, "--update", "--commit", "main~1")
    done = alarm(tmp_path)
    assert done.returncode == 1
    assert "has a reference but was not printed: map" in done.stdout
    assert "without a reference: brand-new" in done.stdout


def test_another_machine_is_told(tmp_path: Path) -> None:
    """References from another machine are compared, with a warning."""
    sample(tmp_path, SOUND, SOUND)
    (tmp_path / "refs.yaml").write_text(REFERENCES)
    done = alarm(tmp_path)
    assert done.returncode == 0
    assert "the references are from another machine" in done.stdout
    assert "instead of An old one" in done.stdout


def test_here_measures_the_folder_as_it_stands(tmp_path: Path) -> None:
    """After a build step the checkout is measured, with its changes and without a slot."""
    sample(tmp_path, SOUND)
    alarm(tmp_path, "--update")
    repository = tmp_path / "repo"
    (repository / "bench.sh").write_text("echo fib 700\necho let 20\necho map 4\n")
    done = bisector("alarm", "--config", "../smoke.yaml", "--here", "--json", folder=repository)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["times"] == {"fib": 700, "let": 20, "map": 4}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema: 2\nbenchmarks: {fib: 1}\n", "not a file of reference times of schema 1"),
        ("[1, 2]\n", "not a file of reference times of schema 1"),
        ("schema: 1\nbenchmarks: {fib: fast}\n", "benchmarks.fib"),
        ("schema: 1\nbenchmarks: {fib: .inf}\n", "benchmarks.fib"),
        ("schema: 1\nbenchmarks: {fib: 0}\n", "benchmarks.fib"),
        ("schema: 1\n", "benchmarks"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_file_that_is_no_references(tmp_path: Path, text: str, words: str) -> None:
    """An invalid file is named in one sentence."""
    (tmp_path / "refs.yaml").write_text(text)
    with pytest.raises(UsageError, match=re.escape(words)) as refused:
        read_references(tmp_path / "refs.yaml")
    assert str(refused.value).startswith(str(tmp_path / "refs.yaml"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", [None, "schema: 2\n"], ids=["missing", "another schema"])
def test_references_are_looked_at_before_anything_runs(tmp_path: Path, text: str | None) -> None:
    """Invalid references give exit code 2 and one sentence, before anything is built or measured."""
    sample(tmp_path, "touch ../ran; exit 9\n")
    if text is not None:
        (tmp_path / "refs.yaml").write_text(text)
    done = alarm(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "scratch").exists()


def test_update_writes_nothing_where_it_cannot_measure(tmp_path: Path) -> None:
    """A pattern without a match, a broken test or a file of another kind leaves the references unchanged."""
    sample(tmp_path, "echo nothing here\n", "exit 4\n")
    (tmp_path / "refs.yaml").write_text(REFERENCES)
    for commit, words in (("main~1", "matches alarm.pattern"), ("main", "do not run")):
        done = alarm(tmp_path, "--update", "--commit", commit)
        assert done.returncode == 2
        assert words in done.stderr
    assert (tmp_path / "refs.yaml").read_text() == REFERENCES


def test_update_leaves_the_rest_of_the_file_as_it_is(tmp_path: Path) -> None:
    """Comments, order, quotes, blank lines and unknown keys stay. New lines are added at the end."""
    sample(tmp_path, {"map": 8, "fib": 150, "new": 3, "let": 20})
    (tmp_path / "refs.yaml").write_text(REFERENCES)
    assert alarm(tmp_path, "--update").returncode == 0
    before, after = REFERENCES.splitlines(), (tmp_path / "refs.yaml").read_text().splitlines()
    assert after[:6] == [
        *before[:3],
        "  fib: 150      # calls",
        "  'let': 20",
        "  map:  8       # closures",
    ]
    assert after[6:8] == ["  new: 3", ""]
    assert after[8].startswith('measured: {commit: "')
    assert "note: at night" in after[8]
    assert "An old one" not in after[8]
    assert read_references(tmp_path / "refs.yaml").times == {"map": 8, "fib": 150, "new": 3, "let": 20}


def test_line_ends_of_other_systems_stay(tmp_path: Path) -> None:
    """A file with CRLF line ends keeps them."""
    file = tmp_path / "refs.yaml"
    file.write_bytes(b"schema: 1\r\nbenchmarks:\r\n  fib: 1 # x\r\n")
    text = rewritten_references(file.read_bytes().decode(), read_references(file), {"fib": 2.5, "b": 3.0}, {})
    assert text == "schema: 1\r\nbenchmarks:\r\n  fib: 2.5 # x\r\n  b: 3\r\n"


def test_references_can_stand_in_a_script(tmp_path: Path) -> None:
    """Lines such as REF_FIB18=1216 are read, and updated in place."""
    sample(tmp_path, {"bench-fib18": 100, "let_1000": 20})
    script = "#!/bin/sh\nREF_FIB18=90   # dispatch\nexport REF_LET1000=30\nFACTOR=5\n"
    (tmp_path / "refs.sh").write_text(script)
    asked = ("--set", "alarm.references=refs.sh")
    rows = {row["name"]: row["reference"] for row in said(tmp_path, *asked)["benchmarks"]}
    assert rows == {"bench-fib18": 90, "let_1000": 30}
    assert alarm(tmp_path, *asked, "--update").returncode == 0
    assert (tmp_path / "refs.sh").read_text() == script.replace("90", "100").replace("30\n", "20\n")


def test_a_creep_in_the_kept_history_is_told(tmp_path: Path) -> None:
    """The journal keeps each measurement, so a slow change is noticed, and fails if requested."""
    sample(tmp_path, SOUND, {**SOUND, "fib": 150})
    alarm(tmp_path, "--update", "--commit", "main~1")
    first = said(tmp_path, "--commit", "main~1")
    journal = Journal(tmp_path / "scratch/journal.sqlite")
    (key,) = {row.key for row in journal.results("alarm")}
    for day in range(60):
        at = datetime.now(UTC) - timedelta(days=60 - day)
        times = {"fib": 100 * 1.2 ** (day / 30), "let": 20 + day % 2, "map": 4}
        document = {**first, "commit": f"{day:040x}", "measured_at": at.isoformat(), "times": times}
        journal.add_result("alarm", key, document)
    journal.close()
    done = alarm(tmp_path)
    assert done.returncode == 0
    assert "within 5x" in done.stdout
    assert "drift of fib: a creep of 1.2" in done.stdout
    assert "drift of let" not in done.stdout
    assert alarm(tmp_path, "--strict").returncode == 1
    alarm(tmp_path, "--update")
    assert "drift" not in alarm(tmp_path).stdout


def test_a_hunt_file_without_alarm_is_refused(tmp_path: Path) -> None:
    """The message says what to add."""
    sample(tmp_path, SOUND)
    (tmp_path / "smoke.yaml").write_text(HUNT.replace("alarm: {references: refs.yaml, runs: 2}\n", ""))
    done = alarm(tmp_path)
    assert (done.returncode, "there is no section 'alarm'" in done.stderr) == (2, True)


@pytest.mark.parametrize("pattern", ["(?P<name>\\w+) \\d+", "(?P<name>"])
def test_a_pattern_that_cannot_work_is_refused(tmp_path: Path, pattern: str) -> None:
    """The message has its line in the hunt file."""
    sample(tmp_path, SOUND)
    (tmp_path / "smoke.yaml").write_text(HUNT.replace("runs: 2", f"runs: 2, pattern: '{pattern}'"))
    done = alarm(tmp_path)
    assert done.returncode == 2
    assert "smoke.yaml:6: alarm.pattern" in done.stderr


def test_a_line_is_narrowed_to_one_benchmark() -> None:
    """The group around the name becomes that name, also with nested brackets."""
    assert line_of(r"^(?P<name>(?:a|[)b])+)=(?P<value>\d+)", "a-b") == r"^(?P<name>a-b)=(?P<value>\d+)"


def test_the_sample_history_sounds_the_alarm(tmp_path: Path) -> None:
    """With real dune builds, an environment that is copied at each call makes several benchmarks slower."""
    demo.make(tmp_path / "sample", "env-copy", commits=12, workload=3)
    folder = tmp_path / "sample"
    assert alarm(folder, "--update", "--commit", "baseline").returncode == 0
    document = said(folder, "--factor", "2")
    assert (document["exit_code"], document["several"]) == (1, True)
