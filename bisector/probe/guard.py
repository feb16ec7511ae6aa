"""A plug-in that is not bisector's own, kept from hanging the hunt, ending it unsaid, or judging nonsense."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from bisector.errors import UsageError
from bisector.predicate import Bad, Good, Judgement, Measured, Predicate, Run, Untestable

PATIENCE = 30.0
"""Seconds in which a plug-in must answer; on figures that it is handed, an honest one takes thousandths."""

Answer = TypeVar("Answer")


class TookTooLong(BaseException):
    """Raised inside of code that is out of time; not an Exception, so that its `except` does not stop it."""


def in_time(seconds: float, call: Callable[..., Answer], *given: object) -> Answer:
    """What `call` returns; raises TookTooLong where that takes more than `seconds`.

    In the main thread by an alarm, which also ends what holds the interpreter (a regular expression of
    Python's own). Elsewhere there are no alarms: the call is left behind in a thread of its own.
    """
    if threading.current_thread() is threading.main_thread():
        return _with_alarm(seconds, lambda: call(*given))
    return _beside(seconds, lambda: call(*given))


def guarded(kind: type[Predicate[Any]], patience: float = PATIENCE) -> type[Predicate[Any]]:
    """`kind`, whose failures and silence raise UsageError, one sentence that names it.

    Raises UsageError itself for a class that breaks the contract.
    """
    plugin = _PlugIn(_require_contract(kind), patience)

    class GuardedOptions(kind.Options):  # type: ignore[misc, name-defined]
        @classmethod
        def model_validate(cls, *given: Any, **named: Any) -> Any:
            return plugin.ask("Options", lambda: super(GuardedOptions, cls).model_validate(*given, **named))

    class Guarded(kind):  # type: ignore[misc, valid-type]
        Options = GuardedOptions

        def __init__(self, options: Any) -> None:
            plugin.ask("__init__", super().__init__, options)
            # Both are read where nobody expects them to fail; an object keeps no state of a run.
            self.__patterns = plugin.patterns(lambda: super(Guarded, self).patterns)
            self.__by_wall_clock = bool(
                plugin.ask("by_wall_clock", lambda: super(Guarded, self).by_wall_clock)
            )

        @property
        def patterns(self) -> tuple[str, ...]:
            return self.__patterns

        @property
        def by_wall_clock(self) -> bool:
            return self.__by_wall_clock

        def watch(self, run: Run) -> Good | Bad | Untestable | None:
            return plugin.watch(super().watch, run)

        def at_least(self, run: Run, baseline: Run, ends: Sequence[Run]) -> float | None:
            return plugin.at_least(super().at_least, run, baseline, ends)

        def judge(self, run: Run, baseline: Run | None) -> Judgement:
            return plugin.judge(super().judge, run, baseline)

    Guarded.__name__, Guarded.__qualname__, Guarded.__doc__ = kind.__name__, kind.__qualname__, kind.__doc__
    return Guarded


@dataclass(frozen=True, slots=True)
class _PlugIn:
    """A predicate called `name`: what it is asked, and what it may answer."""

    name: str
    patience: float

    def ask(self, what: str, call: Callable[..., Any], *given: object) -> object:
        try:
            return in_time(self.patience, call, *given)
        except TookTooLong as error:
            raise self._refusal(f"{what} did not return within {self.patience:g} s") from error
        except (UsageError, ValidationError):
            raise
        except (Exception, SystemExit) as error:
            raise self._refusal(f"{what} failed ({type(error).__name__}: {error})") from error

    def patterns(self, call: Callable[[], object]) -> tuple[str, ...]:
        found = self.ask("patterns", call)
        if isinstance(found, list | tuple) and all(isinstance(one, str) for one in found):
            return tuple(found)
        raise self._refusal(f"patterns {_nonsense(found, 'list of texts')}")

    def watch(self, call: Callable[..., object], *given: object) -> Good | Bad | Untestable | None:
        found = self.ask("watch", call, *given)
        if found is None or (isinstance(found, Good | Bad | Untestable) and isinstance(found.why, str)):
            return found
        raise self._refusal(f"watch {_nonsense(found, 'verdict')}")

    def at_least(self, call: Callable[..., object], *given: object) -> float | None:
        found = self.ask("at_least", call, *given)
        if found is None or isinstance(found, int | float):
            return found
        raise self._refusal(f"at_least {_nonsense(found, 'number')}")

    def judge(self, call: Callable[..., object], *given: object) -> Judgement:
        found = self.ask("judge", call, *given)
        is_judgement = isinstance(found, Good | Bad | Untestable | Measured)
        if isinstance(found, Measured) and not _is_positive(found.value):
            is_judgement = False
        if not is_judgement or not isinstance(getattr(found, "why", None), str):
            raise self._refusal(f"judge {_nonsense(found, 'judgement')}")
        return cast("Judgement", found)

    def _refusal(self, how: str) -> UsageError:
        return UsageError(f"the predicate {self.name}: {how}; mend it")


def _require_contract(kind: type[Predicate[Any]]) -> str:
    """The predicate's name."""
    name, options = getattr(kind, "name", None), getattr(kind, "Options", None)
    if not isinstance(name, str) or not name:
        raise UsageError(f"the predicate class {kind.__name__} has no name; write for instance name = 'mine'")
    if not (isinstance(options, type) and issubclass(options, BaseModel)):
        raise UsageError(f"the predicate {name} has no Options, a pydantic model; give it one")
    if kind.paired and "ratio" not in options.model_fields:
        raise UsageError(f"the predicate {name} is paired, but its Options have no `ratio`; give them one")
    return name


def _texts(name: str, patterns: object) -> tuple[str, ...]:
    if isinstance(patterns, list | tuple) and all(isinstance(one, str) for one in patterns):
        return tuple(patterns)
    raise UsageError(f"the predicate {name}: patterns {_nonsense(patterns, 'list of texts')}; mend it")


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0


def _nonsense(found: object, wanted: str) -> str:
    """What it returned; of a type of its own only the name, since its `repr` may fail too."""
    known = found is None or isinstance(found, str | int | float | Good | Bad | Untestable | Measured)
    return f"returned {f'{found!r:.100}' if known else type(found).__name__}, which is no {wanted}"


def _with_alarm(seconds: float, call: Callable[[], Answer]) -> Answer:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    handler = signal.signal(signal.SIGALRM, ring)
    # Whoever had set an alarm gets it back, late by what the call took.
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, handler)


def _beside(seconds: float, call: Callable[[], Answer]) -> Answer:
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TookTooLong
    return answers[0]
