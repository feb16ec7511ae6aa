"""The hunt loop (premise, search, confirmation, conclusion), its journal, and its events for a screen."""
