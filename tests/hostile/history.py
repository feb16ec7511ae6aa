"""A repository whose names and messages all attack programs that show them."""

from __future__ import annotations

from pathlib import Path

from tests.git_history import git

ESCAPES = (
    "\x1b[2J\x1b]0;pwned\x07\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\ "
    "\x9b31m \r\x08\x7f\u202egnp.exe"
)
"""Clear the screen, set its title, make a link, an 8-bit escape, overwrite the line, reverse the text."""

HTML = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'></textarea>"
    "<!-- --> --> <!-- /bisector --> ]]></style>"
)
MARKDOWN = (
    "](javascript:alert(3)) [x](http://evil.example) `x` **b** | cell | @everyone #1 \\ ~~x~~ $x$ "
    "![i](http://evil.example/i)"
)
SHELL = "$(touch pwned) `touch pwned` ; touch pwned ; ${HOME} && touch pwned | touch pwned"
FORGE = (
    "::error file=a,line=1::pwned %0A::error::pwned ##[error]pwned ${{ secrets.TOKEN }} {{ 7 * 7 }} "
    "[bold red]x[/] " + "::error::pwned " * 30
)

PAYLOADS = (ESCAPES, HTML, MARKDOWN, SHELL, FORGE)

BRANCH = "$(touch${IFS}pwned);<script>alert(1)</script>|`x`'\"&%0A"
FOLDER = "dir\x1b[2J\n::error::pwned <img src=x onerror=alert(2)>"
SCRIPT = f"{FOLDER}/$(touch pwned)'\"%0A,line=9::x|`t`.sh"
"""A file with a deadline in it."""

BAD_AT = 4


def write_hostile_history(folder: Path) -> list[str]:
    """Six commits on `main`, the fifth bad (it has a file `broken`). Returns their ids, oldest first.

    The tree of the bad one has the hostile names too, and raises a deadline in `SCRIPT`.
    """
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    lines: list[bytes] = []
    for at in range(6):
        payload = PAYLOADS[at % len(PAYLOADS)]
        everything = " ".join(PAYLOADS) if at == BAD_AT else payload
        who = everything.translate({ord(char): None for char in "<>\n"})
        body = f"{everything}\n\nSigned-off-by: {everything}\n::error::pwned\n## Progress log\n"
        lines += [b"commit refs/heads/main", b"mark :%d" % (at + 1)]
        lines += [b"author %s <a@example.org> %d +0000" % (who.encode(), 1_700_000_000 + at * 60)]
        lines += [b"committer %s <c@example.org> %d +0000" % (who.encode(), 1_700_000_000 + at * 60)]
        lines += [_data(body.encode())]
        lines += [b"from :%d" % at] if at else []
        deadline = 900 if at >= BAD_AT else 60
        lines += [_file("at", str(at)), _file(SCRIPT, f"timeout {deadline} true # {everything}\n")]
        lines += [_file("test.sh", f'timeout {deadline} sh "$0.real" # ]](x) ::error::\n')]
        lines += [_file("broken", everything)] if at == BAD_AT else []
        lines += [b""]
    git(folder, "fast-import", "--quiet", stdin=b"\n".join(lines))
    git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    git(folder, "reset", "--hard", "--quiet")
    git(folder, "update-ref", f"refs/heads/{BRANCH}", "main")
    return git(folder, "rev-list", "--reverse", "main").split()


def _data(content: bytes) -> bytes:
    return b"data %d\n%s" % (len(content), content)


def _file(path: str, content: str) -> bytes:
    quoted = path.encode()
    for raw, written in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        quoted = quoted.replace(raw, written)
    return b'M 100644 inline "%s"\n%s' % (quoted, _data(content.encode()))
