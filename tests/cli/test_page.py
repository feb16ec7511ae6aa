"""The page of a running hunt: `run --page`, `run --serve` and `watch`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.running import BISECTOR, WORK, bisector, shell_history
from tests.probe.running import eventually


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository whose test waits until the file `gate` exists."""
    shell_history(tmp_path / "repo")
    return tmp_path / "repo"


def gated(folder: Path) -> tuple[str, ...]:
    """Options of a hunt whose tests print a line, and then wait for `gate` in this folder."""
    gate = folder / "gate"
    test = f"echo waiting for the gate; until [ -e {gate} ]; do sleep 0.05; done; sh test.sh"
    return (*WORK, "--test", test, "--scratch", str(folder / "scratch"))


@contextmanager
def started(*words: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A command under way, which is killed if it is still there at the end."""
    with subprocess.Popen(
        [*BISECTOR, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def page_in(folder: Path, ending: str = ".html") -> Path | None:
    """The hunt's page; None before it is there."""
    pages = [page for page in folder.glob("scratch/reports/*.html") if page.name.endswith(ending)]
    own = [page for page in pages if ending != ".html" or not page.name.endswith(".live.html")]
    return own[0] if own else None


def shows(page: Path | None, *parts: str) -> bool:
    """Whether the page has all of these texts."""
    return page is not None and all(part in page.read_text() for part in parts)


def sooner_or_later(condition: Callable[[], bool]) -> None:
    """Wait until a hunt has come that far, on a machine that may be busy with other tests."""
    eventually(condition, seconds=60.0)


RUNS = ("data-refresh=", "<strong>testing</strong>", "waiting for the gate")


def test_the_page_runs_with_the_hunt(tmp_path: Path, repo: Path) -> None:
    """It is named at the start, shows the test under way and its output, and at the end the answer."""
    with started("run", "--page", *gated(tmp_path), folder=repo) as process:
        sooner_or_later(lambda: shows(page_in(tmp_path), *RUNS))
        (tmp_path / "gate").touch()
        said, _ = process.communicate(timeout=120)
    page = page_in(tmp_path)
    assert page is not None
    assert process.returncode == 0, said
    assert [line for line in said.splitlines() if line.startswith("page: ")] == [f"page: {page.as_uri()}"]
    assert shows(page, "First bad commit") and not shows(page, "data-refresh=")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_hunt_leaves_a_page_that_rests(
    tmp_path: Path, repo: Path, how: signal.Signals
) -> None:
    """After an interrupt the page says that the hunt is not finished, and no longer loads itself again."""
    with started("run", "--page", *gated(tmp_path), folder=repo) as process:
        sooner_or_later(lambda: shows(page_in(tmp_path), *RUNS))
        process.send_signal(how)
        assert process.wait(60) == 130
    assert shows(page_in(tmp_path), "Not finished") and not shows(page_in(tmp_path), "data-refresh=")


def test_a_served_page_can_be_read(tmp_path: Path, repo: Path) -> None:
    """`--serve` prints an address on this machine, which gives the page, and its last version at the end."""
    with started("run", "--serve", *gated(tmp_path), folder=repo) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        address = next(line.split()[1] for line in lines if line.startswith("page: "))
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)

        def page() -> str:
            with urllib.request.urlopen(address, timeout=20) as answer:
                return str(answer.read().decode())

        sooner_or_later(lambda: all(part in page() for part in RUNS))
        (tmp_path / "gate").touch()
        sooner_or_later(lambda: "First bad commit" in page())
        process.stdout.read()
        assert process.wait(60) == 0


def test_watch_follows_a_hunt_of_another_terminal(tmp_path: Path, repo: Path) -> None:
    """`watch` writes a page of its own until the hunt ends, and says how it ended."""
    scratch = ("--scratch", str(tmp_path / "scratch"))
    with started("run", "--name", "mine", *gated(tmp_path), folder=repo):
        sooner_or_later(lambda: bool([*tmp_path.glob("scratch/logs/*/*-premise-*.log")]))
        with started("watch", "mine", *scratch, folder=repo) as watching:
            sooner_or_later(lambda: shows(page_in(tmp_path, ".live.html"), *RUNS))
            (tmp_path / "gate").touch()
            said, _ = watching.communicate(timeout=120)
    assert watching.returncode == 0
    assert "hunt mine is over: first bad commit" in said
    page = page_in(tmp_path, ".live.html")
    assert page is not None
    assert f"page: {page.as_uri()}" in said
    assert shows(page, "First bad commit", "What it changes") and not shows(page, "data-refresh=")


def test_watch_of_a_hunt_that_does_not_run(tmp_path: Path, repo: Path) -> None:
    """It ends at once: with the answer of a finished hunt, or an error for a name that nobody hunted."""
    work = (*WORK, "--scratch", str(tmp_path / "scratch"))
    assert bisector("run", "--name", "mine", *work, folder=repo).returncode == 0
    scratch = ("--scratch", str(tmp_path / "scratch"))
    done = bisector("watch", *scratch, folder=repo)
    assert (done.returncode, "hunt mine is over: first bad commit" in done.stdout) == (0, True)
    done = bisector("watch", "other", *scratch, folder=repo)
    assert done.returncode == 2
    assert "there is no hunt 'other'" in done.stderr
    done = bisector("watch", "mine", *work, folder=repo)
    assert done.returncode == 2
    assert "'mine' and the options both name a hunt" in done.stderr


def desktop(folder: Path, script: str = '#!/bin/sh\nprintf "%s\\n" "$@" >>"$NOTED"\n') -> dict[str, str]:
    """Variables of a desktop whose notifications go to the file `noted`."""
    program = folder / "bin" / "notify-send"
    program.parent.mkdir()
    program.write_text(script)
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    return {"PATH": path, "NOTED": str(folder / "noted"), "DISPLAY": ":7"}


def noted(folder: Path) -> Sequence[str]:
    """What the desktop was told."""
    file = folder / "noted"
    return file.read_text().splitlines() if file.exists() else []


def test_the_desktop_is_told(tmp_path: Path, repo: Path) -> None:
    """At the end of a hunt with --notify, the desktop shows its outcome; not of one found finished."""
    variables = desktop(tmp_path)
    assert bisector("run", *WORK, folder=repo, **variables).returncode == 0
    assert noted(tmp_path) == []
    assert bisector("run", *WORK, "--notify", folder=repo, **variables).returncode == 0
    assert noted(tmp_path) == []
    assert bisector("run", *WORK, "--notify", "--restart", folder=repo, **variables).returncode == 0
    options = ["--app-name=bisector", "--", "hunt test"]
    assert noted(tmp_path)[:3] == options
    assert re.fullmatch("first bad commit [0-9a-f]{12}", noted(tmp_path)[3])


def test_a_desktop_that_fails_is_no_matter(tmp_path: Path, repo: Path) -> None:
    """A notification that fails changes neither output nor exit code."""
    variables = desktop(tmp_path, "#!/bin/sh\necho broken >&2\nexit 1\n")
    done = bisector("run", *WORK, "--notify", folder=repo, **variables)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_port_without_a_server(repo: Path) -> None:
    """`--port` alone is a mistake, as is one that is taken."""
    done = bisector("run", *WORK, "--port", "8080", folder=repo)
    assert done.returncode == 2
    assert "--port needs --serve" in done.stderr
