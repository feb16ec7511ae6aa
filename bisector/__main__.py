"""The command `bisector`, also as `python -m bisector`.

Nothing but built-in modules is imported before `probe` is guarded: `git bisect run` takes every exit code
below 128 but 0 and 125 for bad, and Python ends with 1 when an exception gets away, one at import too.
"""

import gc
import io
import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TextIO

    from _typeshed import ReadableBuffer

# One thread is quicker for arrays as small as ours, and leaves the other CPUs to builds.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A tenth of every start goes into looking for garbage among what imports have made to stay.
gc.set_threshold(50_000)

_VERDICTS = (0, 1, 125)
_USAGE, _ENVIRONMENT, _INTERRUPTED = 2, 6, 130
_FATAL_FOR_GIT, _USAGE_FOR_GIT = 128, 129


class _Output(io.FileIO):
    """Where bisector prints; a reader that is gone, or a full disk, is no failure of what it is at."""

    trouble: "OSError | None" = None
    """Why not all was written; None too where nobody wants to read it."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write `data`, or let it go."""
        try:
            while (written := super().write(data)) is None:
                select.select([], [self], [])  # Whoever we share it with does not want to wait; we do.
            return written
        except BrokenPipeError:
            pass
        except OSError as error:
            self.trouble = error
        return memoryview(data).nbytes


def _printing(descriptor: int, stream: "TextIO | None") -> "tuple[_Output, TextIO]":
    """A stream like `stream`, which may fail."""
    raw = _Output(descriptor, "w", closefd=False)
    buffer = io.BufferedWriter(raw)
    if stream is None:
        return raw, io.TextIOWrapper(buffer, encoding="utf-8")
    lines = bool(stream.line_buffering)
    return raw, io.TextIOWrapper(buffer, stream.encoding, stream.errors, line_buffering=lines)


def main() -> None:
    """Run the command line and exit with its code."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # Closed by whoever started us: the journal must not be opened where others print.
            os.open(os.devnull, os.O_RDWR)
    out, sys.stdout = _printing(1, sys.stdout)
    _, sys.stderr = _printing(2, sys.stderr)
    if next((word for word in sys.argv[1:] if not word.startswith("-")), "") == "probe":
        _end(_for_git())
    from bisector.cli.main import run

    code = run(sys.argv[1:])
    sys.stdout.flush()
    if out.trouble:
        _complain(f"bisector: not all could be printed: {out.trouble.strerror}")
        code = code or _ENVIRONMENT
    sys.exit(code)


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
