"""Keeps dune inside its slot, even if the slot is inside another dune project.

dune's root is the outermost `dune-workspace`, or else the outermost `dune-project`, above its working
directory. No environment variable overrides that, so a slot below your own project would be built as part of
it. A `dune` script first on PATH therefore adds the `--root` that dune would find if the slot stood alone.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from bisector.errors import InfrastructureFault

ROOT_FILES = ("dune-workspace", "dune-project")

SCRIPT = r"""#!/bin/sh
# Written by bisector: runs dune with the root it would find if this slot were not inside another project.
slot=@SLOT@
dune=@DUNE@
here=$(pwd -P)

[ $# -gt 0 ] || set -- build
case $1 in
  build | b | exec | runtest | test | clean | install | uninstall | utop | rules | fmt | format) ;;
  *) exec "$dune" "$@" ;;
esac
case $here/ in "$slot"/*) ;; *) exec "$dune" "$@" ;; esac
for word; do
  case $word in
    --) break ;;
    --root | --root=*) exec "$dune" "$@" ;;
  esac
done

folder=$here workspace= project=
while :; do
  [ ! -e "$folder/dune-workspace" ] || workspace=$folder
  [ ! -e "$folder/dune-project" ] || project=$folder
  [ "$folder" != "$slot" ] || break
  folder=${folder%/*}
done
root=${workspace:-${project:-$here}}
command=$1
shift
[ "$root" != "$here" ] || exec "$dune" "$command" --root . "$@"

# With --root, dune's targets are relative to the root, not to the working directory.
below=${here#"$root"/}
left=$# targets= verbatim= value=
while [ "$left" -gt 0 ]; do
  word=$1 left=$((left - 1))
  shift
  if [ "$value" ]; then
    value=
  elif [ ! "$verbatim" ]; then
    case $word in
      --) verbatim=yes ;;
      -j | -p | -x | --build-dir | --cache | --config-file | --default-target | --diff-command | --display | \
      --instrument-with | --only-packages | --profile | --sandbox | --trace-file | --workspace) value=yes ;;
      -*) ;;
      *)
        targets=yes
        case $command:$word in
          exec:*/*) word=$below/$word verbatim=yes ;;
          exec:*) verbatim=yes ;;
          *:@@*) word=@@$below/${word#@@} ;;
          *:@*) word=@$below/${word#@} ;;
          *:/* | *:%* | *:\(*) ;;
          *) word=$below/$word ;;
        esac
        ;;
    esac
  fi
  set -- "$@" "$word"
done
case $command:$targets in
  build: | b:) set -- "$@" "@@$below/default" ;;
  runtest: | test: | utop:) set -- "$@" "$below" ;;
esac
exec "$dune" "$command" --root "$root" "$@"
"""


def environment_for(slot_root: Path, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for commands in `folder` of the slot at `slot_root` that keeps dune in that slot.

    Changed only if there is a dune project above the slot and dune is on PATH. The script is next to the
    slot, in a hidden folder named after it. Raises InfrastructureFault if it cannot be written.
    """
    slot = slot_root.resolve()
    dune = shutil.which("dune", path=environment.get("PATH"))
    if dune is None or not _is_inside_project(slot) or not folder.resolve().is_relative_to(slot):
        return dict(environment)
    scripts = scripts_of(slot)
    _write(scripts, SCRIPT.replace("@SLOT@", shlex.quote(str(slot))).replace("@DUNE@", shlex.quote(dune)))
    return {**environment, "PATH": f"{scripts}{os.pathsep}{environment.get('PATH', '')}"}


def _is_inside_project(slot: Path) -> bool:
    return any((folder / name).exists() for folder in slot.parents for name in ROOT_FILES)


def _write(folder: Path, script: str) -> None:
    """Replace the script atomically: another probe may be executing the old one."""
    try:
        folder.mkdir(exist_ok=True)
        fresh = folder / f"dune.{os.getpid()}"
        fresh.write_text(script)
        fresh.chmod(0o755)
        fresh.replace(folder / "dune")
    except OSError as error:
        raise InfrastructureFault(f"cannot write {folder / 'dune'}: {error.strerror}") from error


def scripts_of(slot: Path) -> Path:
    """The folder beside a slot with its `dune` script; remove it together with the slot."""
    return slot.parent / f".{slot.name}-bin"
