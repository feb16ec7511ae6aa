"""From an answer down to its cause: into the branch of a merge, into the history of a submodule."""
