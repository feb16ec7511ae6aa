"""The command `bisector`, also as `python -m bisector`.

Nothing but `gc`, `os` and `sys` is imported before `probe` is guarded: `git bisect run` takes every exit
code below 128 but 0 and 125 for bad, and Python ends with 1 when an exception gets away, one at import too.
"""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

# One thread is quicker for arrays as small as ours, and leaves the other CPUs to builds.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A tenth of every start goes into looking for garbage among what imports have made to stay.
gc.set_threshold(50_000)

_VERDICTS = (0, 1, 125)
_USAGE, _INTERRUPTED = 2, 130
_FATAL_FOR_GIT, _USAGE_FOR_GIT = 128, 129


def main() -> None:
    """Run the command line and exit with its code."""
    if next((word for word in sys.argv[1:] if not word.startswith("-")), "") == "probe":
        _end(_for_git())
    from bisector.cli.main import run

    sys.exit(run(sys.argv[1:]))


def _for_git() -> int:
    """The exit code of `probe`: a verdict, or 128 and above, whatever goes wrong."""
    try:
        from bisector.cli.main import run

        code = run(sys.argv[1:])
    except BaseException as error:
        _complain(f"bisector: no verdict, {type(error).__name__}: {error}")
        return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else _FATAL_FOR_GIT
    if code in (*_VERDICTS, _INTERRUPTED):
        return code
    return _USAGE_FOR_GIT if code == _USAGE else _FATAL_FOR_GIT


def _complain(sentence: str) -> None:
    try:
        sys.stderr.write(f"{sentence}\n")
    except Exception:
        return


def _end(code: int) -> "NoReturn":
    """Exit at once: Python's own end would make 120 of a closed pipe, and wait for a plug-in's threads."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            continue
    os._exit(code)


if __name__ == "__main__":
    main()
