"""Regular expressions that never end, and plug-ins that hang or return nonsense, end with a message."""

from __future__ import annotations

import math
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.errors import UsageError
from bisector.pattern import Bounded
from bisector.predicate import Bad, Good, Judgement, Measured, Options, Predicate, Run, Tool, ToolMissing
from bisector.probe.discovery import find_predicate
from bisector.probe.guard import guarded
from tests.cli.running import shell_history
from tests.hostile.in_process import done, standing_in

EXAMPLES = int(os.environ.get("BISECTOR_FUZZ", "150"))
"""The number of examples for each property. A long run tries more."""

SLOW = {
    "(a|aa)+$": "a" * 3000 + "!",
    "(.*a){20}$": "a" * 3000 + "!",
    "(x+x+)+y": "x" * 3000,
    "(?:a|a?)+$": "a" * 3000 + "!",
}
TEXT = st.text(alphabet="ab1 \n:/", max_size=12)
PIECES = ["a", "b", r"\d", r"\w", r"\s", ".", "[ab]", "[^a]", "^", "$", r"\b", ":"]
PATTERNS = st.recursive(
    st.sampled_from(PIECES),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        inner.map(lambda one: f"({one})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,2}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        inner.map(lambda one: f"(?={one})"),
        inner.map(lambda one: f"(?P<n>{one})"),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_never_ends_is_ended(pattern: str) -> None:
    """In a search of a line, or a replacement in a file, the pattern is stopped and named."""
    bounded = Bounded(pattern, patience=0.02)
    with pytest.raises(UsageError, match=re.escape(repr(pattern))) as caught:
        bounded.search(SLOW[pattern])
    assert "\n" not in str(caught.value) and "repetitions" in str(caught.value)
    with pytest.raises(UsageError, match="for one file"):
        bounded.replaced("", SLOW[pattern])


def test_many_slow_lines_are_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line stays within its limit, but all of them together take too long."""
    monkeypatch.setattr("bisector.pattern.PATIENCE_IN_ALL", 0.02)
    monkeypatch.setattr("bisector.pattern._HONEST", 0.0)
    bounded = Bounded("(a|b)*c")
    with pytest.raises(UsageError, match="for the output of one test"):
        for _ in range(100_000):
            bounded.search("ab" * 200)


@settings(max_examples=EXAMPLES, deadline=None)
@given(pattern=PATTERNS, line=TEXT)
def test_a_bounded_pattern_means_what_python_means(pattern: str, line: str) -> None:
    """A bounded pattern finds the same match with the same groups as Python, or both refuse it."""
    try:
        theirs = re.compile(pattern)
    except re.error:
        with pytest.raises(ValueError):
            Bounded(pattern)
        return
    expected, found = theirs.search(line), Bounded(pattern).search(line)
    assert (found is None) == (expected is None)
    if found and expected:
        assert (found.span(), found.groups()) == (expected.span(), expected.groups())


class _Asked(Predicate[Options]):
    """Returns what the test sets."""

    name = "asked"
    Options = Options
    answer: Callable[[], object] = staticmethod(lambda: None)

    def watch(self, run: Run) -> Good | Bad | None:
        return type(self).answer()  # type: ignore[return-value]

    def tool(self, environment: Mapping[str, str]) -> Tool | None:
        return type(self).answer()  # type: ignore[return-value]

    def is_exact(self, run: Run, other: Run) -> bool:
        return type(self).answer()  # type: ignore[return-value]

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        return type(self).answer()  # type: ignore[return-value]


def _for_ever() -> None:
    while True:
        try:
            time.sleep(60)
        except Exception:
            continue


def _spinning() -> None:
    while True:
        pass


def _in_a_pattern() -> object:
    return re.search("(a|aa)+$", "a" * 100 + "b")


ANSWERS: dict[str, tuple[Callable[[], object], str]] = {
    "never, asleep": (_for_ever, "judge did not return within 0.1 s"),
    "never, busy": (_spinning, "judge did not return within 0.1 s"),
    "never, in a pattern": (_in_a_pattern, "judge did not return within 0.1 s"),
    "raises": (lambda: 1 // 0, "judge failed (ZeroDivisionError: integer division or modulo by zero)"),
    "exits": (lambda: sys.exit(0), "judge failed (SystemExit: 0)"),
    "nothing": (lambda: None, "judge returned None, which is not a judgement"),
    "a word": (lambda: "good", "judge returned 'good', which is not a judgement"),
    "a class": (lambda: Good, "judge returned type, which is not a judgement"),
    "no reason": (lambda: Good(why=3), "judge returned Good(why=3), which is not a judgement"),  # type: ignore
    "no number": (
        lambda: Measured(math.nan, ""),
        "judge returned Measured(value=nan, why=''), which is no",
    ),
    "zero": (lambda: Measured(0, ""), "judge returned Measured(value=0, why=''), which is not a judgement"),
    "endless": (lambda: Measured(math.inf, ""), "judge returned Measured(value=inf, why=''), which is no"),
}


@pytest.fixture
def asked() -> Iterator[Predicate[Options]]:
    """A guarded plug-in with a short time limit."""
    yield guarded(_Asked, patience=0.1)(Options())


THREADED = [name for name in ANSWERS if name not in ("never, busy", "never, in a pattern")]
"""Only an alarm stops the others, and leftovers of those would slow down all other tests."""


@pytest.mark.parametrize(
    ("name", "threaded"), [*((name, False) for name in ANSWERS), *((name, True) for name in THREADED)]
)
def test_a_plug_in_s_silence_and_nonsense_are_sentences(
    asked: Predicate[Options], name: str, threaded: bool
) -> None:
    """The message is the same in the main thread and in another thread, which parallel probes use."""
    _Asked.answer, told = staticmethod(ANSWERS[name][0]), ANSWERS[name][1]
    sentences: list[str] = []

    def ask() -> None:
        with pytest.raises(UsageError) as caught:
            asked.judge(Run(0, 0, 0), None)
        sentences.append(str(caught.value))

    if threaded:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    else:
        ask()
    assert sentences[0].startswith(f"the predicate asked: {told}")
    assert sentences[0].endswith("; fix it")


def test_watching_is_guarded_as_judging_is(asked: Predicate[Options]) -> None:
    """A watch that returns None lets the test continue, a verdict ends it, and everything else is refused."""
    _Asked.answer = staticmethod(lambda: None)
    assert asked.watch(Run(0, 0, 0)) is None
    _Asked.answer = staticmethod(lambda: Bad("so"))
    assert asked.watch(Run(0, 0, 0)) == asked.judge(Run(0, 0, 0), None) == Bad("so")
    _Asked.answer = staticmethod(lambda: Measured(2.0, "so"))
    assert asked.judge(Run(0, 0, 0), None) == Measured(2.0, "so")
    with pytest.raises(UsageError, match="watch returned Measured"):
        asked.watch(Run(0, 0, 0))


def test_a_tool_is_guarded_too(asked: Predicate[Options]) -> None:
    """A missing tool keeps its own sentence; a tool that is none, or that fails to be made, is refused."""
    _Asked.answer = staticmethod(lambda: None)
    assert asked.tool({}) is None
    _Asked.answer = staticmethod(_missing)
    with pytest.raises(ToolMissing, match="install it"):
        asked.tool({})
    for answer, told in ((lambda: "perf", "tool returned 'perf'"), (lambda: 1 // 0, "tool failed")):
        _Asked.answer = staticmethod(answer)
        with pytest.raises(UsageError, match=told):
            asked.tool({})


def test_comparing_figures_is_guarded_too(asked: Predicate[Options]) -> None:
    """Whether two figures are the same may fail like any other answer."""
    _Asked.answer = staticmethod(lambda: "yes")
    assert asked.is_exact(Run(0, 0, 0), Run(0, 0, 0)) is True
    _Asked.answer = staticmethod(lambda: 1 // 0)
    with pytest.raises(UsageError, match="is_exact failed"):
        asked.is_exact(Run(0, 0, 0), Run(0, 0, 0))


def _missing() -> object:
    raise ToolMissing("perf is missing; install it")


def test_an_answer_may_use_those_before_it() -> None:
    """A plug-in's properties are read once, in an order in which each sees the others."""

    class Chained(_Asked):
        @property
        def patterns(self) -> tuple[str, ...]:
            return ("done",)

        @property
        def by_wall_clock(self) -> bool:
            return "done" in self.patterns

    assert guarded(Chained)(Options()).by_wall_clock


def test_an_alarm_of_others_is_put_back(asked: Predicate[Options]) -> None:
    """An alarm that other code has set still fires."""
    _Asked.answer = staticmethod(lambda: Good("so"))
    before = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0] > 0
    asked.judge(Run(0, 0, 0), None)
    assert before == (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0] > 0)


