"""Where probes run: the slots of this machine."""
