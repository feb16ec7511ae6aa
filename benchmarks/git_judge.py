"""The script that a careful engineer would pass to `git bisect run`: build, test, and a calibrated threshold.

    git bisect run python -IS benchmarks/git_judge.py SPEC.json

It runs in the top folder of a checkout, builds and tests as SPEC says, and exits with 0, 1 or 125. It needs
only the standard library and starts in about 30 ms, so the comparison does not depend on its start time.
It stops a test as soon as the answer is certain (a marker was seen, or the time is over), as `timeout` and
`grep -m1` would do.

SPEC: `build` and `test` (lines for the shell), `build_folder` and `test_folder`, `timeout` in seconds, and
one of `marker` (a regular expression that must match `within` seconds), `memory` (bytes of address space) or
`tests` (a regular expression whose last group counts the tests) with `threshold` (user seconds per test).
"""

import json
import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

UNTESTABLE, BAD, GOOD = 125, 1, 0


def judged(spec):
    """The exit code for the current folder."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    build = subprocess.run(["/bin/sh", "-c", spec["build"]], cwd=spec["build_folder"], **quiet)
    if build.returncode:
        return UNTESTABLE
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    code, output = tested(spec)
    user = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    if "marker" in spec:
        return GOOD if re.search(spec["marker"], output, re.MULTILINE) else BAD
    if "memory" in spec:
        return GOOD if code == 0 else BAD
    counted = re.findall(spec["tests"], output, re.MULTILINE)
    if not counted:
        return BAD
    figure = user / int(counted[-1])
    if spec.get("print"):
        print(figure)
    return BAD if figure > spec["threshold"] else GOOD


def tested(spec):
    """Exit code (None if it was stopped) and output of the test."""

    def limit():
        if "memory" in spec:
            resource.setrlimit(resource.RLIMIT_AS, (spec["memory"],) * 2)

    test = subprocess.Popen(
        ["/bin/sh", "-c", spec["test"]],
        cwd=spec["test_folder"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=limit,
    )
    deadline = time.monotonic() + spec.get("within", spec["timeout"])
    output, ended = b"", False
    with selectors.DefaultSelector() as selector:
        selector.register(test.stdout, selectors.EVENT_READ)
        while not ended and selector.select(max(0.0, deadline - time.monotonic())):
            data = os.read(test.stdout.fileno(), 65536)
            output += data
            ended = not data
            if "marker" in spec and re.search(spec["marker"].encode(), output, re.MULTILINE):
                break
    if not ended:
        end_session(test.pid)
    return test.wait(), output.decode(errors="replace")


def end_session(session):
    """Kill all processes of the test, including those that `timeout` has put into their own process group."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == session:
                    os.kill(int(folder.name), signal.SIGKILL)
            except OSError:
                continue


if __name__ == "__main__":
    # git must not take an error here for "bad".
    code = 128
    try:
        code = judged(json.loads(Path(sys.argv[1]).read_text()))
    finally:
        sys.exit(code)
