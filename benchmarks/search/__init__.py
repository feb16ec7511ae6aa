"""Benchmarks of the search core alone: simulated probes on real and generated histories."""
