"""`bisector check --signals`: which figure shows the step between good and bad soonest."""
