"""A diagnosis: the first bad commit beside its parent, evidence gathered, hypotheses tried."""
