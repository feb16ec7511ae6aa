"""`bisector probe` as the script of a real `git bisect run`, and its exit codes without a verdict."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.running import BISECTOR, bisector, shell_history, until_interrupted
from tests.git_history import Node, git, write_history
from tests.history.test_repository import state_of

WORK = ("--build", "sh build.sh", "--test", "sh test.sh", "--good", "main~11")
PAIRED = """
from bisector.predicate import Measured, Options, Predicate


class Words(Predicate):
    name = "words"
    paired = True

    class Options(Options):
        ratio: float = 1.5

    patterns = (r"^(\\d+)$",)

    def judge(self, run, baseline):
        value, reference = (float(one.output) for one in (run, baseline))
        return Measured(value / reference, f"{value} words")
"""


def bisect_run(
    repo: Path, *script: str, start: Sequence[str] = ("main", "main~11"), **environment: str
) -> subprocess.CompletedProcess[str]:
    """`git bisect start START; git bisect run SCRIPT` in `repo`."""
    git(repo, "bisect", "start", *start)
    return subprocess.run(
        ["git", "bisect", "run", *script],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **environment},
    )


def found(repo: Path) -> str:
    """The newest bad commit of the session."""
    return git(repo, "rev-parse", "refs/bisect/bad").strip()


def marked(repo: Path) -> dict[str, str]:
    """By commit, the verdicts of a script in the session's log."""
    lines = (repo / ".git/BISECT_LOG").read_text().splitlines()
    commands = [line.split() for line in lines if line.startswith("git bisect ")]
    return {words[3]: words[2] for words in commands if words[2] != "start"}


def merged_history(folder: Path) -> dict[str, str]:
    """Two branches of one trunk. b2 on the side branch is bad. c4 and the first merge do not build."""
    plain = {"build.sh": "true\n", "test.sh": "test ! -e bug\n"}
    nodes = [Node("c0", [], plain)]
    nodes += [Node(f"c{at}", [f"c{at - 1}"]) for at in range(1, 4)]
    nodes += [Node("c4", ["c3"], {"build.sh": "exit 3\n"}), Node("c5", ["c4"], plain)]
    nodes += [Node("b1", ["c1"]), Node("b2", ["b1"], {"bug": ""}), Node("b3", ["b2"])]
    nodes += [Node("m1", ["c5", "b3"], {"bug": "", "b1": "", "build.sh": "exit 3\n"})]
    nodes += [Node("m2", ["m1"], plain), Node("m3", ["m2"])]
    return write_history(folder, nodes)


def test_git_bisect_run_finds_the_commit(tmp_path: Path) -> None:
    """On a linear history git finds the first bad commit, and the checkout is as git left it."""
    ids = shell_history(tmp_path / "repo")
    done = bisect_run(tmp_path / "repo", *BISECTOR, "probe", *WORK)
    assert done.returncode == 0, done.stderr
    assert found(tmp_path / "repo") == ids["c8"]
    assert git(tmp_path / "repo", "status", "--porcelain") == ""
    assert len(git(tmp_path / "repo", "worktree", "list").splitlines()) == 1


