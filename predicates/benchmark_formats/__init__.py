"""What benchmark tools print and write, read as figures of benchmarks."""
