"""`bisector init`: what a trial at the endpoints says about a proposed hunt file."""
