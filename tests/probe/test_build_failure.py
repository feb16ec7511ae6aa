"""The reason of a failed build is the first error of the tool that failed, not make's last line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bisector.predicate import Ending, Run
from bisector.probe.build_failure import cause_in, why_failed


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        (
            "cc -o app app.o\n/usr/bin/ld: app.o: in function `main':\napp.c:(.text+0x1c): "
            "undefined reference to `pow10'\ncollect2: error: ld returned 1 exit status\n"
            "make: *** [Makefile:2: app] Error 1\n",
            "app.c:(.text+0x1c): undefined reference to `pow10'",
        ),
        (
            "cc -c a.c\na.c: In function 'main':\na.c:3:5: error: expected ';' before '}' token\n"
            "a.c:9:1: error: unknown type name 'foo'\nmake: *** [Makefile:4: a.o] Error 1\n",
            "a.c:3:5: error: expected ';' before '}' token",
        ),
        (
            "   Compiling x v0.1.0\nerror[E0425]: cannot find value `y` in this scope\n --> src/main.rs:2:5\n"
            "error: aborting due to 1 previous error\nerror: could not compile `x` (bin)\n",
            "error[E0425]: cannot find value `y` in this scope",
        ),
        (
            'File "bin/a.ml", line 1, characters 8-9:\n1 | let x = y\nError: Unbound value y\n',
            "Error: Unbound value y",
        ),
        (
            "\x1b[0m[ERROR] COMPILATION ERROR : \n[ERROR] /s/A.java:[3,9] cannot find symbol\n"
            "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.1:compile\n",
            "[ERROR] /s/A.java:[3,9] cannot find symbol",
        ),
        (
            "src/a.ts(3,1): error TS2304: Cannot find name 'x'.\n",
            "src/a.ts(3,1): error TS2304: Cannot find name 'x'.",
        ),
        (
            'Traceback (most recent call last):\n  File "setup.py", line 1, in <module>\n'
            "ModuleNotFoundError: No module named 'setuptools'\nmake: *** [all] Error 1\n",
            "ModuleNotFoundError: No module named 'setuptools'",
        ),
        ("sh: 1: mytool: not found\nmake: *** [Makefile:2: all] Error 127\n", "sh: 1: mytool: not found"),
        ("npm ERR! code ENOENT\nnpm ERR! enoent This is missing\n", "npm ERR! enoent This is missing"),
        ("npm error code E404\nnpm error 404 Not Found\n", "npm error 404 Not Found"),
        ("cat: lib/v: No such file or directory\n", "cat: lib/v: No such file or directory"),
        ("configuring\nthe license has expired\n", "the license has expired"),
        ("the disk is full\nmake: Leaving directory '/x'\nmake: *** [all] Error 2\n", "the disk is full"),
        ("0 errors so far\nthe license has expired\n", "the license has expired"),
        ("make: *** [Makefile:2: all] Error 2\n", "make: *** [Makefile:2: all] Error 2"),
        ("", "no output"),
    ],
)
def test_the_cause_is_the_first_error(output: str, cause: str) -> None:
    """Lines that only report a failure above them do not count."""
    assert cause_in(output) == cause


def test_a_time_limit_is_its_own_reason() -> None:
    """Whatever the build printed by then."""
    run = Run(5.0, 1.0, 0.0, ending=Ending.TIMEOUT, output="a.c:1:1: error: no\n")
    assert why_failed("build", run, 5.0) == "the build did not finish within 5 s"


@pytest.mark.skipif(not (shutil.which("cc") and shutil.which("make")), reason="needs a C compiler and make")
def test_a_real_linker(tmp_path: Path) -> None:
    """With the real tools."""
    (tmp_path / "app.c").write_text("double pow11(double);\nint main(void) { return (int)pow11(2.0); }\n")
    (tmp_path / "Makefile").write_text("app: app.c\n\tcc -o app app.c\n")
    done = subprocess.run(["make"], cwd=tmp_path, capture_output=True, text=True)
    assert "undefined reference to `pow11'" in cause_in(done.stdout + done.stderr)
