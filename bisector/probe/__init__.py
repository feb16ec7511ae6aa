"""One commit: overlay, build, artefacts, execution, limits, contention."""
