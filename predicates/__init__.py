"""The predicates that ship with bisector; they depend only on its plug-in interface."""
