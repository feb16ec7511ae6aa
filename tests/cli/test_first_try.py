"""First tries as typed: each finds the commit, or says what is missing and what to add."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bisector.hunt_file import load
from tests.cli.running import WORK, bisector, shell_history
from tests.cli.terminal import typed
from tests.git_history import Node, git, write_history

LATE = 5
"""The first bad commit of 8."""
GOOD = ("--good", "main~7")


def history(folder: Path, **files: str | tuple[int, str]) -> dict[str, str]:
    """Eight commits with a file `bug` from c5 on; of a pair (n, text) the file exists from commit n on."""
    nodes = []
    for at in range(1, 9):
        contents = {"n": str(at), **({"bug": "x"} if at >= LATE else {})}
        for name, one in files.items():
            since, text = one if isinstance(one, tuple) else (1, one)
            if at >= since:
                contents[name.replace("__", "/").replace("_", ".")] = text
        nodes.append(Node(f"c{at}", [f"c{at - 1}"] if at > 1 else [], contents))
    return write_history(folder, nodes)


def run(folder: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    """The output of `run --json`, whatever its exit code."""
    done = bisector("run", "--json", *GOOD, *arguments, folder=folder, **environment)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def advice_of(found: dict[str, Any]) -> str:
    return "\n".join(" ".join(filter(None, one.values())) for one in found["advice"])


def test_an_untracked_script_is_brought_into_every_commit(tmp_path: Path) -> None:
    """As it stays in the checkout of a person who bisects by hand; the report's command brings it too."""
    ids = history(tmp_path / "r")
    (tmp_path / "r/check.sh").write_text("#!/bin/sh\ntest ! -f bug\n")
    (tmp_path / "r/check.sh").chmod(0o755)
    done = bisector("run", *GOOD, "--test", "./check.sh", folder=tmp_path / "r")
    assert f"first bad commit {ids['c5'][:12]}" in done.stdout
    assert "check.sh is untracked: testing every commit with the file in your checkout" in done.stdout
    assert git(tmp_path / "r", "status", "--porcelain").strip() == "?? check.sh"
    shown = bisector("report", *GOOD, "--test", "./check.sh", folder=tmp_path / "r")
    assert "--set 'overlay=[" in shown.stdout, shown.stderr


def test_a_script_of_later_commits_is_brought_into_all(tmp_path: Path) -> None:
    """A test that was written with the bug's report, after good."""
    ids = history(tmp_path / "r", check_sh=(6, "test ! -f bug\n"))
    done = bisector("run", *GOOD, "--test", "sh check.sh", folder=tmp_path / "r")
    assert f"first bad commit {ids['c5'][:12]}" in done.stdout
    assert "check.sh is not in good: testing every commit with the file of bad" in done.stdout


def test_a_file_that_the_test_looks_for_is_never_brought(tmp_path: Path) -> None:
    """Only what a command begins with is a script: `bug` itself is the regression."""
    ids = history(tmp_path / "r")
    found = run(tmp_path / "r", "--test", "test ! -f ./bug && test ! -f bug")
    assert found["first_bad"] == ids["c5"]


def test_a_build_product_is_never_brought(tmp_path: Path) -> None:
    """An ignored or binary file beside the sources may be old: the build makes it."""
    ids = history(tmp_path / "r", _gitignore="app\n", check_sh="test ! -f bug\n")
    (tmp_path / "r/app").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "r/app").chmod(0o755)
    build = "cp check.sh app && chmod +x app && sed -i '1i #!/bin/sh' app"
    assert run(tmp_path / "r", "--build", build, "--test", "./app")["first_bad"] == ids["c5"]
    (tmp_path / "r/.git/info/exclude").write_text("")
    (tmp_path / "r/prog").write_bytes(b"\x7fELF\0\0")
    found = run(tmp_path / "r", "--test", "./prog")
    assert found["conclusion"] == "inconclusive"


def test_a_file_that_the_script_misses_is_named(tmp_path: Path) -> None:
    """An ignored settings file; the line to add works."""
    ids = history(tmp_path / "r", check_sh=". ./.env || exit 3\ntest ! -f $WANTED\n", _gitignore=".env\n")
    (tmp_path / "r/.env").write_text("WANTED=bug\n")
    found = run(tmp_path / "r", "--test", "bash check.sh")
    assert found["conclusion"] == "good-is-bad", found
    (advice,) = found["advice"]
    assert advice["add"] == "overlay: [{file: .env, to: .env}]"
    assert "ignored by git" in advice["why"]
    assert any(".env: No such file" in line for one in found["output"] for line in one["lines"])
    value = re.sub(r"^overlay: ", "overlay=", advice["add"])
    assert run(tmp_path / "r", "--test", "bash check.sh", "--set", value)["first_bad"] == ids["c5"]


