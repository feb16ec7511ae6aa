"""What a careful engineer would hand to `git bisect run`: build, test, and a threshold calibrated once.

    git bisect run python -IS benchmarks/git_judge.py SPEC.json

Run in the top folder of a checkout, it builds and tests as SPEC says, and exits 0, 1 or 125. It needs the
standard library only and starts in some 30 ms, so that what it is compared with owes nothing to its slowness.
A test whose answer is certain (a marker seen, its time over) is ended at once, as `timeout` and `grep -m1`
would do it.

SPEC: `build` and `test` (lines for the shell), `build_folder` and `test_folder`, `timeout` in seconds, and
one of `marker` (a regular expression, to be seen `within` seconds), `memory` (bytes of address space) or
`tests` (a regular expression whose last group counts the tests) with `threshold` (user seconds a test).
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
    """Exit code (None where it was ended) and output of the test."""

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
    """Kill what the test started, also what `timeout` has put into a process group of its own."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == session:
                    os.kill(int(folder.name), signal.SIGKILL)
            except OSError:
                continue


if __name__ == "__main__":
    # A mistake here must not be taken for "bad" by git.
    code = 128
    try:
        code = judged(json.loads(Path(sys.argv[1]).read_text()))
    finally:
        sys.exit(code)
