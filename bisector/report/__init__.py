"""Reports on a hunt: progress log, git bisect log, Markdown, HTML and the object for `--json`."""
