"""Diagnosis: compares the first bad commit with its parent, and tests hypotheses on the evidence."""
