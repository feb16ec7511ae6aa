"""The generated pages of the reference, one module a page."""
