"""The facts about a hunt that all reports share, derived from its record."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from enum import Enum

from bisector.errors import ExitCode
from bisector.hunt.conclusion import (
    AnyOf,
    BadIsGood,
    Effect,
    FirstBad,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
    NoRegression,
    Steps,
)
from bisector.hunt.record import CommitInfo, HuntRecord, Reading
from bisector.predicate import Bad, Contention, Good, Measured, Untestable
from bisector.probe.early import CLEAR
from bisector.report.descent_words import in_headline, open_end
from bisector.report.explained import explained
from bisector.report.step_words import in_one_line, steps_reason
from bisector.terms import Terms

BUSY_PRESSURE = 0.10
BUSY_STEAL = 0.05


class Side(Enum):
    """The side of a reading or a commit; `good` is like the old endpoint, `bad` like the new one."""

    GOOD = "good"
    BAD = "bad"
    UNTESTABLE = "untestable"
    UNDECIDED = "no verdict"


def word(side: Side, terms: Terms) -> str:
    """The word for a side that the user reads."""
    return terms.words.get(side.value, side.value)


def effect(record: HuntRecord) -> Effect | None:
    """The ratio to report: that of the conclusion, else that of the premise."""
    own = getattr(record.conclusion, "effect", None)
    return own if isinstance(own, Effect) else record.premise


def evidence(measured: Effect) -> str:
    """The evidence for a ratio: kind of interval, number of pairs, p-value of no difference."""
    if not measured.has_interval:
        return "one pair of runs"
    text = f"95% interval, {counted(measured.pairs, 'pair')} of runs"
    return text if measured.p is None else f"{text}, p {_p_value(measured.p)}"


def _p_value(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"= {p:.2g}"


_HIGH = 0.9
_COMMIT = re.compile(r"[0-9a-f]{12}\b")
"""A hunt that is inconclusive for want of readings is less sure of its likeliest commit."""


def confidence(record: HuntRecord) -> float | None:
    """The probability of the answer; None if the conclusion names no commit."""
    match record.conclusion:
        case FirstBad(probability=probability):
            return probability
        case AnyOf(probabilities=probabilities):
            return math.fsum(probabilities)
        case Inconclusive(probabilities=probabilities) if probabilities:
            return max(probabilities)
        case Steps(steps=steps):
            return min((step.probability for step in steps if step.probability is not None), default=None)
    return None


def certainty(record: HuntRecord) -> str:
    """The confidence as text, and whether the answer was confirmed; empty if there is none."""
    probability = confidence(record)
    if probability is None:
        return ""
    match record.conclusion:
        case Inconclusive() if probability > _HIGH:
            return ""  # The confirmation has just contradicted it.
        case Steps() as found:
            return (
                "every step confirmed"
                if found.exit_code is ExitCode.FIRST_BAD
                else "not every step confirmed"
            )
        case FirstBad(confirmed=confirmed):
            return _likely(record, probability) + (", confirmed" if confirmed else ", not confirmed")
    return _likely(record, probability)


def _likely(record: HuntRecord, probability: float) -> str:
    """No figure if the search trusted every verdict, since the error rate of the test is unknown."""
    exact = isinstance(record.conclusion, FirstBad | AnyOf) and record.conclusion.exact
    return "certain if the test never errs" if exact else percent(probability)


def suspects(record: HuntRecord) -> tuple[str, ...]:
    """The commits that the conclusion names as the first bad one; likeliest first if it has probabilities."""
    match record.conclusion:
        case FirstBad(commit=commit):
            return (commit,)
        case AnyOf(commits=commits):
            return commits
        case Inconclusive(candidates=commits):
            return commits
        case Steps(steps=steps):
            return tuple(commit for step in steps for commit in step.commits)
    return ()


def skipped(record: HuntRecord) -> list[str]:
    """The candidates that turned out untestable, in topological order."""
    readings: dict[str, list[Reading]] = {}
    for reading in record.readings:
        readings.setdefault(reading.commit, []).append(reading)
    return [c for c in record.candidates if c in readings and all(_untestable(r) for r in readings[c])]


def _untestable(reading: Reading) -> bool:
    return isinstance(reading.judgement, Untestable)


def probes(record: HuntRecord) -> str:
    """The number of commits that the search asked for, and how many could not be tested, if any."""
    untestable = len(skipped(record))
    return f"{record.probes}" + (f", {untestable} of them untestable" if untestable else "")


def seconds(record: HuntRecord) -> float | None:
    """Seconds that the hunt ran, without pauses between its starts; None while it is not finished.

    Of a hunt from an earlier bisector, including pauses.
    """
    if record.running is not None:
        return record.running
    if record.started is None or record.finished is None:
        return None
    return max(0.0, (record.finished - record.started).total_seconds())


def headline(record: HuntRecord) -> str:
    """The outcome in a few words, without any text from the repository."""
    old, new = record.terms.old, record.terms.new
    match record.conclusion:
        case FirstBad(commit=commit) as found:
            sure = found.confirmed
            told = f"first {new} commit {commit[:12]}{in_headline(record)}"
            return told if sure else f"not confirmed: {commit[:12]}"
        case AnyOf(commits=commits):
            return f"first {new} commit is one of {len(commits)}"
        case NoRegression():
            return "no difference" if record.terms.better else "no regression"
        case GoodIsBad():
            return f"the {old} endpoint is {new}"
        case BadIsGood():
            return f"the {new} endpoint is {old}"
        case MergeBaseIsBad(merge_base=commit):
            return f"the merge base {commit[:12]} is already {new}"
        case Inconclusive():
            return "inconclusive"
        case Steps() as found:
            return in_one_line(found, record.terms)
    return "not finished"


def reason(record: HuntRecord) -> str:
    """Sentences that explain the conclusion, and its notes; may contain text from the hunt file."""
    return " ".join([_reason(record), *(f"Note: {note}" for note in record.notes)])


def _reason(record: HuntRecord) -> str:
    match record.conclusion:
        case FirstBad() as found:
            return " ".join(filter(None, (_first_bad_reason(record, found), open_end(record))))
        case AnyOf(commits=commits, untested=untested):
            why = (
                f"Only untestable commits are left; the first {record.terms.new} commit is one of them. The "
                f"commits next to them were tested again.{_for_want_of_submodules(record, commits)}"
            )
            if not untested:
                return why
            rest = (
                "changes no declared input and was"
                if len(untested) == 1
                else "change no declared input and were"
            )
            return f"{why} {len(untested)} of them {rest} not tested."
        case NoRegression(why=why, effect=measured):
            return " ".join(filter(None, (_sentence(why), _could_still_hide(measured, record.terms))))
        case Steps() as found:
            tested = {reading.commit for reading in record.readings if not _untestable(reading)}
            return steps_reason(found, record.candidates, tested)
        case GoodIsBad(why=why) | BadIsGood(why=why) | MergeBaseIsBad(why=why) | Inconclusive(why=why):
            return _sentence(why)
    return "The hunt has no conclusion yet; run the same command to continue it."


def _for_want_of_submodules(record: HuntRecord, commits: Sequence[str]) -> str:
    """A sentence for untestable commits that all lack the same submodule; empty for any other reason."""
    whys = {r.judgement.why for r in record.readings if r.commit in commits and _untestable(r)}
    return f" {_sentence(min(whys))}" if len(whys) == 1 and "submodule" in min(whys) else ""


def _sentence(text: str) -> str:
    """Turn a reason, written without a capital and a full stop, into a sentence."""
    begins = text[:1] if _COMMIT.match(text) else text[:1].upper()
    return begins + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _first_bad_reason(record: HuntRecord, found: FirstBad) -> str:
    info = record.commits.get(found.commit)
    parents = info.parents if info else ()
    if len(parents) > 1 and set(parents) <= set(found.parents_good):
        which = "Both parents are" if len(parents) == 2 else f"All {len(parents)} parents are"
        change = "makes the difference" if record.terms.better else "has the regression"
        return f"{which} {record.terms.old}: only the merge itself {change}."
    forgotten = _forgotten(found)
    if found.confirmed:
        old, new = record.terms.old, record.terms.new
        more = (_built_with(record, found), explained(record), _left_out(found.left_out, record))
        rest = "".join(f" {one}" for one in more if one)
        return f"Confirmed: tested again, this commit is {new} and its parent is {old}.{rest}{forgotten}"
    return f"Not confirmed: it was not tested again.{forgotten}"


def _built_with(record: HuntRecord, found: FirstBad) -> str:
    """The fix-ups without which the answer does not build."""
    words = sorted({r.fix_ups for r in record.readings if r.commit == found.commit and r.fix_ups})
    return f"It does not build as it is; it was built with {' or '.join(words)}." if words else ""


def _left_out(count: int, record: HuntRecord) -> str:
    if not count:
        return ""
    were = "was" if count == 1 else "were"
    return f"{counted(count, 'commit')} of branches that left before {record.good[0].short} {were} left out."


def _forgotten(found: FirstBad) -> str:
    """The inputs that the hunt file may have left undeclared."""
    if not found.forgotten:
        return ""
    named = ", ".join(found.forgotten[:3]) + (", ..." if found.forgotten[3:] else "")
    return f" It changes no declared input, so `inputs` is incomplete; it changes {named}."


def _could_still_hide(measured: Effect | None, terms: Terms) -> str:
    if measured is None:
        return ""
    what = "An improvement" if terms.better else "A regression"
    return f"{what} below {max(measured.high, 1.0):.2f}x cannot be excluded."


def baseline(record: HuntRecord) -> float:
    """The divisor that turns a measured value into a ratio: 1 for paired readings (they are ratios)."""
    good = {c.id for c in record.good}
    if any(r.against for r in record.readings):
        return 1.0
    return geometric_mean(measured(r for r in record.readings if r.commit in good)) or 1.0


def measured(readings: Iterable[Reading]) -> list[float]:
    """The values of the readings that are measurements."""
    return [r.judgement.value for r in readings if isinstance(r.judgement, Measured)]


def geometric_mean(values: Sequence[float]) -> float | None:
    """The exponential of the mean log; None for no values."""
    return math.exp(math.fsum(map(math.log, values)) / len(values)) if values else None


def middle(record: HuntRecord) -> float | None:
    """The ratio half way up the step, sqrt(effect); None if no step is established.

    If no run of bad was measured, it is `CLEAR`, as in the search.
    """
    step = record.premise or effect(record)
    if (step is None or not step.has_interval) and any(
        r.commit == record.bad.id and isinstance(r.judgement, Bad) for r in record.readings
    ):
        return CLEAR
    if step is None or step.low <= 1.0 <= step.high or isinstance(record.conclusion, BadIsGood):
        return None
    return math.sqrt(step.ratio)


def side(record: HuntRecord, readings: Sequence[Reading]) -> Side:
    """The side of one commit, from all its readings.

    Verdicts count by the share of bad ones, as `share_between` the endpoints; measurements by the side of
    `middle` on which their geometric mean lies. A commit is untestable only if it has no other readings.
    """
    share = share_between(record.readings, record.good[0].id, record.bad.id)
    return side_by(readings, baseline(record), middle(record), share)


def share_between(readings: Sequence[Reading], good: str, bad: str) -> float:
    """The share of bad verdicts half way between the endpoints: less than 0.5 if bad fails only sometimes.

    0.5 also if an endpoint has no verdict, or bad does not fail more often.
    """
    of_good, of_bad = (_share_of_bad([r for r in readings if r.commit == end]) for end in (good, bad))
    if of_good is None or of_bad is None or of_good >= of_bad:
        return 0.5
    return (of_good + of_bad) / 2


def _share_of_bad(readings: Sequence[Reading]) -> float | None:
    """The share of bad ones among the verdicts; None without any."""
    verdicts = [isinstance(r.judgement, Bad) for r in readings if isinstance(r.judgement, Good | Bad)]
    return sum(verdicts) / len(verdicts) if verdicts else None


def side_by(readings: Sequence[Reading], base: float, half: float | None, share: float = 0.5) -> Side:
    """As `side`, for the values `base` of good and `half`, a ratio to it, half way up the step.

    `share` of bad verdicts is half way between the endpoints.
    """
    failing = _share_of_bad(readings)
    if failing is not None:
        return Side.UNDECIDED if failing == share else Side.BAD if failing > share else Side.GOOD
    mean = geometric_mean(measured(readings))
    if mean is None:
        return Side.UNTESTABLE
    if half is None:
        return Side.UNDECIDED
    above = math.log(mean / base / half) * math.log(half) > 0
    return Side.BAD if above else Side.GOOD


def busy(contention: Contention, cores: int | None) -> bool:
    """Whether the machine was too busy for reliable wall-clock figures.

    Decided by pressure stall and steal if available, else by a load above the number of cores.
    """
    if contention.pressure is not None or contention.steal is not None:
        return (contention.pressure or 0) >= BUSY_PRESSURE or (contention.steal or 0) >= BUSY_STEAL
    return contention.load is not None and cores is not None and contention.load > cores


def cores(record: HuntRecord) -> int | None:
    """The number of cores from the machine's facts; None if missing."""
    text = record.machine.get("cores", "").split(" ")[0]
    return int(text) if text.isdecimal() else None


def commit_info(record: HuntRecord, commit: str) -> CommitInfo | None:
    """The details of any commit in the record; None if unknown."""
    if commit == record.bad.id:
        return record.bad
    return record.commits.get(commit) or next((c for c in record.good if c.id == commit), None)


def percent(probability: float) -> str:
    """A probability as text, never rounded up to certainty."""
    if 0.999 <= probability < 1.0:
        return ">99.9%"
    return f"{probability:.1%}"


def duration(length: float) -> str:
    """Seconds as text: `0.42 s`, `58 s`, `3 min 25 s`, `2 h 05 min`."""
    if length < 10:
        return f"{length:.2f} s"
    whole = round(length)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def counted(number: int, noun: str) -> str:
    """`1 probe`, `9 probes`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
