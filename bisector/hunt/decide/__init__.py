"""What a hunt does next: pure decisions, told from readings alone. No clock, thread, process or file."""
