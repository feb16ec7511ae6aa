"""`python -m tests.chaos --kills 300 --seed N --json FILE`: the long run of `make chaos`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.blows import Hung
from tests.chaos.harness import Broken, Kill, as_document, stories
from tests.chaos.scene import KINDS

HOME = "[user]\n\tname = Tester\n\temail = tester@example.org\n[init]\n\tdefaultBranch = main\n"


def main() -> int:
    """Kill this many times, two hunts at a time. Returns 1 if a check failed."""
    parser = argparse.ArgumentParser(description="Kill hunts at random moments and at named crash points.")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where to write each kill")
    chosen = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, XDG_CACHE_HOME=f"{home}/.cache", GIT_CONFIG_NOSYSTEM="1")
        Path(home, ".gitconfig").write_text(HOME)
        kinds = sorted(KINDS)
        with ThreadPoolExecutor(2) as pool:
            halves = [(kinds[:2], chosen.kills // 2), (kinds[2:], chosen.kills - chosen.kills // 2)]
            runs = [
                pool.submit(_follow, half, kills, chosen.seed + at) for at, (half, kills) in enumerate(halves)
            ]
            found = [run.result() for run in runs]
    kills = [kill for half, _ in found for kill in half]
    broken = [str(error) for _, error in found if error]
    hunts = {"kills": as_document(kills), "broken": broken, "seconds": time.monotonic() - began}
    if chosen.json:
        chosen.json.write_text(json.dumps(hunts, indent=1))
    _tell(kills, broken, time.monotonic() - began)
    return 1 if broken else 0


def _follow(kinds: list[str], kills: int, seed: int) -> tuple[list[Kill], Broken | Hung | None]:
    fallen: list[Kill] = []
    try:
        for story in stories(kinds, kills, seed, early=5, late=3):
            fallen += story
            _say(f"{len(fallen):4} of {kills}  {kinds[0]}, {kinds[1]}")
    except (Broken, Hung) as error:
        _say(f"BROKEN: {error}")
        return fallen, error
    return fallen, None


def _tell(kills: list[Kill], broken: list[str], seconds: float) -> None:
    _say(f"{len(kills)} kills in {seconds:.0f} s, {len(broken)} broken")
    for title, counted in (
        ("by hunt", Counter(kill.kind for kill in kills)),
        ("by signal", Counter(kill.blow.how for kill in kills)),
        ("by moment", Counter(kill.blow.at or "at random" for kill in kills)),
    ):
        _say(f"{title}: {', '.join(f'{name} {count}' for name, count in counted.most_common())}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
