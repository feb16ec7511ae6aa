"""What a hunt does next: pure decisions, from readings alone. No clock, thread, process or file."""
