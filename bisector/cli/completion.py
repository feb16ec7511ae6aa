"""Shell completion of values. Imports on demand keep `--help` fast."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SYMPTOMS = ("fails", "slow", "memory", "hangs", "flaky")
SCHEMAS = ("hunt-file", "output", "events")
SERVICES = ("github", "gitea", "forgejo", "gitlab")


def symptoms(incomplete: str) -> list[str]:
    """Values of `init --for`."""
    return _beginning(SYMPTOMS, incomplete)


def services(incomplete: str) -> list[str]:
    """Values of `ci init --for`."""
    return _beginning(SERVICES, incomplete)


def schemas(incomplete: str) -> list[str]:
    """Values of `schema`."""
    return _beginning(SCHEMAS, incomplete)


def predicates(incomplete: str) -> list[str]:
    """The installed predicates."""
    from bisector.probe.discovery import shipped_predicates

    return _beginning(shipped_predicates(), incomplete)


def scenarios(incomplete: str) -> list[tuple[str, str]]:
    """The scenarios of the sample history with their descriptions."""
    from bisector.demo import SCENARIOS

    return [(name, text) for name, text in SCENARIOS.items() if name.startswith(incomplete)]


def hunt_files(incomplete: str) -> list[str]:
    """Hunt files in this folder and in `configs/`; the shell completes other paths."""
    files = [*Path().glob("*.yaml"), *Path("configs").glob("*.yaml")]
    return _beginning(sorted(map(str, files)), incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