def test_only_plug_ins_of_others_are_guarded() -> None:
    """bisector's own predicates are tested, and called directly."""
    assert find_predicate("exit_status", Path()).__module__ == "bisector.predicates.exit_status"


_PLUG_IN = """
import sys
from bisector.predicate import Bad, Good, Options, Predicate

class Mine(Predicate[Options]):
    name = "mine"
    Options = Options

    def watch(self, run):
        {watch}

    def judge(self, run, baseline):
        {judge}
"""
_HUNTS = {
    "judge raises": ("return None", "raise OSError('no\\x1b[2J')", "OSError"),
    "judge exits": ("return None", "sys.exit(0)", "SystemExit"),
    "judge says nonsense": ("return None", "return 3", "returned 3, which is not a judgement"),
    "watch raises": ("raise OSError('no')", "return Good('so')", "watch failed (OSError: no)"),
    "watch exits": ("sys.exit(0)", "return Good('so')", "watch failed (SystemExit: 0)"),
    "watch says nonsense": (
        "return 'good'",
        "return Good('so')",
        "watch returned 'good', which is no",
    ),
    "pattern never ends": ("return None", "return Good('so')", "takes longer than 1 s for one line"),
}


@pytest.mark.parametrize("name", _HUNTS)
def test_a_hunt_ends_with_the_sentence(tmp_path: Path, name: str) -> None:
    """The hunt ends with exit code 2 and one sentence, without a conclusion or a change in the repository."""
    watch, judge, told = _HUNTS[name]
    shell_history(tmp_path / "repo", 4, 2)
    (tmp_path / "mine.py").write_text(_PLUG_IN.format(watch=watch, judge=judge))
    predicate = "{name: mine.py}"
    if name == "pattern never ends":
        predicate = "{name: output_matches, pattern: '(a|aa)+$'}"
    (tmp_path / "hunt.yaml").write_text(
        "repository: repo\ngood: main~3\nbuild: {command: sh build.sh}\n"
        "test: {command: \"head -c 6000 /dev/zero | tr '\\\\0' a; echo b; sleep 0.2\"}\n"
        f"predicate: {predicate}\nscratch: scratch\nprogress_log: log.md\n"
    )
    with standing_in(tmp_path):
        ended = done("run", "-c", "hunt.yaml", "-q")
    assert ended.code == 2, ended
    (sentence,) = ended.err.splitlines()
    assert told in sentence and "\x1b" not in sentence
    assert not (tmp_path / "log.md").exists()
