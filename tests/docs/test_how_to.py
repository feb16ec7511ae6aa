"""The hunt files of the how-to pages, run in small histories that fit them."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.running import bisector, summary_of
from tests.docs.pages import DOCS, fences
from tests.git_history import Node, git, write_history

Files = Mapping[str, str | None]


def history(folder: Path, commits: list[Files]) -> dict[str, str]:
    """A repository whose commits c0, c1, ... change these files. `v1.0` is the first. Returns ids by name."""
    nodes = [
        Node(f"c{n}", [f"c{n - 1}"] if n else [], {"number": str(n), **files})
        for n, files in enumerate(commits)
    ]
    ids = write_history(folder, nodes)
    git(folder, "tag", "v1.0", ids["c0"])
    return ids


def hunted(page: str, nth: int, repo: Path) -> dict[str, object]:
    """The result of the page's nth hunt file in `repo`."""
    file = repo.parent / f"hunt-{nth}.yaml"
    file.write_text(fences(DOCS / "how-to" / page, "yaml")[nth])
    return summary_of("--config", file.name, "--repo", str(repo), folder=repo.parent)


def test_the_commit_that_eats_memory(tmp_path: Path) -> None:
    """`no_oom` names the commit from which on the test uses more memory than the limit."""
    commits: list[Files] = [{"size": "300000000" if n >= 5 else "1000000"} for n in range(8)]
    commits[0] = {"size": "1000000", "suite.sh": "head -c $(cat size) /dev/zero | tail | wc -c\n"}
    ids = history(tmp_path / "repo", commits)
    found = hunted("find-what-eats-memory.md", 0, tmp_path / "repo")
    assert found["first_bad"] == ids["c5"]


def test_commits_that_do_not_build(tmp_path: Path) -> None:
    """Without the overlay, the answer is a run of commits that do not build. With it, it is one commit."""
    commits: list[Files] = [{"bug": "yes" if n >= 6 else "no"} for n in range(10)]
    commits[0] = {
        "bug": "no",
        "config.mk": "X = 1\n",
        "Makefile": "include config.mk\napp: bug\n\tcp bug app\n",
        "test.sh": "grep -q no app\n",
    }
    commits[5] = {**commits[5], "config.mk": None}
    commits[8] = {**commits[8], "config.mk": "X = 1\n"}
    ids = history(tmp_path / "repo", commits)
    page = "cross-unbuildable-commits.md"

    found = hunted(page, 0, tmp_path / "repo")
    assert (found["conclusion"], found["exit_code"]) == ("any-of", 4)
    assert found["any_of"] == [ids[name] for name in ("c5", "c6", "c7", "c8")]
    assert hunted(page, 1, tmp_path / "repo")["first_bad"] == ids["c6"]


def test_a_flaky_test(tmp_path: Path) -> None:
    """The commit is found from which on the test fails every other time, despite contradicting verdicts."""
    # Whether it fails depends on how often it ran at this commit: every run of the hunt is counted.
    counted = (
        'n=$(cat "$COUNT" 2>/dev/null || echo 0); echo $((n + 1)) > "$COUNT"\n'
        'test "$(cat flaky)" = no || test $((n * 7919 / 64 % 2)) -eq 0\n'
    )
    commits: list[Files] = [{"flaky": "yes" if n >= 9 else "no"} for n in range(16)]
    commits[0] = {"flaky": "no", "test.sh": counted}
    ids = history(tmp_path / "repo", commits)
    text = fences(DOCS / "how-to/hunt-a-flaky-test.md", "yaml")[0]
    (tmp_path / "hunt.yaml").write_text(text + f"environment: {{set: {{COUNT: {tmp_path / 'count'}}}}}\n")
    found = summary_of("--config", "hunt.yaml", "--repo", "repo", folder=tmp_path)
    assert found["first_bad"] == ids["c9"]
    assert int(str(found["readings"])) > int(str(found["probes"])) + 4, "no verdict contradicted another"


def test_the_answer_is_passed_on(tmp_path: Path) -> None:
    """Every command that shows a hunt works, and `run` repeats its answer."""
    commits: list[Files] = [{"test.sh": f"exit {n // 3}\n"} for n in range(5)]
    ids = history(tmp_path / "repo", commits)
    shown = "".join(fences(DOCS / "how-to/pass-on-the-answer.md", "sh")).splitlines()
    commands = [shlex.split(line)[1:] for line in shown]
    run = next(command for command in commands if command[0] == "run")
    for command in [run, *commands]:
        done = bisector(*command, folder=tmp_path / "repo")
        assert done.returncode == 0, done.stderr
        assert done.stdout or command[:2] == ["report", "--html"] or "--md" in command
    for report in ("report.html", "report.md"):
        assert ids["c3"][:12] in (tmp_path / "repo" / report).read_text()


