"""The predicates that ship with bisector; each is written against `bisector.predicate` alone."""
