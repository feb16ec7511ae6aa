"""Why a hunt could not begin: what the test printed, what only the checkout has, and what to add."""
