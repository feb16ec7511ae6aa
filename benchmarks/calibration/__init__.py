"""Whether the stated confidence is true: simulated hunts that fit the model, and others that do not."""