def test_a_variable_that_only_the_shell_has_is_named(tmp_path: Path) -> None:
    """With the line that passes it on; its value is nowhere."""
    script = 'test -n "$ORDERS_DB_URL" || { echo "ORDERS_DB_URL is not set"; exit 1; }\n'
    script += 'echo "connecting to $ORDERS_DB_URL"; test ! -f bug\n'
    ids = history(tmp_path / "r", check_sh=script)
    secret = {"ORDERS_DB_URL": "postgres://user:hunter2@db/orders"}
    found = run(tmp_path / "r", "--test", "sh check.sh", **secret)
    assert found["conclusion"] == "good-is-bad"
    assert [one["add"] for one in found["advice"]] == ["environment: {pass: [ORDERS_DB_URL]}"]
    passing = ("--test", "sh check.sh", "--set", "environment.pass=[ORDERS_DB_URL]")
    assert run(tmp_path / "r", *passing, **secret)["first_bad"] == ids["c5"]


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """What the hunt passes on is masked in the lines that are shown."""
    history(tmp_path / "r", check_sh='echo "connecting to $DB_URL"; exit 1\n')
    passing = ("--test", "sh check.sh", "--set", "environment.pass=[DB_URL]")
    done = bisector("run", *GOOD, *passing, folder=tmp_path / "r", DB_URL="postgres://hunter2@db/orders")
    assert "connecting to ***" in done.stdout
    assert "hunter2" not in done.stdout
    markdown = bisector(
        "report", *GOOD, *passing, folder=tmp_path / "r", DB_URL="postgres://hunter2@db/orders"
    )
    assert "hunter2" not in markdown.stdout
    assert "connecting to \\*\\*\\*" in markdown.stdout or "connecting to ***" in markdown.stdout


def test_a_submodule_that_is_not_initialised(tmp_path: Path) -> None:
    """The command that initialises it."""
    library = tmp_path / "library"
    write_history(library, [Node("one", [], {"v": "1"})])
    history(tmp_path / "r", build_sh="cat lib/v\n", t_sh="test ! -f bug\n")
    git(tmp_path / "r", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "lib")
    git(tmp_path / "r", "commit", "-qm", "add lib")
    git(tmp_path / "r", "commit", "-q", "--allow-empty", "-m", "more")
    git(tmp_path, "clone", "-q", "r", "clone")
    done = bisector(
        *("run", "--good", "HEAD~1", "--build", "sh build.sh", "--test", "sh t.sh"), folder=tmp_path / "clone"
    )
    assert done.returncode == 5
    assert "the submodule lib is not initialised in" in done.stdout
    assert "git submodule update --init --recursive lib" in done.stdout


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'OSError: AF_UNIX path too long' >&2; exit 1\n", "--scratch"),
        ("echo 'Error: listen EINVAL: invalid argument /w/slots/1/tree/a.sock' >&2; exit 1\n", "--scratch"),
        ("echo 'psql: could not connect to server: Connection refused' >&2; exit 2\n", "seems to be down"),
    ],
)
def test_what_surrounds_a_commit(tmp_path: Path, script: str, said: str) -> None:
    """A socket in a long folder, a service that is down."""
    history(tmp_path / "r", check_sh=script)
    done = bisector("run", *GOOD, "--test", "sh check.sh", folder=tmp_path / "r")
    assert done.returncode == 7
    assert said in done.stdout


def test_a_command_of_the_top_in_a_subfolder(tmp_path: Path) -> None:
    """The user stands in api/ and names a path from the top: the next command says so."""
    ids = history(tmp_path / "r", api__check_sh="test ! -f bug\n", api__n="1")
    found = run(tmp_path / "r/api", "--test", "sh api/check.sh")
    assert found["advice"][0]["add"] == "test: {folder: .}", found["advice"]
    again = run(tmp_path / "r/api", "--test", "sh api/check.sh", "--set", "test.folder=.")
    assert again["first_bad"] == ids["c5"]


def test_the_next_command_after_a_good_that_is_bad(tmp_path: Path) -> None:
    """It can be pasted, and finds the commit."""
    ids = history(tmp_path / "r")
    test = ("--test", "test ! -f bug")
    done = bisector("run", "--good", "main~2", *test, folder=tmp_path / "r")
    assert done.returncode == 7
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("next: ")]
    assert line == "next: bisector run --good auto --test 'test ! -f bug'"
    assert bisector("run", "--json", "--good", "auto", *test, folder=tmp_path / "r").returncode == 0
    assert ids["c5"]


