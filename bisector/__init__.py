"""bisector hunts regressions through git history."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    __version__: str
    """The version of the installed package, which comes from the newest tag."""


def __getattr__(name: str) -> str:
    """Look up `__version__` when it is asked for: few commands need it, and metadata take time to read."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bisector")
    except PackageNotFoundError:  # Run from a source tree that was never installed.
        return "0+unknown"
