"""A commit that fails only for want of what the user's checkout has is not the first bad commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import bisector, summary_of
from tests.git_history import Node, write_history

PLAIN = "test ! -f bug\n"


def history(folder: Path, later: str, *, build: bool = False) -> dict[str, str]:
    """Eight commits with a bug from c5 on, and a test that is `later` from c3 on."""
    nodes = []
    for at in range(1, 9):
        files = {"n": str(at), "t.sh": later if at >= 3 else PLAIN, ".gitignore": ".env\nout\n"}
        files |= {"bug": "x"} if at >= 5 else {}
        files |= {"build.sh": "echo 1 > out\n" if at < 5 else "true\n"} if build else {}
        nodes.append(Node(f"c{at}", [f"c{at - 1}"] if at > 1 else [], files))
    return write_history(folder, nodes)


def test_a_file_that_later_commits_need(tmp_path: Path) -> None:
    """With the file of the checkout, the commit is good: the answer would be wrong, and the line mends it."""
    ids = history(tmp_path / "r", f". ./.env || exit 3\n{PLAIN}")
    (tmp_path / "r/.env").write_text("x=1\n")
    hunt = ("--good", "main~7", "--test", "bash t.sh")
    found = summary_of(*hunt, folder=tmp_path / "r")
    assert (found["conclusion"], found["exit_code"]) == ("inconclusive", 5)
    assert f"commit {ids['c3'][:12]} is bad only because a slot lacks .env" in found["reason"].lower()
    assert "overlay=[{file: .env, to: .env}]" in found["reason"]
    again = summary_of(*hunt, "--set", "overlay=[{file: .env, to: .env}]", folder=tmp_path / "r")
    assert again["first_bad"] == ids["c5"]


def test_a_file_that_nobody_has_is_the_regression(tmp_path: Path) -> None:
    """The checkout has none either."""
    ids = history(tmp_path / "r", f". ./.env || exit 3\n{PLAIN}")
    found = summary_of("--good", "main~7", "--test", "bash t.sh", folder=tmp_path / "r")
    assert found["first_bad"] == ids["c3"]


def test_a_file_that_is_not_the_reason(tmp_path: Path) -> None:
    """The commit fails with it too."""
    ids = history(tmp_path / "r", "cat .env; false\n")
    (tmp_path / "r/.env").write_text("x=1\n")
    found = summary_of("--good", "main~7", "--test", "bash t.sh", folder=tmp_path / "r")
    assert found["first_bad"] == ids["c3"]


def test_an_old_product_in_the_checkout_hides_no_regression(tmp_path: Path) -> None:
    """Good builds the file and the first bad commit no longer does; the checkout has an old one."""
    ids = history(tmp_path / "r", "cat out\n", build=True)
    (tmp_path / "r/out").write_text("old\n")
    work = ("--build", "sh build.sh", "--test", "cat out")
    found = summary_of("--good", "main~7", *work, folder=tmp_path / "r")
    assert found["first_bad"] == ids["c5"]


def test_a_variable_that_later_commits_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the user's shell; the history sees its value only if the user says so."""
    ids = history(tmp_path / "r", f'test -n "$SHOP_URL" || {{ echo SHOP_URL is not set; exit 1; }}\n{PLAIN}')
    hunt = ("--good", "main~7", "--test", "sh t.sh")
    assert summary_of(*hunt, folder=tmp_path / "r")["first_bad"] == ids["c3"]
    monkeypatch.setenv("SHOP_URL", "http://shop")
    found = summary_of(*hunt, "--restart", folder=tmp_path / "r")
    assert (found["conclusion"], found["exit_code"]) == ("inconclusive", 5)
    assert "`--set 'environment.pass=[SHOP_URL]'`" in found["reason"]
    again = summary_of(*hunt, "--set", "environment.pass=[SHOP_URL]", folder=tmp_path / "r")
    assert again["first_bad"] == ids["c5"]


def test_a_walk_back_names_what_every_commit_lacks(tmp_path: Path) -> None:
    """No commit is good without the file; with the line that is printed, one is found."""
    ids, repo = history(tmp_path / "r", f". ./.env || exit 3\n{PLAIN}"), tmp_path / "r"
    (repo / ".env").write_text("x=1\n")
    hunt = ("--good", "auto", "--since", ids["c3"], "--test", "bash t.sh")
    done = bisector("run", *hunt, folder=repo)
    assert done.returncode == 2
    assert "reports that .env is missing, which only your checkout has" in done.stderr
    line = "overlay=[{file: .env, to: .env}]"
    assert f"--set '{line}'" in done.stderr
    assert summary_of(*hunt, "--set", line, folder=repo)["first_bad"] == ids["c5"]


SILENT = 'x=; test ! -f local.conf || . ./local.conf; test -n "$x" || exit 1\n'


def test_a_file_that_later_commits_read_with_a_silent_default(tmp_path: Path) -> None:
    """No output names it, but the change does: with it the commit is good, as in the checkout."""
    ids = history(tmp_path / "r", SILENT + PLAIN)
    (tmp_path / "r/local.conf").write_text("x=1\n")
    found = summary_of("--good", "main~7", "--test", "bash t.sh", folder=tmp_path / "r")
    assert (found["conclusion"], found["exit_code"]) == ("inconclusive", 5)
    assert f"{ids['c3'][:12]} is bad only because a slot lacks local.conf" in found["reason"]
    own = "overlay=[{file: local.conf, to: local.conf}]"
    again = summary_of("--good", "main~7", "--test", "bash t.sh", "--set", own, folder=tmp_path / "r")
    assert again["first_bad"] == ids["c5"]


def test_an_untracked_file_that_the_change_names_and_that_is_not_the_reason(tmp_path: Path) -> None:
    """The commit is bad with it too, so the answer stands."""
    ids = history(tmp_path / "r", "test -f local.conf; false\n")
    (tmp_path / "r/local.conf").write_text("x=1\n")
    found = summary_of("--good", "main~7", "--test", "bash t.sh", folder=tmp_path / "r")
    assert found["first_bad"] == ids["c3"]


def test_a_variable_that_later_commits_read_with_a_silent_default(tmp_path: Path) -> None:
    """The history may not see its value unasked, so the answer stands, with a doubt."""
    ids = history(tmp_path / "r", f'test -n "$MY_SETTING" || exit 1\n{PLAIN}')
    hunt = ("--good", "main~7", "--test", "bash t.sh")
    found = summary_of(*hunt, folder=tmp_path / "r", MY_SETTING="on")
    assert found["first_bad"] == ids["c3"]
    assert "Note: its change reads MY_SETTING, which your shell has and tests do not see" in found["reason"]
    own = ("--set", "environment.pass=[MY_SETTING]")
    assert summary_of(*hunt, *own, folder=tmp_path / "r", MY_SETTING="on")["first_bad"] == ids["c5"]