def test_the_next_command_after_an_old_end_that_is_of_the_new_kind(tmp_path: Path) -> None:
    """It names no end twice: the walk back needs its own good commit, and the new end as the bad one."""
    history(tmp_path / "r")
    ends = ("--old", "main~2", "--new", "main")
    done = bisector("run", *ends, "--test", "test ! -f bug", folder=tmp_path / "r")
    assert done.returncode == 7
    lines = [one for one in done.stdout.splitlines() if one.startswith("next: ")]
    assert lines == ["next: bisector run --test 'test ! -f bug' --good auto --bad main"]


def test_on_a_terminal_the_line_is_added_and_the_hunt_goes_on(tmp_path: Path) -> None:
    """Into a hunt file, comments kept; without one, as an option of this start."""
    ids = history(tmp_path / "r", check_sh=". ./.env || exit 3\ntest ! -f $WANTED\n", _gitignore=".env\n")
    (tmp_path / "r/.env").write_text("WANTED=bug\n")
    code, screen = typed(["run", *GOOD, "--test", "bash check.sh"], tmp_path / "r", [("and go on?", "y\n")])
    assert code == 0, screen
    assert ids["c5"][:12] in screen
    file = tmp_path / "h.yaml"
    (tmp_path / "other.txt").write_text("mine\n")
    file.write_text(
        "# mine\nrepository: r\ngood: main~7\ntest: {command: bash check.sh}  # the test\n"
        "overlay: [{file: other.txt, to: other.txt}]\n"
    )
    code, screen = typed(["run", "--config", "h.yaml"], tmp_path, [("and go on?", "\n")])
    assert code == 0, screen
    text = file.read_text()
    assert text.startswith("# mine\n")
    assert "# the test" in text
    assert [one.target for one in load(file).overlay] == ["other.txt", ".env"]
    assert "{file: other.txt, to: other.txt}" in text


def test_a_no_changes_nothing(tmp_path: Path) -> None:
    """The conclusion stands."""
    history(tmp_path / "r", check_sh=". ./.env || exit 3\n", _gitignore=".env\n")
    (tmp_path / "r/.env").write_text("WANTED=bug\n")
    code, screen = typed(["run", *GOOD, "--test", "bash check.sh"], tmp_path / "r", [("and go on?", "n\n")])
    assert code == 7, screen