def test_merges_and_skips(tmp_path: Path) -> None:
    """Commits that do not build are skipped, and the first bad commit on a merged side branch is found."""
    ids = merged_history(tmp_path / "repo")
    done = bisect_run(
        tmp_path / "repo",
        *BISECTOR,
        *("probe", "--build", "sh build.sh", "--test", "sh test.sh"),
        start=("main", ids["c0"]),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert found(tmp_path / "repo") == ids["b2"]
    judged = marked(tmp_path / "repo")
    assert {judged[ids[name]] for name in ("c4", "m1") if ids[name] in judged} <= {"skip"}


def test_an_unbuildable_commit_is_skipped_and_only_they_left_is_gits_answer(tmp_path: Path) -> None:
    """git takes exit code 125 as a skip, and leaves open what it cannot tell apart."""
    ids = shell_history(tmp_path / "repo", broken=[6, 7])
    done = bisect_run(tmp_path / "repo", *BISECTOR, "probe", *WORK)
    assert done.returncode != 0
    assert found(tmp_path / "repo") == ids["c8"]
    judged = marked(tmp_path / "repo")
    assert {judged[ids["c6"]], judged[ids["c7"]]} == {"skip"}


def test_terms_of_the_users_own(tmp_path: Path) -> None:
    """Exit codes 0 and 1 mean the user's own old and new terms."""
    ids = shell_history(tmp_path / "repo")
    start = ("--term-old=fast", "--term-new=slow", "main", "main~11")
    done = bisect_run(tmp_path / "repo", *BISECTOR, "probe", *WORK, start=start)
    assert done.returncode == 0, done.stderr
    assert git(tmp_path / "repo", "rev-parse", "refs/bisect/slow").strip() == ids["c8"]


def test_without_a_checkout_the_users_tree_is_never_touched(tmp_path: Path) -> None:
    """With `git bisect start --no-checkout`, each commit is judged in a scratch worktree."""
    ids = shell_history(tmp_path / "repo")
    (tmp_path / "repo/doc").write_text("at work on something else")
    before = state_of(tmp_path / "repo")[2:5]
    start = ("--no-checkout", "main", "main~11")
    done = bisect_run(tmp_path / "repo", *BISECTOR, "probe", *WORK, start=start)
    assert done.returncode == 0, done.stderr
    assert found(tmp_path / "repo") == ids["c8"]
    assert state_of(tmp_path / "repo")[2:5] == before


@pytest.mark.parametrize("outputs", ["", ", outputs: [out]"])
def test_a_paired_predicate_runs_the_reference_in_turn(tmp_path: Path, outputs: str) -> None:
    """A ratio to the good endpoint decides. Good is built only once for all probes of git."""
    words = [100, 102, 99, 101, 103, 98, 230, 229, 231, 230, 228, 232]
    nodes = [
        Node(f"c{at}", [f"c{at - 1}"] if at else [], {"words": str(count), ".gitignore": "out\n"})
        for at, count in enumerate(words)
    ]
    ids = write_history(tmp_path / "repo", nodes)
    builds = tmp_path / "builds"
    (tmp_path / "words.py").write_text(PAIRED)
    (tmp_path / "hunt.yaml").write_text(
        f"repository: repo\ngood: {ids['c0']}\npredicate: words.py\n"
        f"build: {{command: cat words >>{builds}; echo >>{builds}; cp words out{outputs}}}\n"
        "test: {command: cat out}\n"
    )
    done = bisect_run(tmp_path / "repo", *BISECTOR, "probe", "--config", str(tmp_path / "hunt.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert found(tmp_path / "repo") == ids["c6"]
    assert builds.read_text().split().count("100") == 1
    assert len(git(tmp_path / "repo", "worktree", "list").splitlines()) == 1
    assert "the reference in 2 pairs" in done.stdout


def test_what_the_journal_knows_is_not_read_again(tmp_path: Path) -> None:
    """Another process at the same commit answers from the journal, unless it is told to read again."""
    shell_history(tmp_path / "repo")
    count = tmp_path / "count"
    work = (*WORK[:2], *WORK[4:], "--test", f"echo x >>{count}; sh test.sh")
    for times, more in ((1, ()), (1, ()), (2, ("--again",))):
        assert bisector("probe", *work, *more, folder=tmp_path / "repo").returncode == 1
        assert count.read_text().count("x") == times


def test_a_new_session_tests_again(tmp_path: Path) -> None:
    """A file that no recipe names decides the verdicts, and changes between two sessions."""
    shell_history(tmp_path / "repo")
    (tmp_path / "file").write_text("true\n")
    script = (*BISECTOR, "probe", "--good", "main~11", "--test", f"sh test.sh || . {tmp_path}/fi'l'e")
    bisect_run(tmp_path / "repo", *script)
    before = found(tmp_path / "repo")
    git(tmp_path / "repo", "bisect", "reset")
    (tmp_path / "file").write_text("false\n")
    bisect_run(tmp_path / "repo", *script)
    assert found(tmp_path / "repo") != before


@pytest.mark.parametrize(("commit", "code"), [("main~11", 0), ("main", 1), ("main~5", 125)])
def test_a_named_commit_is_judged_in_a_slot(tmp_path: Path, commit: str, code: int) -> None:
    """With a given commit, the user's repository is not changed, including local changes."""
    shell_history(tmp_path / "repo", broken=[6])
    (tmp_path / "repo/doc").write_text("changed")
    before = state_of(tmp_path / "repo")
    done = bisector("probe", "--json", *WORK, commit, folder=tmp_path / "repo")
    assert done.returncode == code, done.stderr
    verdict = {0: "good", 1: "bad", 125: "untestable"}[code]
    assert json.loads(done.stdout)["verdict"] == verdict
    assert state_of(tmp_path / "repo") == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["porbe", *WORK],
        ["probe", "--no-such-option"],
        ["--no-such-option", "probe"],
        ["probe", *WORK, "one", "two"],
        ["probe", "--config", "nowhere.yaml"],
        ["probe", "--config", "wrong.yaml"],
        ["probe", *WORK, "--predicate", "exit_staus"],
        ["probe", *WORK, "--predicate", "raises.py"],
        ["probe", *WORK, "--predicate", "exits.py"],
        ["probe", *WORK, "--predicate", "judges.py"],
        ["probe", *WORK[:4], "--good", "v9"],
        ["probe", *WORK[:4], "--good", "auto"],
        ["probe", "--build", "no-such-tool x", *WORK[2:]],
        ["probe", *WORK, "--scratch", "/proc/nowhere"],
    ],
)
def test_no_mistake_is_taken_for_a_verdict(tmp_path: Path, arguments: list[str]) -> None:
    """After any error, git bisect stops at the exit code, and stderr shows the error."""
    shell_history(tmp_path / "repo", ignored="out\n*.py\n*.yaml\n")
    for name, text in {
        "wrong.yaml": "good: main~11\ntset: {command: x}\n",
        "raises.py": "import bisector.nothing_of_that_name\n",
        "exits.py": "import sys\nsys.exit(1)\n",
        "judges.py": PAIRED.replace("return Measured", "raise SystemExit(1) or").replace("paired = True", ""),
    }.items():
        (tmp_path / "repo" / name).write_text(text)
    done = bisector(*arguments, folder=tmp_path / "repo")
    assert done.returncode in (128, 129), done.stderr
    assert "Traceback" not in done.stderr
    assert git(tmp_path / "repo", "status", "--porcelain") == ""


@pytest.mark.parametrize("arguments", [("--no-such-option",), (*WORK, "--predicate", "no.py")])
def test_git_stops_where_there_is_no_verdict(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """git bisect marks nothing, and continues with the same commit once the error is fixed."""
    ids = shell_history(tmp_path / "repo")
    done = bisect_run(tmp_path / "repo", *BISECTOR, "probe", *arguments)
    assert done.returncode != 0
    assert marked(tmp_path / "repo") == {}
    git(tmp_path / "repo", "bisect", "run", *BISECTOR, "probe", *WORK)
    assert found(tmp_path / "repo") == ids["c8"]


@pytest.mark.parametrize("module", ["yaml", "git", "typer", "sqlite3", "tempfile", "bisector.cli.probe"])
def test_no_broken_installation_is_taken_for_a_verdict(tmp_path: Path, module: str) -> None:
    """If a module cannot be imported, the exit code is 128, where Python alone would exit with 1."""
    shell_history(tmp_path / "repo")
    broken = (
        "import sys\n"
        "class Broken:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: raise ImportError('broken')\n"
        "sys.meta_path.insert(0, Broken())\n"
        f"sys.modules.pop({module!r}, None)\n"
        "from bisector.__main__ import main\n"
        "main()\n"
    )
    (tmp_path / "start.py").write_text(broken)
    done = bisect_run(tmp_path / "repo", sys.executable, str(tmp_path / "start.py"), "probe", *WORK)
    assert done.returncode != 0
    assert marked(tmp_path / "repo") == {}
    assert "128" in done.stdout + done.stderr


def test_a_reader_that_has_gone_is_no_verdict(tmp_path: Path) -> None:
    """A closed pipe, for which Python would exit with 120 or 1, does not become a verdict."""
    shell_history(tmp_path / "repo")
    command = " ".join(f"'{word}'" for word in (*BISECTOR, "probe", *WORK, "main~11"))
    script = f"({command}; echo $? >code) | true"
    subprocess.run(["sh", "-c", script], cwd=tmp_path / "repo", check=False, timeout=60)
    code = int((tmp_path / "repo/code").read_text())
    assert code == 0 or code >= 128


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_probe_that_is_killed_gives_no_verdict(tmp_path: Path, how: signal.Signals) -> None:
    """A signal gives an exit code above 128. After all signals but SIGKILL, the checkout is restored."""
    shell_history(tmp_path / "repo")
    scratch = tmp_path / "scratch"
    test = "echo changed >doc; echo new >made; sleep 60"
    command = ["probe", *WORK[:2], *WORK[4:], "--test", test, "--scratch", str(scratch)]
    repo = tmp_path / "repo"
    code = until_interrupted(command, repo, (repo / "made").exists, how)
    assert code == (-9 if how == signal.SIGKILL else 130)
    if how == signal.SIGKILL:
        done = bisector(*command, folder=repo)
        assert done.returncode == 129
        assert "local changes (doc)" in done.stderr
    else:
        assert git(repo, "status", "--porcelain") == ""
        assert not list(scratch.glob("slots/*"))


def test_what_a_test_leaves_in_the_checkout_is_gone_before_the_next_probe(tmp_path: Path) -> None:
    """An ignored file that the test creates does not affect the next commit. The user's own files stay."""
    repo = tmp_path / "repo"
    ids = shell_history(repo, ignored="out\n*.db\n")
    (repo / "own.db").write_text("mine")
    test = "test ! -e test.db || exit 1; touch test.db; mkdir -p cache.db/x; sh test.sh"
    done = bisect_run(repo, *BISECTOR, "probe", "--build", "sh build.sh", "--test", test, "--good", "main~11")
    assert done.returncode == 0, done.stderr
    assert found(repo) == ids["c8"]
    assert sorted(path.name for path in repo.glob("*.db")) == ["own.db"]
    assert (repo / "own.db").read_text() == "mine"


def test_the_checkout_is_put_back_and_nothing_of_the_users_is_lost(tmp_path: Path) -> None:
    """Changes by the overlay, build and test are undone. Untracked and ignored files of the user stay."""
    repo = tmp_path / "repo"
    shell_history(repo, ignored="out\nsecret\n")
    (repo / "mine").mkdir()
    for name in ("notes", "mine/draft", "secret"):
        (repo / name).write_text("mine")
    (tmp_path / "bench.sh").write_text("test $(cat out) -lt 8\n")
    messy = "echo x >>doc; rm build.sh; mkdir deep; for f in made deep/made mine/made; do echo x >$f; done"
    (tmp_path / "hunt.yaml").write_text(
        "repository: repo\ngood: main~11\nbuild: {command: sh build.sh}\n"
        f"test: {{command: {messy}; sh out.d/t}}\n"
        "overlay:\n- {file: bench.sh, to: out.d/t}\n- {edit: test.sh, find: test, replace: echo}\n"
    )
    before = git(repo, "status", "--porcelain", "--untracked-files=all")
    for commit, code in (("main~9", 0), ("main~2", 1)):
        git(repo, "checkout", "-q", commit)
        done = bisector("probe", "--config", str(tmp_path / "hunt.yaml"), folder=repo)
        assert done.returncode == code, done.stderr
        assert git(repo, "status", "--porcelain", "--untracked-files=all") == before
    assert {path.name for path in repo.iterdir() if path.is_dir()} == {".git", "mine"}
    assert (repo / "secret").read_text() == "mine"
    assert (repo / "out").exists()


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        ("echo mine >doc", "local changes (doc)"),
        ("echo mine >doc && git add doc", "local changes (doc)"),
        ("mkdir out.d && echo mine >out.d/t", "which is an untracked file"),
        ("echo out.d >>.git/info/exclude && mkdir out.d && echo mine >out.d/t", "which is an untracked file"),
    ],
)
def test_a_checkout_with_something_to_lose_is_refused(tmp_path: Path, prepare: str, words: str) -> None:
    """Local changes would affect the verdict, and an overlay would overwrite files that only the user has."""
    repo = tmp_path / "repo"
    shell_history(repo)
    subprocess.run(["sh", "-c", prepare], cwd=repo, check=True, timeout=60)
    (tmp_path / "bench.sh").write_text("true\n")
    (tmp_path / "hunt.yaml").write_text(
        "repository: repo\ngood: main~11\ntest: {command: 'true'}\noverlay: [{file: bench.sh, to: out.d/t}]\n"
    )
    before = git(repo, "status", "--porcelain", "--ignored")
    done = bisector("probe", "--config", str(tmp_path / "hunt.yaml"), folder=repo)
    assert done.returncode == 129
    assert words in done.stderr
    assert git(repo, "status", "--porcelain", "--ignored") == before
    assert (repo / ("out.d/t" if "out.d" in prepare else "doc")).read_text() == "mine\n"


