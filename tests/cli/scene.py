"""A folder with everything that a wrong command line may name: repositories, hunt files, plug-ins."""

from __future__ import annotations

import hashlib
import textwrap
from pathlib import Path

from tests.git_history import chain, git, write_history

WORK = "good: main~3\nbad: main\ntest: {command: sh test.sh}\nscratch: ../scratch\n"
"""A valid hunt file of four lines."""

_HUNT_FILES = {
    "good.yaml": WORK,
    "other.yaml": f"hunt: good\n{WORK}",
    "smoke.yaml": f"{WORK}alarm: {{references: latin1.md}}\n",
    "wrong/binary.yaml": "good: a\0b\n",
    "wrong/empty.yaml": "",
    "wrong/bomb.yaml": "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "wrong/loop.yaml": "good: &a [*a]\n",
    "wrong/deep.yaml": f"good: {'[' * 5000}\n",
    "wrong/unknown.yaml": f"{WORK}colour: red\n",
    "wrong/climbs.yaml": f"{WORK}build: {{command: x, outputs: [../../x]}}\n",
    "wrong/endless.yaml": f"{WORK}suites:\n  pattern: '{'(' * 2000}'\n",
    "wrong/revision.yaml": "good: main~3\nbad: nonsense\ntest: {command: x}\n",
}

_CLASS = """
from bisector.predicate import Good, Options, Predicate

class Mine(Predicate[Options]):
    name = "mine"
    Options = Options

    def judge(self, run, baseline):
        return Good("always")
"""

PLUG_INS = {
    "raises_at_import.py": "import json\n\n1 / 0\n",
    "exits_at_import.py": "import sys\nsys.exit(0)\n",
    "syntax.py": "import json\ndef (:\n",
    "empty.py": "",
    "two.py": _CLASS + "\nclass Two(Mine):\n    pass\n",
    "nameless.py": _CLASS.replace('name = "mine"', ""),
    "no_ratio.py": _CLASS.replace('name = "mine"', 'name = "mine"; paired = True'),
    "bad_patterns.py": _CLASS + "\n    patterns = 3\n",
    "raises_when_made.py": _CLASS + "\n    def __init__(self, options):\n        raise OSError('no')\n",
    "raises_in_options.py": _CLASS.replace(
        "class Mine",
        "class Strict(Options):\n"
        "    def model_post_init(self, context):\n        raise OSError('no')\n\nclass Mine",
    ).replace("Options = Options", "Options = Strict"),
}


def write_scene(folder: Path) -> Path:
    """Write everything that the corpus names, and return the repository in which to start."""
    repo = folder / "repo"
    write_history(repo, chain(6, {0: {"test.sh": "true\n"}, 5: {"test.sh": "timeout 600 true\n"}}))
    git(repo, "branch", "side", "main~2")

    island = git(repo, "commit-tree", "-m", "island", "main^{tree}").strip()
    git(repo, "branch", "island", island)
    for name, text in _HUNT_FILES.items():
        _write(repo / name, text.encode())
    for name, text in PLUG_INS.items():
        _write(repo / "plugins" / name, textwrap.dedent(text).encode())
    _write(repo / "latin1.md", "# Progress log\n\ncaf\xe9\n".encode("latin-1"))
    (folder / "plain").mkdir()
    _write(folder / "scene-file", b"a file\n")
    git(folder, "clone", "-q", "--depth=2", f"file://{repo}", "shallow")
    (folder / "unborn").mkdir()
    git(folder / "unborn", "init", "-q")
    return repo


def digest(folder: Path) -> str:
    """A digest of all names and bytes below a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        total.update(bytes(path.relative_to(folder)) + b"\0")
        if path.is_file() and not path.is_symlink():
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
