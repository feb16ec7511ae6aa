"""What test runners print and write, read as results of tests."""
