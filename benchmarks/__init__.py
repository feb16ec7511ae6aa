"""Figures of speed and of right answers, each with the command that makes it."""
