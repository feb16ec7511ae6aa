"""What a hunt looks for (`find`), and its ends and terms: `good` and `bad`, or `old` and `new`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from bisector import terms
from bisector.hunt_file.fields import AUTO
from bisector.hunt_file.overlay import Section

Find = Literal["regression", "fix", "all"]

HEAD = "HEAD"
_TAKEN = ("skip", "start", "reset", "visualize", "view", "replay", "log", "run", "next", "terms", "help")
"""Words that `git bisect` takes for its own commands."""


def _term(text: str) -> str:
    letters = text.replace("-", "").replace("_", "").replace(".", "")
    if not (letters.isascii() and letters.isalnum() and text[0].isalpha()):
        raise ValueError(f"{text!r} is no term; write one word of letters, digits and '-', such as 'fast'")
    if text in _TAKEN:
        raise ValueError(f"{text!r} is a command of git bisect; choose another word")
    return text


Term = Annotated[str, Field(min_length=1, max_length=30), AfterValidator(_term)]


class TermsChoice(Section):
    """The words for the two kinds of commits, as `git bisect start --term-old --term-new` has them."""

    old: Term | None = Field(
        default=None,
        description="Word for commits like the old endpoint. Default: `good`, with `find: fix` `broken`.",
        examples=["slow"],
    )
    new: Term | None = Field(
        default=None,
        description="Word for commits like the new endpoint. Default: `bad`, with `find: fix` `fixed`.",
        examples=["fast"],
    )

    @model_validator(mode="after")
    def _differ(self) -> TermsChoice:
        if self.old is not None and self.old == self.new:
            raise ValueError(f"both terms are {self.old!r}; choose two words")
        return self

    def of(self, find: Find) -> terms.Terms:
        """The terms of a hunt that looks for this."""
        usual = terms.FIX if find == "fix" else terms.REGRESSION
        return terms.Terms(self.old or usual.old, self.new or usual.new, usual.better)


def with_ends(data: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a hunt with `good` and `bad` instead of `old` and `new`.

    The old end of a hunt for a fix is the bad one. Without a new end it is HEAD. Raises `ValueError` for the
    terms of a fix in another hunt.
    """
    said = dict(data)
    fix = said.get("find") == "fix"
    words = said.get("terms")
    if isinstance(words, dict) and not fix:
        old, new = words.get("old") or "", words.get("new") or ""
        if terms.looks_for_a_fix(old, new):
            raise ValueError(
                f"the terms {old or 'good'} and {new or 'bad'} are those of a hunt for a fix: add --fixed "
                "(find: fix), or choose other words"
            )
    first, last = ("bad", "good") if fix else ("good", "bad")
    for own, key in (("old", first), ("new", last)):
        if (revision := said.pop(own, None)) is not None:
            one = isinstance(revision, list | tuple) and len(revision) == 1 and key == "bad"
            said[key] = revision[0] if one else revision
    if fix:
        said.setdefault("good", HEAD)
    elif said.get("axes"):
        said.setdefault("good", AUTO)
    return said
