"""Benchmarks of speed and of correct answers, each with its command."""
