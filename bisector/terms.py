"""The words for the two kinds of commits of a hunt, as git has them (`--term-old`, `--term-new`).

A hunt finds the first commit of the *new* kind. Inside, `good` and `bad` stand for old and new: a reading is
`Good` if its commit is like the old endpoint. Only what a person reads follows the terms.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """The words for commits before (`old`) and after (`new`) the commit that a hunt looks for.

    `better`: whether the new kind is the better one, because the hunt looks for a fix. Then judgements are
    read the other way round, and a ratio says how many times better a commit is.
    """

    old: str = "good"
    new: str = "bad"
    better: bool = False

    @property
    def over(self) -> str:
        """What a ratio above 1 divides: the worse kind over the better one."""
        return f"{self.old} over {self.new}" if self.better else f"{self.new} over {self.old}"

    @property
    def words(self) -> dict[str, str]:
        """The term by the name that readings have for it inside."""
        return {"good": self.old, "bad": self.new}


REGRESSION = Terms()
FIX = Terms("broken", "fixed", better=True)
"""The terms of a hunt for a fix; git's manual has the same pair."""


def looks_for_a_fix(old: str, new: str) -> bool:
    """Whether a git bisect session with these terms looks for a fix, by the words that people use."""
    return old in ("broken", "bad") or new in ("fixed", "good")
