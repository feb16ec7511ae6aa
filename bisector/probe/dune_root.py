"""dune kept to its slot, also when the slot lies inside another dune project.

dune takes the outermost `dune-workspace`, or else the outermost `dune-project`, above the folder it is
started in for its root, and no environment variable says otherwise: a slot below somebody's own project
would be built as a part of that project. There, a `dune` that is found first on the path adds the
`--root` that dune would have found had the slot been alone.
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
# Written by bisector: runs dune with the root it would find were this slot not inside another project.
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

# With --root dune takes targets relative to the root, not to the folder it is started in.
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
    """The environment for commands in `folder` of the slot at `slot_root`, with dune kept to that slot.

    Changed only where a dune project lies above the slot and dune is on the path.

    The script lies beside the slot, in a hidden folder named after it. Raises InfrastructureFault when
    it cannot be written.
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
    """Written whole under another name first: another probe may be executing the old one."""
    try:
        folder.mkdir(exist_ok=True)
        fresh = folder / f"dune.{os.getpid()}"
        fresh.write_text(script)
        fresh.chmod(0o755)
        fresh.replace(folder / "dune")
    except OSError as error:
        raise InfrastructureFault(f"cannot write {folder / 'dune'}: {error.strerror}") from error


def scripts_of(slot: Path) -> Path:
    """The folder beside a slot that holds its `dune` script; whoever removes the slot removes it too."""
    return slot.parent / f".{slot.name}-bin"
