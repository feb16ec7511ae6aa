"""Scripts that generate parts of the documentation, and scripts for make and CI."""