def test_a_build_that_fails_in_place_is_tried_from_clean_in_a_slot(tmp_path: Path) -> None:
    """Leftovers in the checkout do not make a commit untestable, and are not removed for that."""
    repo = tmp_path / "repo"
    shell_history(repo)
    (repo / "out").mkdir()  # ignored, and in the way of the build
    done = bisector("probe", *WORK, folder=repo)
    assert done.returncode == 1, done.stderr
    assert "building it clean" in done.stderr
    assert (repo / "out").is_dir()


def test_gits_variables_are_kept_from_what_is_run(tmp_path: Path) -> None:
    """GIT_DIR and other variables that git may set neither affect the probe nor reach the test."""
    shell_history(tmp_path / "repo")
    shell_history(tmp_path / "other", length=3)
    seen = tmp_path / "seen"
    test = f"env | grep ^GIT_ >{seen}; sh test.sh"
    other = {"GIT_DIR": str(tmp_path / "other/.git"), "GIT_WORK_TREE": str(tmp_path / "other")}
    done = bisector(
        *("probe", *WORK[:2], *WORK[4:], "--test", test),
        folder=tmp_path / "repo",
        GIT_INDEX_FILE="/nowhere",
        **other,
    )
    assert done.returncode == 1, done.stderr
    assert seen.read_text() == ""


