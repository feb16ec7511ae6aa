"""Hunt files that come with bisector."""
