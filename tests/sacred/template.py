"""The histories that every scene copies: with a work tree or bare, with or without a submodule."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.git_history import git

BAD_AT = 3
"""Position of the first bad commit among `LENGTH`."""
LENGTH = 6

TRAP = '#!/bin/sh\necho "$0 in $PWD" >>"$SPRUNG"\n'
"""The contents of a user's hook in these tests: it reports that it ran."""

HOOKS = (
    *(
        "applypatch-msg",
        "commit-msg",
        "fsmonitor-watchman",
        "post-applypatch",
        "post-checkout",
        "post-commit",
    ),
    *("post-index-change", "post-merge", "post-rewrite", "post-update", "pre-applypatch", "pre-auto-gc"),
    *("pre-commit", "pre-merge-commit", "pre-push", "pre-rebase", "pre-receive", "prepare-commit-msg"),
    *("push-to-checkout", "reference-transaction", "update"),
)

_FILES = {
    ".gitattributes": "*.rot filter=rot -text\n",
    ".gitignore": "out\nignored\n",
    "a file": "as committed\n",
    "lib/deep/inner": "inner\n",
    "page": "one\ntwo\n",
    "secret.rot": "frperg",
}
_SIGNATURE = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n nonsense\n -----END PGP SIGNATURE-----\n"


def write_templates(folder: Path) -> None:
    """`full` has a work tree and an initialised submodule, `plain` has no submodule, and `bare` neither.

    `side` and `main` both change the file `value`. One commit has an invalid signature.
    """
    _write_inner(folder / "inner")
    full = folder / "full"
    full.mkdir()
    git(full, "init", "--quiet", "--template=")
    git(full, "-c", "protocol.file.allow=always", *["submodule", "--quiet", "add", "../inner", "sub"])
    for name, text in _FILES.items():
        (full / name).parent.mkdir(parents=True, exist_ok=True)
        (full / name).write_text(text)
    write_traps(full / ".githooks")
    (full / "link").symlink_to("a file")
    for at in range(LENGTH):
        _commit(full, str(at))
        if at == 2:
            git(full, *["checkout", "-q", "-b", "side"])
            _commit(full, "0 side")
            git(full, *["checkout", "-q", "main"])
        if at == 4:
            _sign_head(full)
    (full / "page").write_text("stashed\n")
    git(full, "stash", "--quiet")
    _write_without_submodule(folder)


def write_traps(folder: Path, names: Iterable[str] = HOOKS) -> None:
    """Write a program with each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(TRAP)
        (folder / name).chmod(0o755)


def copy(source: Path, target: Path) -> None:
    """A copy that looks changed to git: no file has the inode in the index."""
    shutil.copytree(source, target, symlinks=True)


def _commit(folder: Path, value: str) -> None:
    (folder / "value").write_text(f"{value}\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", value)


def _write_inner(folder: Path) -> None:
    folder.mkdir()
    git(folder, "init", "--quiet", "--template=")
    (folder / "inner.rot").write_text("uryyb")
    (folder / ".gitattributes").write_text(_FILES[".gitattributes"])
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "inner")


def _sign_head(folder: Path) -> None:
    before = subprocess.run(
        ["git", "cat-file", "commit", "HEAD"], cwd=folder, capture_output=True, check=True
    ).stdout
    head, _, message = before.partition(b"\n\n")
    signed = git(
        folder,
        *["hash-object", "-t", "commit", "-w", "--stdin"],
        stdin=b"\n".join((head, _SIGNATURE, message)),
    )
    git(folder, "reset", "--quiet", "--hard", signed.strip())


def _write_without_submodule(folder: Path) -> None:
    copy(folder / "full", folder / "plain")
    git(folder / "plain", *["submodule", "--quiet", "deinit", "--all", "--force"])
    shutil.rmtree(folder / "plain/.git/modules")
    copy(folder / "plain/.git", folder / "bare")
    git(folder / "bare", "config", "core.bare", "true")
    (folder / "bare/index").unlink()
