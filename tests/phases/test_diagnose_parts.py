"""The parts of a diagnosis that need no build: figures, hypotheses, and the output of tools."""

from __future__ import annotations

import math
import re

import pytest

from bisector.hunt_file.diagnosis import Aspect, Hypothesis, parse
from bisector.phases.diagnosis.collectors import COLLECTORS
from bisector.phases.diagnosis.figures import Collected, Figure, Range, collected, from_json
from bisector.phases.diagnosis.hypotheses import Verdict, try_hypothesis
from bisector.phases.evidence.callgrind import read_profile
from bisector.phases.evidence.contract import Evidence, counted
from bisector.phases.evidence.profile import parse_perf
from bisector.phases.evidence.symbols import plain_name
from bisector.phases.evidence.system_calls import parse as parse_strace
from bisector.predicate import Match

WORDS = Figure("words", (10.0,), (25.0,))
NOISY = Figure("time", (1.0, 1.0, 1.0), (1.8, 2.1, 2.3))
NEW = Figure("new", (), (7.0,))
FROM_NOTHING = Figure("copies", (0.0,), (9.0,))
STILL = Figure("hits", (0.0,), (0.0,))
EVIDENCE = [Collected("counters", (WORDS, NEW, FROM_NOTHING, STILL)), Collected("times", (NOISY, WORDS))]


@pytest.mark.parametrize(
    ("expect", "verdict"),
    [
        ("words ratio > 2.4", Verdict.VALIDATED),
        ("words ratio > 2.5", Verdict.ELIMINATED),
        ("words ratio >= 2.5", Verdict.VALIDATED),
        ("words difference < 16", Verdict.VALIDATED),
        ("words value <= 24", Verdict.ELIMINATED),
        ("times:words value > 24", Verdict.VALIDATED),
        ("copies ratio > 1e9", Verdict.VALIDATED),
        ("hits ratio > 1", Verdict.ELIMINATED),
        ("new value > 6", Verdict.VALIDATED),
        ("new ratio > 6", Verdict.INCONCLUSIVE),
        ("time ratio > 1.7", Verdict.VALIDATED),
        ("time ratio > 2", Verdict.INCONCLUSIVE),
        ("time ratio > 2.3", Verdict.ELIMINATED),
        ("wards ratio > 2", Verdict.INCONCLUSIVE),
        ("words ratio > 2 and time ratio > 2", Verdict.INCONCLUSIVE),
        ("words ratio > 9 and time ratio > 2", Verdict.ELIMINATED),
        ("words ratio>2 and copies value>8", Verdict.VALIDATED),
    ],
)
def test_what_becomes_of_a_hypothesis(expect: str, verdict: Verdict) -> None:
    """A hypothesis is decided if all runs agree, and open if some disagree or the figure is missing."""
    assert try_hypothesis(Hypothesis(name="it", expect=expect), EVIDENCE).verdict is verdict


def test_an_open_hypothesis_says_why() -> None:
    """A misspelled figure is answered with the nearest one, and an unclear result with the limit."""
    (tried,) = try_hypothesis(Hypothesis(name="it", expect="wards ratio > 2"), EVIDENCE).tried
    assert tried.why == "no evidence has the figure wards; did you mean words?"
    (tried,) = try_hypothesis(Hypothesis(name="it", expect="time ratio > 2"), EVIDENCE).tried
    assert (tried.seen, tried.why) == (Range(2.1, 1.8, 2.3), "the runs are on both sides of 2")


def test_a_condition_is_written_as_it_is_read() -> None:
    """A parsed condition can be printed and parsed again."""
    text = "self.Sx_env.enter difference >= 2.5 and a-b value < 1e+06"
    assert " and ".join(map(str, parse(text))) == text


def test_a_figure_that_one_side_lacks() -> None:
    """A figure of one side counts as the collector says, or has no ratio, also if only one run lacks it."""
    good, bad = [Evidence({"a": 1.0}), Evidence({"a": 2.0})], [Evidence({"b": 3.0}), Evidence({})]
    assert collected("x", 0.0, good, bad).figures == (
        Figure("b", (0.0, 0.0), (3.0, 0.0)),
        Figure("a", (1.0, 2.0), (0.0, 0.0)),
    )
    assert collected("x", None, good, bad).figures == (Figure("b", (), ()), Figure("a", (1.0, 2.0), ()))