@pytest.mark.parametrize("page", ["comparison.md", "untestable-is-not-innocent.md"])
def test_figures_are_those_of_the_search(page: str) -> None:
    """A repeated figure is on the page of the search, where it was measured."""
    measured = (DOCS / "explanation/search.md").read_text(encoding="utf-8")
    figures = re.findall(r"(?:\d?\.\d{3}@)?\d+\.\d\d?(?=[ |])", "".join(_tables(page)))
    assert figures
    assert [figure for figure in figures if figure not in measured] == []


def _tables(page: str) -> list[str]:
    text = (DOCS / "explanation" / page).read_text(encoding="utf-8")
    return [
        line
        for line in text.splitlines(keepends=True)
        if line.startswith("|") and ("@" in line or "% |" in line)
    ]


def test_one_test_of_a_suite_that_also_fails_otherwise(tmp_path: Path) -> None:
    """`tests` follows the named test past another that fails earlier, and past a commit without a result."""
    suite = "<testsuite>{}<testcase classname='test_calc' name='test_other'>{}</testcase></testsuite>"
    named = "<testcase classname='test_calc' name='test_parse_spaces'>{}</testcase>"
    commits: list[Files] = [
        {"report": suite.format(named.format("<failure/>" * (n >= 6)), "<failure/>" * (n >= 2))}
        for n in range(8)
    ]
    commits[4] = {"report": suite.format("", "")}
    commits[0] = {**commits[0], ".gitignore": "junit.xml\n", "bin/pytest": 'cp report "${2#--junitxml=}"\n'}
    ids = history(tmp_path / "repo", commits)
    text = fences(DOCS / "how-to/tests-and-benchmarks.md", "yaml")[0]
    (tmp_path / "hunt.yaml").write_text(text.replace("command: ", "command: sh bin/"))
    found = summary_of("--config", "hunt.yaml", "--repo", "repo", folder=tmp_path)
    assert (found["first_bad"], found["exit_code"]) == (ids["c6"], 0)


def test_only_one_failure_among_others(tmp_path: Path) -> None:
    """Each of its hunts leaves the commits that fail in another way as suspects."""
    hung, odebug = "echo 'ERROR: hung task'; exit 1\n", "echo 'WARNING: odebug'; exit 1\n"
    scripts = ["exit 0\n"] * 3 + [odebug] * 3 + [hung] * 2
    ids = history(tmp_path / "repo", [{"test.sh": script} for script in scripts])
    for nth in (0, 1, 2):
        found = hunted("one-failure-among-others.md", nth, tmp_path / "repo")
        assert set(found["any_of"]) == {ids[f"c{n}"] for n in range(3, 7)}  # type: ignore[call-overload]


PYTEST = """\
#!/bin/sh
shift
while read -r how name; do
  test $# -gt 0 || echo "$how $name"
  for one; do test "$one" != "$name" || echo "$how $name"; done
done <results
echo "1 passed in 0.01s"
"""
"""A stand-in for `pytest -rA`, which runs the tests that are named, else all; `results` has how each ends."""


def test_a_red_main(tmp_path: Path) -> None:
    """Each failing test gets its own first bad commit, found by bisector or named in the hunt file."""
    tests = {"test_shop.py::test_login": 5, "test_shop.py::test_price[101]": 2, "test_shop.py::test_x": 9}
    commits: list[Files] = [
        {"results": "".join(f"{'FAILED' if n >= at else 'PASSED'} {name}\n" for name, at in tests.items())}
        for n in range(8)
    ]
    ids = history(tmp_path / "repo", commits)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pytest").write_text(PYTEST)
    (tmp_path / "bin/pytest").chmod(0o755)
    texts = [text for text in fences(DOCS / "how-to/a-red-main.md", "yaml") if "pytest" in text]
    assert len(texts) == 2
    for nth, text in enumerate(texts):
        (tmp_path / f"hunt-{nth}.yaml").write_text(text)
        done = bisector(
            *("run", "--json", "--config", f"hunt-{nth}.yaml", "--repo", "repo"),
            folder=tmp_path,
            PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        )
        assert done.returncode == 0, done.stderr
        answers = {one["first_bad"]: one["targets"] for one in json.loads(done.stdout)["answers"]}
        assert answers == {
            ids["c5"]: ["test_shop.py::test_login"],
            ids["c2"]: ["test_shop.py::test_price[101]"],
        }


def test_several_test_scripts(tmp_path: Path) -> None:
    """Each script of the hunt file is a target; here with another build and another predicate."""
    scripts: list[Files] = [
        {f"lib/{name}/test.sh": f"exit {int(n >= at)}\n" for name, at in (("lua", 2), ("tcl", 3))}
        for n in range(5)
    ]
    ids = history(tmp_path / "repo", scripts)
    (text,) = (text for text in fences(DOCS / "how-to/a-red-main.md", "yaml") if "scripts:" in text)
    (tmp_path / "hunt.yaml").write_text(text)
    other = ("--build", "true", "--set", "predicate={name: exit_status}")
    done = bisector("run", "--json", "--config", "hunt.yaml", "--repo", "repo", *other, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    answers = {one["first_bad"]: one["targets"] for one in json.loads(done.stdout)["answers"]}
    assert answers == {ids["c2"]: ["lua"], ids["c3"]: ["tcl"]}
