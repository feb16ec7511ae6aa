"""Hunts of several targets at once: one run of a commit for every target that it tells something about."""