def test_evidence_survives_the_journal() -> None:
    """Evidence is read back from the journal unchanged."""
    found = Collected("times", (NOISY, NEW), ("a note",))
    assert from_json(found.to_json()) == found


def test_ratios_of_nothing() -> None:
    """From zero to something is infinite, zero to zero is no change, and negative values have no ratio."""
    assert FROM_NOTHING.range(Aspect.RATIO) == Range(math.inf, math.inf, math.inf)
    assert STILL.range(Aspect.RATIO) == Range(1.0, 1.0, 1.0)
    assert Figure("x", (-1.0,), (1.0,)).range(Aspect.RATIO) is None


def test_counters_are_added_up_by_name() -> None:
    """Several programs may print the same counter. A line without a number does not count."""
    lines = [("calls", "1,200"), ("calls", "3"), ("hits", "0.5"), ("calls", "."), (None, "1")]
    matches = [Match(0.0, "", groups) for groups in lines]
    assert counted(matches, re.compile(r"(\S+) (\S+)")) == {"calls": 1203.0, "hits": 0.5}
    swapped = re.compile(r"(?P<value>\S+) (?P<name>\S+)")
    assert counted([Match(0.0, "", ("7", "calls"))], swapped) == {"calls": 7.0}


STRACE = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 84.21    0.023070         769        30        14 wait4
  2.72    0.000745           2       274           mmap
------ ----------- ----------- --------- --------- ----------------
100.00    0.027396          11      2369       232 total
"""


def test_the_table_of_strace() -> None:
    """Calls, with and without errors. The total is left out."""
    assert parse_strace(STRACE) == {"wait4": 30, "mmap": 274}


def test_the_report_of_perf() -> None:
    """Samples by symbol. Comments are skipped, and the same symbol of two objects is added."""
    report = "# Samples;Symbol\n#\n   12;[.] caml_modify\n 3;[k] irq\n 1;[.] caml_modify\n\n"
    assert parse_perf(report) == {"caml_modify": 13.0, "irq": 3.0}


CALLGRIND = """\
# callgrind format
cmd:  /tmp/bin/server --stats
positions: instr line
events: Ir Dr
fn=(1) main
0x10 1 5 2
cob=(2) libc
cfi=(3) a.c
cfn=(2) work
calls=2 0x20 7
0x12 1 90 3
+2 +1 5

fn=(2)
0x20 7 60
cfn=(2)
calls=1 0x20 7
* * 20
-1 -1 30
"""


def test_a_profile_of_callgrind() -> None:
    """Names are written once, positions may be relative, and calls count as inclusive cost of the caller."""
    profile = read_profile(CALLGRIND)
    assert profile.program == "server"
    assert profile.own == {"main": 10, "work": 90}
    assert profile.inclusive == {"main": 100, "work": 90}
    assert profile.instructions == 100


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("camlSx_env__enter_280", "Sx_env.enter"),
        ("Sx_env.enter_280", "Sx_env.enter"),
        ("camlStdlib__Hashtbl__copy_bucketlist_473", "Stdlib.Hashtbl.copy_bucketlist"),
        ("Stdlib.Hashtbl.copy_bucketlist_473", "Stdlib.Hashtbl.copy_bucketlist"),
        ("camlSx_jit__fun_1559", "Sx_jit.fun"),
        ("caml_apply2", "caml_apply2"),
        ("mark_slice_darken.constprop.0", "mark_slice_darken.constprop.0"),
        ("_nl_make_l10nflist'2", "_nl_make_l10nflist"),
        ("main", "main"),
    ],
)
def test_names_mean_the_same_in_two_builds(symbol: str, name: str) -> None:
    """OCaml's numbers and mangling are dropped. C names stay."""
    assert plain_name(symbol) == name


def test_every_shipped_collector_keeps_the_contract() -> None:
    """Every collector is found by its name, and describes its figures and its options."""
    assert len(COLLECTORS.shipped()) >= 8
    for name, kind in COLLECTORS.shipped().items():
        assert kind.name == name
        assert kind.__doc__
        assert all(field.description for field in kind.Options.model_fields.values())
