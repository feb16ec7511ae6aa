"""Whether the stated confidence is true: simulated hunts where the model holds, and where it is broken."""
