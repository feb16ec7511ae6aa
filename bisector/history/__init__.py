"""git: revisions, candidates, object ids, worktrees. The only package that imports GitPython."""
