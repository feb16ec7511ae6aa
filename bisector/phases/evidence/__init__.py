"""The collectors of evidence that ship with `bisector diagnose`, and the contract they keep."""