def test_another_repository_is_not_probed_in_place(tmp_path: Path) -> None:
    """In a folder that is not a checkout of the hunt's repository, a commit must be given."""
    shell_history(tmp_path / "repo")
    (tmp_path / "hunt.yaml").write_text("repository: repo\ngood: main~11\ntest: {command: 'true'}\n")
    done = bisector("probe", "--config", "hunt.yaml", folder=tmp_path)
    assert done.returncode == 129
    assert "not a checkout of" in done.stderr
    assert bisector("probe", "--config", "hunt.yaml", "main", folder=tmp_path).returncode == 0


def test_a_linked_worktree_is_a_checkout_too(tmp_path: Path) -> None:
    """`git bisect` in a worktree of the hunt's repository judges that worktree."""
    ids = shell_history(tmp_path / "repo")
    git(tmp_path / "repo", "worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "main")
    (tmp_path / "hunt.yaml").write_text(
        "repository: repo\ngood: main~11\nbuild: {command: sh build.sh}\ntest: {command: sh test.sh}\n"
    )
    done = bisect_run(tmp_path / "linked", *BISECTOR, "probe", "--config", str(tmp_path / "hunt.yaml"))
    assert done.returncode == 0, done.stderr
    assert git(tmp_path / "linked", "rev-parse", "refs/bisect/bad").strip() == ids["c8"]
    assert not (tmp_path / "repo/out").exists()
