"""npm: `package-lock.json` and `npm-shrinkwrap.json`."""
