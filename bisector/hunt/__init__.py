"""The loop: premise, search, confirmation, conclusion; the journal; the events a screen may follow."""
