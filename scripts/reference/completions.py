"""Completions for shells, as packagers install them; `bisector --install-completion` is for one user."""

from __future__ import annotations

from typer._completion_shared import get_completion_script

_PLACES = {
    "bash": "completions/bash/bisector",
    "zsh": "completions/zsh/_bisector",
    "fish": "completions/fish/bisector.fish",
}
_AUTOLOADED = """
# In a folder of fpath, zsh runs this file as the function at the first completion.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _bisector_completion "$@"
fi"""


def completions() -> dict[str, str]:
    """The script of each shell by its path in the project."""
    return {place: f"{_script(shell)}\n" for shell, place in _PLACES.items()}


def _script(shell: str) -> str:
    script = get_completion_script(prog_name="bisector", complete_var="_BISECTOR_COMPLETE", shell=shell)
    lines = [line.rstrip() for line in script.strip().splitlines()]
    return "\n".join(lines) + (_AUTOLOADED if shell == "zsh" else "")
