"""bisector hunts regressions through git history."""

__version__ = "0.1.0"