def test_installed_packages_get_a_setup(tmp_path: Path) -> None:
    """The checkout has node_modules; the lock file says how a slot gets it."""
    manifest = '{"scripts": {"test": "node_modules/.bin/check"}}'
    ids = history(
        tmp_path / "r", package_json=manifest, **{"package-lock_json": "{}"}, _gitignore="node_modules\n"
    )
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    install = "mkdir -p node_modules/.bin && printf '#!/bin/sh\\ntest ! -f bug\\n' > node_modules/.bin/check"
    (bin_folder / "npm").write_text(f"#!/bin/sh\n{install} && chmod +x node_modules/.bin/check\n")
    (bin_folder / "npm").chmod(0o755)
    path = {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    subprocess.run(["npm"], cwd=tmp_path / "r", env={**os.environ, **path}, check=True)
    found = run(tmp_path / "r", "--test", "node_modules/.bin/check", **path)
    (advice,) = found["advice"]
    assert advice["add"].startswith("setup: {command: 'npm ci', key: [package.json, package-lock.json]")
    value = advice["add"].replace("setup: ", "setup=", 1)
    again = run(tmp_path / "r", "--test", "node_modules/.bin/check", "--set", value, **path)
    assert again["first_bad"] == ids["c5"]


def test_untestable_commits_show_what_they_printed(tmp_path: Path) -> None:
    """Where only untestable commits are left, the reason decides what to do about them."""
    shell_history(tmp_path / "r", bad_at=8, broken=(7, 8))
    command = ("--build", "echo compiling; sh build.sh || { echo 'a.c:1: error: no'; exit 3; }")
    done = bisector("run", *command, *WORK[2:], folder=tmp_path / "r")
    assert done.returncode == 4
    assert "  │ compiling\n  │ a.c:1: error: no\n" in done.stdout


def test_tests_that_exclude_each_other_are_told_to_run_one_at_a_time(tmp_path: Path) -> None:
    """With two jobs, a test that finds the other's lock fails, and a cancelled one leaves its lock."""
    history(tmp_path / "r")
    lock = tmp_path / "lock"
    test = f"mkdir {lock} || exit 1; sleep .3; rmdir {lock}; test ! -f bug"
    found = run(tmp_path / "r", "--test", test, "--jobs", "2")
    assert not found.get("confirmed")
    assert "--jobs 1" in advice_of(found) + "".join(found["next"])


def test_what_an_overlay_brings_already_is_not_proposed(tmp_path: Path) -> None:
    """A wrong endpoint with an untracked script: the next command is what helps, and it works."""
    ids = history(tmp_path / "r")
    (tmp_path / "r/t.sh").write_text("test ! -f bug\n")
    done = bisector("run", "--good", "main~2", "--test", "sh t.sh", folder=tmp_path / "r")
    assert done.returncode == 7
    assert "your checkout but" not in done.stdout
    assert done.stdout.splitlines()[-1] == "next: bisector run --good auto --test 'sh t.sh'"
    found = bisector("run", "--json", "--good", "auto", "--test", "sh t.sh", folder=tmp_path / "r")
    assert json.loads(found.stdout)["first_bad"] == ids["c5"]


def test_a_changed_script_is_told(tmp_path: Path) -> None:
    """Commits have their own versions, which is not what the user sees in the checkout."""
    ids = history(tmp_path / "r", t_sh="true\n")
    (tmp_path / "r/t.sh").write_text("test ! -f bug\n")
    done = bisector("run", *GOOD, "--test", "sh t.sh", folder=tmp_path / "r")
    assert done.returncode == 3
    assert "t.sh has local changes, which are not tested" in done.stdout
    tests_yours = "overlay=[{file: t.sh, to: t.sh}]"
    assert tests_yours in done.stdout
    assert run(tmp_path / "r", "--test", "sh t.sh", "--set", tests_yours)["first_bad"] == ids["c5"]


@pytest.mark.parametrize("name", ["my tests/check it.sh", "it's.sh"])
def test_a_script_with_spaces_or_quotes(tmp_path: Path, name: str) -> None:
    """Its name is that of one word of the shell."""
    ids = history(tmp_path / "r")
    script = tmp_path / "r" / name
    script.parent.mkdir(exist_ok=True)
    script.write_text("#!/bin/sh\ntest ! -f bug\n")
    script.chmod(0o755)
    assert run(tmp_path / "r", "--test", f'sh "./{name}"')["first_bad"] == ids["c5"]
    assert run(tmp_path / "r", "--test", f'"./{name}"')["first_bad"] == ids["c5"]


def test_the_cause_of_a_long_failure_is_shown(tmp_path: Path) -> None:
    """A stack trace after the error does not hide it."""
    noise = 'for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "    at frame $n"; done'
    history(tmp_path / "r", t_sh=f"echo \"Error: Cannot find module 'leftpad'\"; {noise}; exit 1\n")
    found = run(tmp_path / "r", "--test", "sh t.sh")
    assert found["output"][0]["lines"][:2] == ["Error: Cannot find module 'leftpad'", "..."]
    assert len(found["output"][0]["lines"]) == 10


def test_a_pipe_that_loses_the_failure(tmp_path: Path) -> None:
    """No regression by exit status; the line to write instead finds the commit."""
    ids = history(tmp_path / "r", check_sh="test ! -f bug\n")
    found = run(tmp_path / "r", "--test", "sh check.sh | tee log", "--set", "premise.max=3")
    assert found["conclusion"] == "no-regression"
    assert "exit code is that of `tee`: a failure of `sh` is lost" in advice_of(found)
    again = run(tmp_path / "r", "--test", "bash -o pipefail -c 'sh check.sh | tee log'")
    assert again["first_bad"] == ids["c5"]


def test_a_folder_that_good_does_not_have(tmp_path: Path) -> None:
    """Typed in a folder that is younger than good; the advice is the same test from the top."""
    ids = history(tmp_path / "r", check_sh="test ! -f bug\n", web__n=(3, "new"))
    (tmp_path / "r/check.sh").chmod(0o755)
    git(tmp_path / "r", "update-index", "--chmod=+x", "check.sh")
    found = run(tmp_path / "r/web", "--test", "../check.sh")
    assert found["conclusion"] == "inconclusive"
    assert f"the folder web, where you are, is not in {ids['c1'][:12]}: run the command at the top" in (
        advice_of(found)
    )
    assert "as `./check.sh`" in advice_of(found)
    again = run(tmp_path / "r", "--test", "./check.sh")
    assert again["first_bad"] == ids["c5"]


def test_a_script_outside_that_may_not_be_executed(tmp_path: Path) -> None:
    """It is named with the command that mends it."""
    ids = history(tmp_path / "r")
    script = tmp_path / "own.sh"
    script.write_text("#!/bin/sh\ntest ! -f bug\n")
    script.chmod(0o644)
    found = run(tmp_path / "r", "--test", str(script))
    assert found["conclusion"] == "inconclusive"
    assert f"{script} is not executable" in advice_of(found)
    assert f"chmod u+x {script}" in advice_of(found)
    script.chmod(0o755)
    assert run(tmp_path / "r", "--test", str(script))["first_bad"] == ids["c5"]
