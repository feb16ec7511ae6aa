"""`bisector diagnose` on the sample history: real builds, real runs, the command as a user types it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT

import pytest

from bisector.hunt.conclusion import AnyOf, FirstBad
from bisector.hunt.ground import Ground
from bisector.hunt.journal import Journal
from bisector.hunt.session import Session
from bisector.hunt_file import load
from bisector.phases.diagnosis.collectors import COLLECTORS
from tests.cli.running import bisector, until_interrupted
from tests.docs.pages import DOCS, fences
from tests.git_history import git
from tests.phases.diagnosing import Sample, figures, sample, verdicts

PAGE = DOCS / "how-to/diagnose.md"
OWN = {
    "env-copy": "env-as-value churn",
    "jit-miss": "JIT cache miss",
    "snapshot-copy": "frame snapshot deep-copy",
    "sentinel-widened": "lazy JIT bypassed",
    "type-check": "type-check overhead",
    "frame-lists": "frames as lists",
}
"""For each scenario, the hypothesis that names its cause."""


@pytest.fixture(scope="session")
def env_copy(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """One history for all tests that accept any. A build of one test is in the store for the next."""
    return sample(tmp_path_factory.mktemp("env-copy") / "sample", "env-copy")


@pytest.mark.parametrize("scenario", OWN)
def test_each_cause_is_told_from_the_five_others(env_copy: Sample, tmp_path: Path, scenario: str) -> None:
    """The scenario's own hypothesis is validated, the five others are eliminated, and no files are left."""
    made = env_copy if scenario == "env-copy" else sample(tmp_path / "sample", scenario)
    before = made.traces()
    found = made.diagnosed("--evidence", "counters", "--evidence", "patched_counters")
    assert verdicts(found) == {
        name: "validated" if name == OWN[scenario] else "eliminated" for name in OWN.values()
    }
    assert found["title"].startswith(f"{scenario}: {OWN[scenario]} validated, 5 eliminated")
    assert made.traces() == before


def test_all_collectors_of_the_hunt_file_give_evidence(env_copy: Sample) -> None:
    """Allocation, counters, times, sizes, files and, if the tools are installed, calls and profile."""
    found = env_copy.diagnosed()
    missing = {evidence["collector"]: evidence["missing"] for evidence in found["evidence"]}
    if shutil.which("strace"):
        calls = figures(found, "system_calls")
        assert calls["system_calls"]["bad"][0] > calls["system_calls.write"]["bad"][0] > 10
        assert len(calls["system_calls"]["bad"]) == 3
    else:
        assert missing["system_calls"].startswith("it needs `strace`")
    if not missing["profile"]:
        copies = figures(found, "profile")["self.Stdlib.Hashtbl.copy_bucketlist"]
        assert min(copies["bad"]) > max(copies["good"])
    words = figures(found, "ocaml_gc")
    assert words["allocated_words"]["bad"][0] > 2 * words["allocated_words"]["good"][0] > 0
    assert len(figures(found, "times")["user_time"]["bad"]) == 6
    assert figures(found, "output_size")["output_size"]["bad"][0] > 100_000
    assert figures(found, "changed_files")["changed_files.build"] == {"good": [], "bad": [1.0]}


def test_nothing_is_measured_twice_unless_asked(env_copy: Sample) -> None:
    """The second time, the figures come from the journal. With --again they are measured again."""
    ask = ("--evidence", "times")
    first = env_copy.diagnosed(*ask)
    second = env_copy.diagnosed(*ask)
    again = env_copy.diagnosed(*ask, "--again")
    assert "times: already gathered at" in second["stderr"]
    assert "times: already gathered at" not in again["stderr"]
    assert figures(second, "times") == figures(first, "times") != figures(again, "times")


def test_the_progress_log_gets_the_table_once(env_copy: Sample) -> None:
    """Two equal diagnoses give one entry under the heading, with the verdicts as a table."""
    for _ in range(2):
        found = env_copy.diagnosed("--evidence", "counters", "--evidence", "patched_counters")
    text = (env_copy.folder / "plan.md").read_text()
    row = "| env-as-value churn | env-copied-bindings ratio > 10 |"
    assert row in found["markdown"]
    assert text.count(found["markdown"]) == 1
    assert text.index("## Progress log\n\nNewest first.") < text.index(found["markdown"])


