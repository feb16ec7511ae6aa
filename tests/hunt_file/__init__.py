"""Tests of bisector.hunt_file."""
