"""What a build and a test read, traced; inputs proposed, compared with the declared ones, written down."""
