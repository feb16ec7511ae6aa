"""The commands. Each body imports what it needs, so that `--help` stays fast."""
