"""The alarm: compares micro-benchmarks with reference times and with their own history."""
