"""Guards third-party plug-ins, which must not hang the hunt, exit silently, or return nonsense."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from bisector.errors import BisectorError, UsageError
from bisector.predicate import Bad, Ends, Good, Judgement, Measured, Options, Predicate, Run, Tool, Untestable

PATIENCE = 30.0
"""Seconds within which a plug-in must return; a typical one takes milliseconds."""

Answer = TypeVar("Answer")


class TookTooLong(BaseException):
    """Raised inside code that runs out of time; not an Exception, so `except Exception` cannot stop it."""


def in_time(seconds: float, call: Callable[..., Answer], *given: object) -> Answer:
    """Call `call` and return its result; raises TookTooLong after `seconds`.

    The main thread uses an alarm, which also interrupts code that holds the interpreter lock (such as a
    regular expression). Other threads have no alarms: the call is left behind in its own thread.
    """
    if threading.current_thread() is threading.main_thread():
        return _with_alarm(seconds, lambda: call(*given))
    return _beside(seconds, lambda: call(*given))


def guarded(kind: type[Predicate[Any]], patience: float = PATIENCE) -> type[Predicate[Any]]:
    """`kind`, with its errors and timeouts turned into a UsageError that names the predicate.

    Raises UsageError for a class that breaks the contract.
    """
    plugin = _PlugIn(_require_contract(kind), patience)

    class Guarded(kind):  # type: ignore[misc, valid-type]
        Options = _guarded_options(kind, plugin)

        patterns, files = _answered("patterns"), _answered("files")
        by_wall_clock, runs_to_the_end = _answered("by_wall_clock"), _answered("runs_to_the_end")
        believes_failures, reviews = _answered("believes_failures"), _answered("reviews")

        def __init__(self, options: Any) -> None:
            plugin.ask("__init__", super().__init__, options)
            self._guarded_answers: dict[str, Any] = {}
            for what, answer in plugin.answers(lambda what: getattr(super(Guarded, self), what)):
                self._guarded_answers[what] = answer
            self._guarded_answers["reviews"] &= kind.review is not Predicate.review

        def watch(self, run: Run) -> Good | Bad | Untestable | None:
            return plugin.watch(super().watch, run)

        def at_least(self, run: Run, baseline: Run, ends: Sequence[Run]) -> float | None:
            return plugin.at_least(super().at_least, run, baseline, ends)

        def is_exact(self, run: Run, other: Run) -> bool:
            return bool(plugin.ask("is_exact", super().is_exact, run, other))

        def tool(self, environment: Mapping[str, str]) -> Tool | None:
            return plugin.tool(super().tool, environment)

        def judge(self, run: Run, baseline: Run | None) -> Judgement:
            return plugin.judge("judge", super().judge, run, baseline)

        def review(self, judgement: Judgement, run: Run, ends: Ends) -> Judgement:
            return plugin.judge("review", super().review, judgement, run, ends)

    Guarded.__name__, Guarded.__qualname__, Guarded.__doc__ = kind.__name__, kind.__qualname__, kind.__doc__
    return Guarded


def _guarded_options(kind: type[Predicate[Any]], plugin: _PlugIn) -> type[Options]:
    class GuardedOptions(kind.Options):  # type: ignore[misc, name-defined]
        @classmethod
        def model_validate(cls, *given: Any, **named: Any) -> Any:
            return plugin.ask("Options", lambda: super(GuardedOptions, cls).model_validate(*given, **named))

    return GuardedOptions


def _answered(what: str) -> property:
    """A property that returns the plug-in's answer of when it was made."""
    return property(lambda self: self._guarded_answers[what])


@dataclass(frozen=True, slots=True)
class _PlugIn:
    """Calls the predicate `name` and checks its answers."""

    name: str
    patience: float

    def ask(self, what: str, call: Callable[..., Any], *given: object) -> object:
        try:
            return in_time(self.patience, call, *given)
        except TookTooLong as error:
            raise self._refusal(f"{what} did not return within {self.patience:g} s") from error
        except (BisectorError, ValidationError):
            raise
        except (Exception, SystemExit) as error:
            raise self._refusal(f"{what} failed ({type(error).__name__}: {error})") from error

    def answers(self, own: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
        """What the plug-in says of itself, by name, read once: later callers do not expect errors.

        `own` returns the value of a property, which cannot depend on a run. One may use those before it.
        """
        for what in ("patterns", "files"):
            yield what, self.texts(what, partial(own, what))
        for what in ("by_wall_clock", "believes_failures", "runs_to_the_end", "reviews"):
            yield what, bool(self.ask(what, own, what))

    def texts(self, what: str, call: Callable[[], object]) -> tuple[str, ...]:
        found = self.ask(what, call)
        if isinstance(found, list | tuple) and all(isinstance(one, str) for one in found):
            return tuple(found)
        raise self._refusal(f"{what} {_nonsense(found, 'a list of strings')}")

    def watch(self, call: Callable[..., object], *given: object) -> Good | Bad | Untestable | None:
        found = self.ask("watch", call, *given)
        if found is None or (isinstance(found, Good | Bad | Untestable) and isinstance(found.why, str)):
            return found
        raise self._refusal(f"watch {_nonsense(found, 'a verdict')}")

    def at_least(self, call: Callable[..., object], *given: object) -> float | None:
        found = self.ask("at_least", call, *given)
        if found is None or isinstance(found, int | float):
            return found
        raise self._refusal(f"at_least {_nonsense(found, 'a number')}")

    def tool(self, call: Callable[..., object], *given: object) -> Tool | None:
        found = self.ask("tool", call, *given)
        if found is None or isinstance(found, Tool):
            return found
        raise self._refusal(f"tool {_nonsense(found, 'a Tool')}")

    def judge(self, what: str, call: Callable[..., object], *given: object) -> Judgement:
        found = self.ask(what, call, *given)
        is_judgement = isinstance(found, Good | Bad | Untestable | Measured)
        if isinstance(found, Measured) and not _is_positive(found.value):
            is_judgement = False
        if not is_judgement or not isinstance(getattr(found, "why", None), str):
            raise self._refusal(f"{what} {_nonsense(found, 'a judgement')}")
        return cast("Judgement", found)

    def _refusal(self, how: str) -> UsageError:
        return UsageError(f"the predicate {self.name}: {how}; fix it")


def _require_contract(kind: type[Predicate[Any]]) -> str:
    """The predicate's name."""
    name, options = getattr(kind, "name", None), getattr(kind, "Options", None)
    if not isinstance(name, str) or not name:
        raise UsageError(f"the predicate class {kind.__name__} has no name; add one, such as name = 'mine'")
    if not (isinstance(options, type) and issubclass(options, BaseModel)):
        raise UsageError(f"the predicate {name} has no Options class (a pydantic model); add one")
    if kind.paired and "ratio" not in options.model_fields:
        raise UsageError(f"the predicate {name} is paired, but its Options have no `ratio`; add it")
    return name


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0


def _nonsense(found: object, wanted: str) -> str:
    """Describe what it returned; only by type if unknown, since a foreign `repr` may fail too."""
    known = found is None or isinstance(found, str | int | float | Good | Bad | Untestable | Measured)
    return f"returned {f'{found!r:.100}' if known else type(found).__name__}, which is not {wanted}"


def _with_alarm(seconds: float, call: Callable[[], Answer]) -> Answer:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    handler = signal.signal(signal.SIGALRM, ring)
    # Restore an earlier alarm afterwards, delayed by the duration of the call.
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
