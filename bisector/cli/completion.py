"""What the shell completes beside commands and options; imported on demand, for `--help` stays quick."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SYMPTOMS = ("failure", "time", "memory")
SERVICES = ("github", "gitea", "forgejo", "gitlab")


def symptoms(incomplete: str) -> list[str]:
    """What `init --for` takes."""
    return _beginning(SYMPTOMS, incomplete)


def services(incomplete: str) -> list[str]:
    """What `ci init --for` takes."""
    return _beginning(SERVICES, incomplete)


def predicates(incomplete: str) -> list[str]:
    """The predicates that are installed."""
    from bisector.probe.discovery import shipped_predicates

    return _beginning(shipped_predicates(), incomplete)


def scenarios(incomplete: str) -> list[tuple[str, str]]:
    """The scenarios of the sample history, each with its sentence."""
    from bisector.demo import SCENARIOS

    return [(name, text) for name, text in SCENARIOS.items() if name.startswith(incomplete)]


def hunt_files(incomplete: str) -> list[str]:
    """Hunt files of this folder and of `configs/`; other paths are completed by the shell."""
    files = [*Path().glob("*.yaml"), *Path("configs").glob("*.yaml")]
    return _beginning(sorted(map(str, files)), incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
