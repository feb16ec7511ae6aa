"""Testing one commit: overlay, build, artefacts, execution, limits, contention."""