def without_tracers(folder: Path) -> str:
    """A PATH with all programs except strace and perf."""
    places = []
    for at, place in enumerate(map(Path, os.environ["PATH"].split(os.pathsep))):
        tracers = [name for name in ("strace", "perf") if (place / name).exists()]
        mirror = folder / str(at)
        if tracers:
            mirror.mkdir(parents=True)
            for entry in place.iterdir():
                if entry.name not in tracers:
                    (mirror / entry.name).symlink_to(entry)
        places.append(str(mirror if tracers else place))
    return os.pathsep.join(places)


FORMS = r'(epoch 1)\n(load "spec/prelude.sx")\n(epoch 2)\n(sum (map (fn (x) (* x x)) (range 0 400)))\n'
REDUCED = f"printf '{FORMS}' | hosts/ocaml/_build/default/bin/sx_server.exe"


def test_callgrind_counts_the_reduced_workload(env_copy: Sample, tmp_path: Path) -> None:
    """Without perf, instructions are counted once, and the copying has a large own and total share."""
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    text = (env_copy.folder / "hunt.yaml").read_text()
    start = text.index("reduced: ")
    line = f"reduced: |\n        {REDUCED}"
    (env_copy.folder / "callgrind.yaml").write_text(text[:start] + line + text[text.index("\n", start) :])
    path = without_tracers(tmp_path / "bin")
    found = env_copy.diagnosed("--config", "callgrind.yaml", "--evidence", "profile", PATH=path)
    profile = figures(found, "profile")
    assert len(profile["instructions"]["bad"]) == 1
    assert profile["instructions"]["bad"][0] > 1.5 * profile["instructions"]["good"][0]
    assert profile["total.Sx_env.enter"]["bad"][0] > 10 > profile["total.Sx_env.enter"]["good"][0]
    assert profile["self.Stdlib.Hashtbl.copy_bucketlist"]["bad"][0] > 1


def test_a_missing_tool_is_one_sentence_and_the_others_go_on(env_copy: Sample, tmp_path: Path) -> None:
    """Without strace its evidence is missing, with the reason. A request for it by name is exit code 6."""
    path = without_tracers(tmp_path / "bin")
    text = (env_copy.folder / "hunt.yaml").read_text()
    head, _, tail = text.partition("  evidence:\n")
    hypotheses = tail[tail.index("  hypotheses:") :]
    few = head + "  evidence: [system_calls, counters]\n" + hypotheses
    (env_copy.folder / "few.yaml").write_text(few)
    found = env_copy.diagnosed("--config", "few.yaml", "--again", PATH=path)
    assert [evidence["missing"] for evidence in found["evidence"]] == [
        "it needs `strace`, which is not on PATH; install it",
        "",
    ]
    assert verdicts(found)["env-as-value churn"] == "validated"
    assert verdicts(found)["JIT cache miss"] == "inconclusive"
    done = bisector(
        *("diagnose", "--config", "few.yaml", "--again", "--evidence", "system_calls", env_copy.culprit),
        folder=env_copy.folder,
        PATH=path,
    )
    assert done.returncode == 6
    assert "cannot gather the evidence system_calls: it needs `strace`" in done.stderr


def test_a_patch_that_does_not_apply_is_missing_evidence(env_copy: Sample) -> None:
    """The commit and the patch are named, and the other evidence is complete."""
    text = (env_copy.folder / "hunt.yaml").read_text()
    (env_copy.folder / "wrong.patch").write_text(
        (env_copy.folder / "jit-counters.patch").read_text().replace("let limit = 1024", "let limit = 7")
    )
    (env_copy.folder / "wrong.yaml").write_text(text.replace("jit-counters.patch", "wrong.patch"))
    done = bisector(
        *("diagnose", "--config", "wrong.yaml", "--evidence", "patched_counters", env_copy.culprit),
        folder=env_copy.folder,
    )
    assert done.returncode == 6
    assert "the patch wrong.patch does not apply to this commit" in done.stderr


def test_an_interrupted_diagnosis_leaves_nothing(env_copy: Sample) -> None:
    """Ctrl-C during the tests gives exit code 130, and removes slots, worktrees and locks."""
    before = env_copy.traces()
    arguments = ("diagnose", "--config", "hunt.yaml", "--again", "--evidence", "times", env_copy.culprit)
    slots = env_copy.folder / "worktrees/slots"
    assert until_interrupted(arguments, env_copy.folder, lambda: any(slots.glob("2/*/lib")), SIGINT) == 130
    assert env_copy.traces() == before


def test_the_collector_to_copy_works(env_copy: Sample) -> None:
    """The collector in the how-to can be saved next to the hunt file and used by its path."""
    (text,) = fences(PAGE, "python")
    (env_copy.folder / "open_files.py").write_text(text)
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    opened = figures(env_copy.diagnosed("--evidence", "./open_files.py"), "open_files")["opened_files"]
    assert len(opened["good"]) == len(opened["bad"]) == 6
    assert min(opened["bad"]) > 10


