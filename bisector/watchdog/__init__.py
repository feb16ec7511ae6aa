"""Deadlines that scripts and workflows set themselves, and what it means when one is raised."""
