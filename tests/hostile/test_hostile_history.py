"""A hunt in a history whose names and messages attack programs that show them."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bisector.probe.environment import ALLOWED
from bisector.probe.execution import Command, execute
from bisector.probe.ownership import MARK
from tests.cli.running import BISECTOR
from tests.git_history import git
from tests.hostile.history import BAD_AT, BRANCH, PAYLOADS, SCRIPT, write_hostile_history
from tests.hostile.in_process import Done, done, standing_in
from tests.report.page import Page

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
COMMAND = re.compile(r"^\s*(::|##\[)", re.MULTILINE)
"""Text that the runner of a forge takes for a command to itself, anywhere in the output of a job."""

HUNT = f"""\
repository: repo
good: main~5
bad: '{BRANCH.replace("'", "''")}~1'
build: {{command: "env -0 >env", outputs: [env]}}
test: {{command: "env -0; echo; cat broken 2>/dev/null; test ! -e broken"}}
environment: {{set: {{OWN: set}}}}
progress_log: log.md
scratch: scratch
watches: ['*.sh']
"""
BEFORE, AFTER = "# Plan\n\nwords <b>x</b>\n\n## Progress log\n\n", "- old\n\n## After\n\n```\ntext\n```\n"
FORMATS = ("text", "json", "markdown", "github", "gitea", "forgejo", "gitlab", "sarif")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Done]]:
    """The output of each command, by its arguments. Its files are in the current folder."""
    folder = tmp_path_factory.mktemp("hostile")
    commits = write_hostile_history(folder / "repo")
    (folder / "hunt.yaml").write_text(HUNT)
    (folder / "log.md").write_text(BEFORE + AFTER)
    named, bad, before = ("-c", "hunt.yaml"), commits[BAD_AT], commits[BAD_AT - 1]
    change = ("watchdog", f"{before}..{bad}", "--repo", "repo", *named)
    lines = {
        "run": ("run", *named, "-v"),
        "run json": ("run", *named, "--json"),
        "check": ("check", *named),
        "status": ("status", *named),
        "explain": ("explain", *named),
        "explain markdown": ("explain", *named, "--md", "-"),
        "log": ("log", *named),
        "report": ("report", *named),
        "chat": ("report", *named, "--chat"),
        "html": ("report", *named, "--html", "report.html", "--md", "report.md"),
        "probe": ("probe", *named, bad, "-v", "--again"),
        "diagnose": ("diagnose", *named, "--evidence", "changed_files", "-v"),
        "verify": ("verify", *named, "--fix", bad, "--md", "-"),
        "quantify": ("quantify", *named),
        "deadlines": ("deadlines", *named, "--commit", bad),
        "plan": ("plan", "--file", "plan.md", *named),
        "init": ("init", "repo", "--output", "-"),
        "nothing": ("run", *named, "--bad", "\x1b[2J::error::"),
        "watchdog run": (*change, "--run", "--format", "github"),
        **{f"{form} format": (*change, "--format", form) for form in FORMATS},
    }
    with standing_in(folder, COLUMNS="100"):
        yield {name: done(*words) for name, words in lines.items()}


def test_the_hunt_finds_the_commit_and_every_command_ends_well(outputs: Mapping[str, Done]) -> None:
    """The hostile commit is found, every command shows it, and none crashes."""
    bad = git(Path("repo"), "rev-parse", "main~1").strip()
    assert json.loads(outputs["run json"].out)["first_bad"] == bad
    codes = {name: one.code for name, one in outputs.items()}
    assert codes.pop("nothing") == 2
    assert codes["watchdog run"] == 1
    assert {name for name, code in codes.items() if code not in (0, 1, 5)} == set(), codes
    for name in ("run", "explain", "log", "report", "chat", "diagnose", "watchdog run"):
        assert bad[:12] in outputs[name].out + outputs[name].err, name


def test_nothing_but_words_reaches_the_screen(outputs: Mapping[str, Done]) -> None:
    """No escape, control or bidi character on stdout or stderr, in text, Markdown or JSON."""
    assert {
        name: CONTROLS.findall(one.out + one.err)
        for name, one in outputs.items()
        if CONTROLS.search(one.out + one.err)
    } == {}


def test_no_command_to_a_runner_gets_in(outputs: Mapping[str, Done]) -> None:
    """Only annotations are commands, and each is one line about a file of the change."""
    for name, one in outputs.items():
        commands = [line for line in (one.out + one.err).splitlines() if COMMAND.match(line)]
        if name in ("github format", "gitea format", "forgejo format", "watchdog run"):
            assert len(commands) == 2
            begins = re.compile(r"::warning file=[^,]+,line=1,title=deadline raised::raised: `timeout 60`")
            assert all(begins.match(command) for command in commands), commands
            assert sum(command.count("file=test.sh,") for command in commands) == 1
        else:
            assert commands == [], name


def test_a_terminal_is_told_nothing_by_the_history(outputs: Mapping[str, Done]) -> None:
    """On a real terminal, bisector sends escapes itself, and none comes from the history."""
    ours, theirs = pty.openpty()
    words = [*BISECTOR, "run", "-c", "hunt.yaml", "--scratch", "second", "--progress-log", "second.md", "-v"]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # read by a terminal after all writers are gone
            while part := os.read(ours, 65536):
                seen += part
    os.close(ours)
    assert process.returncode == 0, seen
    assert b"\x1b[" in seen and "␛".encode() in seen
    for payload in (b"\x1b[2J", b"\x1b]", b"\x07", b"\x08", b"\x7f", "\x9b".encode(), "\u202e".encode()):
        assert payload not in seen


def test_the_page_has_no_element_made_from_the_history(outputs: Mapping[str, Done]) -> None:
    """The HTML report is well-formed, runs only its own script, loads nothing, and shows messages as text."""
    html = Path("report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert page.problems == []
    tags = {element.tag for element in page.elements}
    (script,) = page.all("script")
    assert script.text == resources.files("bisector.report").joinpath("templates/report.js").read_text()
    assert not tags & {"img", "iframe", "object", "embed", "form", "input", "base", "textarea", "b"}
    for element in page.elements:
        assert not [name for name in element.attributes if name.startswith("on")]
        address = element.attributes.get("href", "") + element.attributes.get("src", "")
        assert address == "data:," or not re.match(r"\s*(javascript|data|https?):", address), address
    assert not CONTROLS.search(html)
    assert any("<script>alert(1)</script>" in element.text for element in page.all("body"))


@pytest.mark.parametrize("name", ["report", "chat", "verify", "explain markdown", "markdown format"])
def test_markdown_has_no_markup_made_from_the_history(outputs: Mapping[str, Done], name: str) -> None:
    """Messages create no link, image or HTML, and add no cell to a table."""
    _require_words(outputs[name].out)


def test_the_progress_log_keeps_all_else(outputs: Mapping[str, Done]) -> None:
    """The text around the entries is unchanged, byte for byte, and the entries are plain text."""
    text = Path("log.md").read_text(encoding="utf-8")
    assert text.startswith(BEFORE) and text.endswith(AFTER)
    assert not CONTROLS.search(text)
    _require_words(text.removeprefix(BEFORE).removesuffix(AFTER))
    assert text.count("first bad commit") == 1
    _require_words(Path("plan.md").read_text(encoding="utf-8"))


def test_the_environment_holds_no_words_of_the_history(outputs: Mapping[str, Done]) -> None:
    """A build and a test see the allowed variables, those that the hunt sets, and the commit's id."""
    files = [path for path in Path("scratch").rglob("*") if path.is_file()]
    seen = [text for path in files if (text := path.read_bytes().partition(b"\n")[0]).count(b"BISECTOR_")]
    assert {text.endswith(b"\0") for text in seen} == {True}
    for text in seen:
        pairs = dict(part.split("=", 1) for part in text.decode().split("\0") if part)
        own = {name for name in pairs if not any(fnmatchcase(name, allowed) for allowed in ALLOWED)}
        assert own <= {"BISECTOR_COMMIT", MARK, "OWN", "PWD", "OLDPWD", "SHLVL", "_"}
        assert re.fullmatch("[0-9a-f]{40}", pairs["BISECTOR_COMMIT"])
        assert b"pwned" not in text


