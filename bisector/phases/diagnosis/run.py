"""`bisector diagnose`: gathers evidence on the first bad commit and its parent, and tests hypotheses."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bisector.engine.hooks import hooks
from bisector.engine.slots import Slots
from bisector.errors import BisectorError, EnvironmentFault, UsageError
from bisector.hunt.events import Listener, Noted, StepBegan
from bisector.hunt.ground import Ground, opened
from bisector.hunt.journal import Journal
from bisector.phases.diagnosis.bench import Bench, BuiltSide, laid_over
from bisector.phases.diagnosis.collectors import Asked, asked
from bisector.phases.diagnosis.commits import Pair, ends_of, pair_of
from bisector.phases.diagnosis.figures import Collected, collected, from_json
from bisector.phases.diagnosis.hypotheses import try_hypothesis
from bisector.phases.diagnosis.result import result_of
from bisector.phases.evidence.contract import Collector, Evidence, Unavailable
from bisector.phases.result import Result
from bisector.probe.identity import Identity
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.plug_in_sources import sources
from bisector.probe.quiet import wait_for_quiet
from bisector.probe.step import Step
from bisector.report.findings import counted
from bisector.report.safe_text import visible

EVIDENCE = "evidence"
"""The journal's phase for gathered evidence; the diagnosis is a separate result."""


def diagnose(
    ground: Ground,
    commit: str | None,
    listener: Listener,
    *,
    against: str | None = None,
    evidence: Sequence[str] = (),
    again: bool = False,
) -> Result:
    """Compare `commit` (default: the hunt's first bad one) with `against` (default: its first parent).

    `evidence` names the collectors to run (default: those of the hunt file). Evidence from the last day in
    the journal is reused unless `again`; evidence of other collectors of the hunt file is included as well.
    Raises `EnvironmentFault` if a named collector cannot work here.
    """
    collectors = asked(ground.hunt, evidence)
    others = asked(ground.hunt, ()) if evidence else []
    pair = pair_of(ground, commit, against)
    listener(Noted(f"{pair.bad.short} {visible(pair.bad.subject)}"))
    listener(Noted(f"compared with {pair.good.short} {visible(pair.good.subject)}"))
    diagnosis = _Diagnosis(ground, pair, listener)
    with ground.scratch.held(diagnosis.key), opened(ground.scratch) as journal:
        found = diagnosis.gathered(journal, collectors, others, again=again)
    outcomes = [try_hypothesis(hypothesis, found) for hypothesis in ground.hunt.diagnose.hypotheses]
    return result_of(ground.hunt.hunt, diagnosis.key, pair, outcomes, found)


class _Diagnosis:
    """A pair of commits and its evidence."""

    def __init__(self, ground: Ground, pair: Pair, listener: Listener) -> None:
        self.ground = ground
        self.pair = pair
        self.listener = listener
        self.ends = ends_of(ground)
        parts = (str(ground.repository.git_folder), ground.hunt.hunt, pair.bad.id, pair.good.id)
        self.key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]

    def gathered(
        self, journal: Journal, collectors: Sequence[Asked], others: Sequence[Asked], *, again: bool
    ) -> list[Collected]:
        """The evidence of each collector, in order, followed by that of `others` in the journal."""
        keys = [self._key_of(one.collector) for one in collectors]
        beside = [key for one in others if (key := self._key_of(one.collector)) not in keys]
        known = self._of_the_day(journal, beside if again else [*keys, *beside])
        found = {key: known[key] for key in keys if key in known}
        left = [(key, one) for key, one in zip(keys, collectors, strict=True) if key not in found]
        if left:
            with self._bench() as bench:
                # Collectors that need their own build come last, so that the others share one.
                for key, one in sorted(left, key=lambda each: bool(each[1].collector.overlay)):
                    found[key] = self._ask(bench, one)
                    if not found[key].missing:
                        journal.add_result(EVIDENCE, key, found[key].to_json())
        return [found[key] for key in keys] + [known[key] for key in beside if key in known]

    def _key_of(self, collector: Collector[Any]) -> str:
        """A key of the collector, its options, its source and the two commits."""
        hunt, commits = laid_over(self.ground.hunt, collector.overlay), [self.pair.good.id, self.pair.bad.id]
        ground = self.ground
        sides = Identity(hunt, ground.repository, ground.seen, self.ends, ground.compiler).tests(commits)
        options = collector.options.model_dump(mode="json")
        document = json.dumps([collector.name, options, sources(collector), commits, sides], sort_keys=True)
        return hashlib.sha256(document.encode()).hexdigest()[:40]

    def _of_the_day(self, journal: Journal, keys: Sequence[str]) -> dict[str, Collected]:
        """The newest evidence for each key from the last day in the journal."""
        rows = journal.results(EVIDENCE, since=datetime.now(UTC) - timedelta(days=1))
        newest = {row.key: row for row in rows if row.key in keys}
        found = {key: from_json(row.document) for key, row in newest.items()}
        for key, row in newest.items():
            self.listener(Noted(f"{found[key].collector}: already gathered at {row.at.astimezone():%H:%M}"))
        return found

    @contextmanager
    def _bench(self) -> Iterator[Bench]:
        """Both commits in temporary slots."""
        ground = self.ground
        clean_leftovers()
        with Slots(ground.scratch.slots, ground.repository) as slots:
            bench = Bench(ground, self.pair, slots, self.ends, ground.scratch.logs(self.key), self._on_step)
            bench.stand()
            folder = Path(ground.hunt.origin.file).resolve().parent if ground.hunt.origin.file else Path.cwd()
            with hooks(ground.hunt.measure, folder, slots.root):
                yield bench

    def _ask(self, bench: Bench, one: Asked) -> Collected:
        collector = one.collector
        try:
            bench.stand(collector.overlay)
            result = self._collect(bench, collector)
        except Unavailable as error:
            if one.insisted:
                raise EnvironmentFault(f"cannot gather the evidence {collector.name}: {error}") from error
            self.listener(Noted(f"{collector.name}: {error}"))
            return Collected(collector.name, missing=str(error))
        self.listener(Noted(f"{collector.name}: {counted(len(result.figures), 'figure')}"))
        return result

    def _collect(self, bench: Bench, collector: Collector[Any]) -> Collected:
        """Measure both sides alternately: once if the figures are exact, else as often as the collector
        wants.
        """
        good: list[Evidence] = []
        bad: list[Evidence] = []
        runs = collector.options.runs or 1
        while len(bad) < runs:
            good.append(self._once(collector, bench.good))
            bad.append(self._once(collector, bench.bad))
            if collector.options.runs is None and not (good[-1].exact and bad[-1].exact):
                runs = collector.runs
        return collected(collector.name, collector.absent, good, bad)

    def _once(self, collector: Collector[Any], side: BuiltSide) -> Evidence:
        quiet = self.ground.hunt.quiet
        if quiet is not None:
            wait_for_quiet(quiet, lambda why: self._on_step(side.commit, Step.WAITING, why))
        try:
            evidence = collector.collect(side)
        except (Unavailable, BisectorError):
            raise
        except Exception as error:
            raise UsageError(
                f"the collector {collector.name} failed ({type(error).__name__}: {error}); fix it"
            ) from error
        finally:
            side.clear()
        for name, value in evidence.figures.items():
            if not math.isfinite(value):
                raise UsageError(f"the collector {collector.name} returned {value} for {name}; fix it")
        return evidence

    def _on_step(self, commit: str, step: Step, detail: str) -> None:
        self.listener(StepBegan(commit, step, detail))
