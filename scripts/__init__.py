"""What writes the generated parts of the documentation, and what make and CI call."""