def test_nothing_was_run_by_a_name(outputs: Mapping[str, Done]) -> None:
    """No message, author, branch or file name is run as a command."""
    assert not [path for path in Path().rglob("pwned") if path.name == "pwned"]


def test_a_list_of_words_meets_no_shell(tmp_path: Path) -> None:
    """Each word reaches the program unchanged."""
    command = Command(("printf", "%s\\n", *PAYLOADS), tmp_path, {"PATH": os.environ["PATH"]})
    run = execute(command).run
    assert run.exit_code == 0
    assert run.output == "".join(f"{payload}\n" for payload in PAYLOADS)
    assert not list(tmp_path.iterdir())


def test_the_bisect_log_can_be_replayed(outputs: Mapping[str, Done]) -> None:
    """git reads the log correctly, and finds the same commit."""
    Path("bisect.log").write_text(outputs["log"].out)
    git(Path(), "clone", "-q", "--no-checkout", "repo", "replayed")
    git(Path("replayed"), "bisect", "start", "--no-checkout")
    git(Path("replayed"), "bisect", "replay", "../bisect.log")
    assert "first bad commit" in git(Path("replayed"), "bisect", "log")


def test_a_quoted_path_of_a_diff_is_the_file_s_own(outputs: Mapping[str, Done]) -> None:
    """git quotes such a name in a diff. The change is matched to the real file, so a hunt can watch it."""
    changes = json.loads(outputs["json format"].out)["changes"]
    assert {change["file"] for change in changes} == {SCRIPT, "test.sh"}
    assert all(change["hunts"] == ["hunt"] for change in changes)


def _require_words(text: str) -> None:
    """The Markdown has no links, images and HTML from the payloads, and only rows of a table's width."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    found = list(_flat(tokens))
    assert not [token for token in found if token.type in ("image", "s_open", "em_open")]
    links = [str(token.attrs["href"]) for token in found if token.type == "link_open"]
    assert not [link for link in links if "evil" in link or ":" in link]
    raw = [token.content.strip() for token in found if token.type in ("html_block", "html_inline")]
    ours = re.compile(r"<!-- (/?bisector\b[^>]*)?-->|</?(details|summary)>.*", re.DOTALL)
    assert [one for one in raw if not ours.fullmatch(one)] == []
    assert "@everyone" not in text


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())
