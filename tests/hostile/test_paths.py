"""A hunt with links that point outside the slot, in a repository with an odd name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git_history import git
from tests.hostile.in_process import Done, done, standing_in

NOT_YET = pytest.mark.xfail(strict=True, reason="not looked at yet")
SETTINGS = [
    pytest.param("build={command: 'true', outputs: [away/score.json]}", id="an output"),
    pytest.param("build={command: 'touch built', folder: away}", id="the build's folder"),
    pytest.param("test.folder=away", id="the test's folder"),
]


def _repository(folder: Path, outside: Path) -> None:
    """Two commits, both with a link `away` that points outside."""
    folder.mkdir(parents=True)
    outside.mkdir()
    (outside / "score.json").write_text('{"eval": {"passed": 4711, "total": 4712}}')
    git(folder, "init", "--quiet")
    (folder / "away").symlink_to(outside)
    for number in "12":
        (folder / "number").write_text(number)
        git(folder, "add", "-A")
        git(folder, "commit", "--quiet", "-m", number)


def _run(folder: Path, *words: str, repo: str = "repo") -> Done:
    with standing_in(folder):
        return done("run", "--repo", repo, "--good", "main~1", "--scratch", "scratch", *words)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_path_that_leads_out_makes_the_commit_untestable(tmp_path: Path, setting: str) -> None:
    """Nothing outside is built, tested or stored, and the hunt is inconclusive."""
    _repository(tmp_path / "repo", tmp_path / "outside")
    ended = _run(tmp_path, "--test", "touch tested; test $(cat number) = 1", "--set", setting)
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["score.json"]
    assert ended.code == 5, ended


def test_a_scoreboard_out_there_is_not_read(tmp_path: Path) -> None:
    """The figures of a scoreboard outside the slot do not count as those of the test."""
    _repository(tmp_path / "repo", tmp_path / "outside")
    words = ("--repo", "repo", "--set", "scratch=scratch", "--set", "suites={scoreboard: away/score.json}")
    (tmp_path / "hunt.yaml").write_text("good: main~1\ntest: {command: 'touch away/score.json'}\n")
    with standing_in(tmp_path):
        ended = done("quantify", "-c", "hunt.yaml", "--json", *words)
    assert "4711" not in ended.out
    assert ended.code == 2 and "report what passed" in ended.err


@pytest.mark.parametrize("name", ["[/x] repo", "re\x1b[2Jpo\n::error::x"])
def test_a_folder_s_name_is_no_markup(tmp_path: Path, name: str) -> None:
    """Brackets in a path are shown unchanged, and control characters in it have no effect."""
    _repository(tmp_path / name, tmp_path / "outside")
    ended = _run(tmp_path, "--test", "test $(cat number) = 1", repo=name)
    assert ended.code == 0, ended.err
    assert "\x1b" not in ended.out and "\n::error" not in ended.out
    assert name.split("\x1b")[0] in ended.out
