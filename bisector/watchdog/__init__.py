"""Finds deadlines in scripts and workflows, and checks whether a raised one hides a regression."""