def test_the_how_to_names_every_collector() -> None:
    """The table has a row for each shipped collector, and no others."""
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(rows) == list(COLLECTORS.shipped())


def test_a_merge_is_compared_with_the_parent_that_is_named(tmp_path: Path) -> None:
    """Both parents of the bad merge are good. The cause shows against the second parent, not the first."""
    made = sample(tmp_path / "sample", "merge")
    first, second = git(made.repo, "rev-parse", f"{made.culprit}^1", f"{made.culprit}^2").split()
    found = made.diagnosed("--evidence", "patched_counters", "--against", f"{made.culprit}^2")
    assert (found["against"], verdicts(found)["JIT cache miss"]) == (second, "validated")
    assert f"(its other parent: {first[:12]})" in found["markdown"]


def test_a_commit_that_does_not_build_cannot_be_diagnosed(tmp_path: Path) -> None:
    """One sentence says which commit, why, and what to do."""
    made = sample(tmp_path / "sample", "hidden")
    done = bisector("diagnose", "--config", "hunt.yaml", made.culprit, folder=made.folder)
    assert done.returncode == 2
    assert "so there is nothing to compare: the build fails" in done.stderr
    assert "--against" in done.stderr


def concluded(made: Sample, conclude: Callable[[str], FirstBad | AnyOf]) -> None:
    """Write a conclusion about the first bad commit into the journal, as a hunt does at its end."""
    path = made.folder / "hunt.yaml"
    ground = Ground(load(path), path, os.environ)
    session = Session(ground, ground.hunt.good)
    journal = Journal(ground.scratch.journal)
    row = journal.begin(session.key, ground.hunt.hunt, ground.hunt.model_dump(mode="json"))
    journal.conclude(row.id, conclude(made.culprit))
    journal.close()


def test_the_commit_comes_from_the_hunts_conclusion(tmp_path: Path) -> None:
    """Without a commit, it is the hunt's first bad one. Without a hunt, the message says what to do."""
    made = sample(tmp_path / "sample", "env-copy")
    command = ("diagnose", "--config", "hunt.yaml", "--evidence", "changed_files")
    done = bisector(*command, folder=made.folder)
    assert done.returncode == 2
    assert "has no first bad commit yet; find it with `bisector run` or name a commit" in done.stderr
    concluded(made, lambda culprit: AnyOf((culprit, culprit), (0.5, 0.5)))
    done = bisector(*command, folder=made.folder)
    assert done.returncode == 2 and "has 2 commits left" in done.stderr
    concluded(made, lambda culprit: FirstBad(culprit, 0.99, True))
    done = bisector(*command, "--md", "-", folder=made.folder)
    assert f"commit {made.culprit[:12]}" in done.stdout, done.stderr
    assert done.returncode == 5, "no hypothesis is decided by changed files"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere",), "has no commit 'nowhere'"),
        (("architecture", "--against", "architecture"), "with itself; name another"),
        (("architecture", "--evidence", "couters"), "no collector 'couters'; did you mean 'counters'?"),
    ],
)
def test_what_cannot_be_diagnosed_is_refused(
    env_copy: Sample, arguments: tuple[str, ...], sentence: str
) -> None:
    """An invalid request gives one sentence and exit code 2, before anything is built."""
    done = bisector("diagnose", "--config", "hunt.yaml", *arguments, folder=env_copy.folder)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert sentence in done.stderr


def test_the_first_commit_has_no_parent(env_copy: Sample) -> None:
    """The message for a commit without a parent says what to do."""
    root = git(env_copy.repo, "rev-list", "--max-parents=0", "architecture").strip()
    done = bisector("diagnose", "--config", "hunt.yaml", root, folder=env_copy.folder)
    assert done.returncode == 2
    assert "has no parent to compare with; name another commit with --against" in done.stderr


def test_options_of_collectors_are_checked(env_copy: Sample) -> None:
    """An error is reported with file and line before anything is built."""
    text = (env_copy.folder / "hunt.yaml").read_text()
    (env_copy.folder / "typo.yaml").write_text(text.replace("      reduced:", "      reduce:"))
    line = 1 + text[: text.index("      reduced:")].count("\n")
    done = bisector("diagnose", "--config", "typo.yaml", env_copy.culprit, folder=env_copy.folder)
    assert done.returncode == 2
    assert (
        f"typo.yaml:{line}: diagnose.evidence[7].reduce: unknown key; did you mean 'reduced'?" in done.stderr
    )
