"""All tables of docs/explanation/performance.md: `python -m benchmarks [FOLDER]`, about 15 minutes.

Writes `bench.md` and `bench.json` into the folder (default: `build/bench`), with machine and versions.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import facts

PARTS = {
    "bisector and `git bisect run`": "benchmarks.hunts",
    "Start-up": "benchmarks.startup",
    "Large repositories": "benchmarks.large",
}


def main() -> int:
    """Run every part. Returns 1 if one of them fails or misses its own limit."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/bench")
    folder.mkdir(parents=True, exist_ok=True)
    texts, documents, failed = [f"# Benchmarks\n\n{facts()}\n"], {"machine": facts()}, []
    for title, module in PARTS.items():
        with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
            command = [sys.executable, "-m", module, "--json", file.name]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
            documents[title] = json.loads(file.read() or "null")
        texts.append(f"## {title}\n\n{done.stdout}")
        print(texts[-1], flush=True)
        failed += [title] if done.returncode else []
        (folder / "bench.md").write_text("\n".join(texts))
        (folder / "bench.json").write_text(json.dumps(documents, indent=2))
    for title in failed:
        print(f"{title}: failed, or a limit is missed", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
