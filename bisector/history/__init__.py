"""git: revisions, candidates, tree identities, worktrees. The only importer of GitPython."""
