"""Guards: no test reads the developer's git settings or writes to the real home.

Property tests use the same examples in every run, so that a suite that passed passes again. `make fuzz` uses
new and more examples. Add a failing one to the test as an `@example`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, print_blob=True)
hypothesis.settings.register_profile("fuzz", max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(autouse=True, scope="session")
def _own_home() -> Iterator[None]:
    """A home for the tests, without git configuration and inherited GIT_* variables."""
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="bisector-home-") as home:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            del os.environ[name]
        os.environ.update(HOME=home, XDG_CACHE_HOME=f"{home}/.cache", GIT_CONFIG_NOSYSTEM="1")
        Path(home, ".gitconfig").write_text(
            "[user]\n\tname = Tester\n\temail = tester@example.org\n[init]\n\tdefaultBranch = main\n"
        )
        yield
    os.environ.clear()
    os.environ.update(kept)
