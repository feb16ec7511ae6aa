"""The collectors of evidence that ship with `bisector diagnose`, and their contract."""
