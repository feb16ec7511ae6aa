"""Hunts in which commits fail in different ways, through the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.running import bisector, summary_of
from tests.git_history import Node, write_history

FINE = "echo fine\n"
OUT_OF_MEMORY = "python3 -S -c 'raise MemoryError'\n"
CRASH = "echo 'error: cannot open the socket' >&2; exit 3\n"
HUNG = "echo 'ERROR: hung task in pipe_read'; exit 1\n"
ODEBUG = "echo 'ERROR: odebug in netdev'; exit 1\n"


def history(folder: Path, script: Callable[[int], str]) -> dict[str, str]:
    """Eight commits, whose test is `script` of their number; ids by name."""
    nodes = [Node(f"c{at}", [f"c{at - 1}"] if at else [], {"test.sh": script(at)}) for at in range(8)]
    return write_history(folder / "repo", nodes)


def found(folder: Path, *options: str) -> dict[str, Any]:
    """What the hunt from c0 to c7 finds."""
    hunt = ("--repo", "repo", "--good", "main~7", "--bad", "main", "--test", "sh test.sh")
    return summary_of(*hunt, "--scratch", "scratch", *options, folder=folder)


def two_failures(at: int) -> str:
    """Another failure in c3 to c5, the wanted one from c4 on where the other does not hide it."""
    if 3 <= at <= 5:
        return ODEBUG
    return HUNG if at >= 4 else FINE


def test_a_runtime_out_of_memory_far_below_the_limit(tmp_path: Path) -> None:
    """`no_oom` finds the commit from which on a real Python process ends with MemoryError."""
    ids = history(tmp_path, lambda at: OUT_OF_MEMORY if at >= 5 else FINE)
    assert found(tmp_path, "--predicate", "no_oom", "--memory", "1GiB")["first_bad"] == ids["c5"]


def test_another_failure_is_not_good_for_no_oom(tmp_path: Path) -> None:
    """Commits that crash before they can run out of memory are a set of suspects with the first that does."""
    ids = history(tmp_path, lambda at: CRASH if 3 <= at <= 5 else OUT_OF_MEMORY if at > 5 else FINE)
    answer = found(tmp_path, "--predicate", "no_oom", "--memory", "1GiB")
    assert answer["conclusion"] == "any-of"
    assert set(answer["any_of"]) == {ids[f"c{at}"] for at in range(3, 7)}


def test_a_bad_endpoint_that_fails_otherwise_is_named(tmp_path: Path) -> None:
    """The hunt is inconclusive, not "no regression", and names the predicate that would find it."""
    history(tmp_path, lambda at: CRASH if at >= 5 else FINE)
    answer = found(tmp_path, "--predicate", "no_oom")
    assert answer["conclusion"] == "inconclusive"
    assert "the test failed with exit code 3, the good endpoint's with 0" in answer["reason"]
    assert "`exit_status`" in answer["reason"]


def test_only_the_wanted_failure_is_bad(tmp_path: Path) -> None:
    """Commits with another failure are suspects: neither bad nor good, also with two jobs."""
    ids = history(tmp_path, two_failures)
    options = ("--predicate", "exit_status", "--set", "predicate.like=auto", "--jobs", "2")
    answer = found(tmp_path, *options)
    assert answer["conclusion"] == "any-of"
    assert set(answer["any_of"]) == {ids[f"c{at}"] for at in range(3, 7)}


def test_a_failure_without_the_line(tmp_path: Path) -> None:
    """`otherwise: good` is what the user knows better."""
    ids = history(tmp_path, two_failures)
    options = ("--predicate", "output_matches", "--set", "predicate.pattern=hung task")
    assert found(tmp_path, *options, "--set", "predicate.otherwise=good")["first_bad"] == ids["c6"]


def test_a_single_probe_without_the_good_endpoint_skips_a_failure(tmp_path: Path) -> None:
    """`git bisect run` must not take an unknown failure for good."""
    ids = history(tmp_path, lambda at: CRASH if at >= 5 else FINE)
    hunt = ("--repo", "repo", "--good", "main~7", "--bad", "main", "--test", "sh test.sh")
    done = bisector("probe", *hunt, "--predicate", "no_oom", ids["c6"], folder=tmp_path)
    assert done.returncode == 125
    assert "if that is a normal end, list it in predicate.exits" in done.stdout + done.stderr


def test_endpoints_that_differ_only_in_their_exit_codes(tmp_path: Path) -> None:
    """A hunt without a regression names how they ended, and what would tell them apart."""
    history(tmp_path, lambda at: CRASH if at >= 5 else FINE)
    answer = found(
        tmp_path,
        "--predicate",
        "output_matches",
        "--set",
        "predicate.pattern=hung",
        "--set",
        "predicate.otherwise=good",
    )
    assert answer["conclusion"] == "no-regression"
    assert "; good ended with exit code 0 and bad ended with exit code 3: if that is" in answer["reason"]
    assert answer["reason"].endswith("hunt it with `exit_status`.")


def test_a_measured_hunt_names_a_difference_in_exit_codes(tmp_path: Path) -> None:
    """Equal figures do not hide that one endpoint fails."""
    history(tmp_path, lambda at: "echo words: 7; exit " + ("1\n" if at >= 5 else "0\n"))
    options = ("--predicate", "counter", "--set", "predicate.pattern='words: (7)'")
    answer = found(tmp_path, *options, "--set", "predicate.exits=[0, 1]")
    assert answer["conclusion"] == "no-regression"
    assert "bad ended with exit code 1" in answer["reason"]
    assert "`exit_status`" in answer["reason"]
