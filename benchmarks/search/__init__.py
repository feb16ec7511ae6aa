"""Benchmarks of the search core alone: simulated probes on real and made-up histories."""
