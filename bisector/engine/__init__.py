"""Engines that run probes: in slots on this machine, or on a cluster."""
