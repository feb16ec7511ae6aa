"""The alarm: micro-benchmarks against reference times, and against their own history."""
