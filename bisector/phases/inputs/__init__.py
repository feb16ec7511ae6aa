"""Traces the files that build and test read, and proposes `inputs` for the hunt file."""
