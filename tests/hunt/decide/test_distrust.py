"""An endpoint that differs from what the user said is built clean before bisector believes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bisector.hunt.decide.distrust import are_misled
from bisector.predicate import Bad, Good, Judgement, Measured
from bisector.probe.reading import Reading, Role
from tests.cli.running import bisector, summary_of
from tests.git_history import chain, write_history

BAD_AT, LENGTH = 6, 9


def _readings(judgements: Sequence[Judgement], *, clean: bool) -> list[Reading]:
    return [Reading("c", Role.PREMISE, judgement, datetime.now(UTC), clean=clean) for judgement in judgements]


GOOD, BAD = Good(""), Bad("")


@pytest.mark.parametrize(
    ("shared", "clean", "misled"),
    [
        ([GOOD], [BAD, BAD, BAD], True),
        ([GOOD], [BAD, BAD], False),
        ([GOOD], [BAD, GOOD, BAD, BAD], False),
        ([GOOD, BAD], [BAD, BAD, BAD], False),
        ([GOOD], [], False),
        ([], [BAD, BAD, BAD], False),
        ([Measured(1.0, ""), Measured(1.0, "")], [Measured(2.0, "")] * 3, True),
        ([Measured(1.0, ""), Measured(1.0, "")], [Measured(1.1, "")] * 3, False),
    ],
)
def test_clean_readings_must_all_contradict_the_others(
    shared: list[Judgement], clean: list[Judgement], misled: bool
) -> None:
    """There must be enough clean readings, without exception, and by more than the required ratio."""
    readings = _readings(shared, clean=False) + _readings(clean, clean=True)
    assert are_misled(readings, 1.2) is misled


BUILDS = {
    "a forgotten input": {"command": "cp app out", "outputs": ["out"], "inputs": ["build.sh"]},
    "nothing made anew": {"command": "test -e out || cp app out"},
}
JUDGES = {
    "verdicts": {"test": {"command": 'test "$(cat out)" -lt 200'}},
    "ratios": {
        "test": {"command": 'echo "work: $(cat out)"'},
        "predicate": {"name": "counter", "pattern": r"work: (?P<value>\d+)"},
    },
}


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("judge", JUDGES)
def test_a_build_that_is_shared_by_mistake_hides_no_regression(
    tmp_path: Path, build: str, judge: str
) -> None:
    """The endpoints look the same until they are built clean. Then the first bad commit is found."""
    files = {
        at: {"app": "100" if at < BAD_AT else "200", "build.sh": "", ".gitignore": "out\n", "n": str(at)}
        for at in range(LENGTH)
    }
    ids = write_history(tmp_path / "repo", chain(LENGTH, files))
    hunt = {"repository": "repo", "good": ids["c0"], "scratch": "scratch"}
    document = {**hunt, "build": BUILDS[build], **JUDGES[judge]}
    (tmp_path / "hunt.yaml").write_text(yaml.safe_dump(document))
    found = summary_of("--config", "hunt.yaml", folder=tmp_path)
    assert (found["conclusion"], found["first_bad"], found["confirmed"]) == ("first-bad", ids["c6"], True)
    told = bisector("run", "--config", "hunt.yaml", "--restart", folder=tmp_path).stdout
    assert "does `build.inputs` name every file that the build reads" in " ".join(told.split())
