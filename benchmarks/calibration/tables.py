"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.calibration.hunts import CONFIRMED, LEVELS, Ending, Stage, Tally
from benchmarks.calibration.worlds import Case

Results = Mapping[Case, Mapping[Stage, Tally]]


def pooled(results: Results) -> dict[str, dict[Stage, Tally]]:
    """All cases of a group together."""
    groups: dict[str, dict[Stage, Tally]] = {}
    for case, tallies in results.items():
        before = groups.get(case.group)
        groups[case.group] = {
            stage: before[stage].join(tally) if before else tally for stage, tally in tallies.items()
        }
    return groups


def calibration(rows: Iterable[tuple[str, Mapping[Stage, Tally]]]) -> str:
    """Share of right answers at each stated confidence, with its interval and cost."""
    lines = ["| model | stated | hunts | right | 95% interval | no answer | mean probes |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name, tallies in rows:
        for level in LEVELS:
            tally = tallies[level]
            share, low, high = tally.right
            lines.append(
                f"| {name} | {level:g} | {len(tally.endings):,} | {share:.4f} | {low:.4f} to {high:.4f} "
                f"| {1 - tally.answered / len(tally.endings):.2%} | {tally.mean:.1f} |"
            )
    return "\n".join(lines) + "\n"


def by_parameters(results: Results) -> str:
    """One row for each list of true parameters, with right answers at each stated confidence."""
    head = " | ".join(f"stated {level:g}" for level in LEVELS)
    lines = [f"| model | true parameters | hunts | {head} | .99, confirmed | mean probes |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for case, tallies in results.items():
        shares = [f"{tallies[stage].right[0]:.3f}" for stage in (*LEVELS, CONFIRMED)]
        probes = " / ".join(f"{tallies[level].mean:.0f}" for level in LEVELS)
        count = len(tallies[LEVELS[0]].endings)
        lines.append(f"| {case.group} | {case.label} | {count} | {' | '.join(shares)} | {probes} |")
    return "\n".join(lines) + "\n"


def misfits(results: Results) -> str:
    """The endings of hunts whose assumptions were broken, with wrong answers at the lowest level too."""
    lines = [
        "| broken | how | right | another true step | misfit or inconclusive | wrong commit | missed "
        "| wrong, confirmed | wrong at .9 | probes | hunts |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|---|---|---|")
    for case, tallies in results.items():
        last = tallies[LEVELS[-1]]
        cells = [
            last.share(Ending.RIGHT),
            last.share(Ending.OTHER),
            last.share(Ending.MISFIT, Ending.INCONCLUSIVE),
            last.share(Ending.WRONG),
            last.share(Ending.MISSED),
            tallies[CONFIRMED].share(Ending.WRONG),
            tallies[LEVELS[0]].share(Ending.WRONG),
        ]
        shown = " | ".join(f"{cell:.1%}" for cell in cells)
        lines.append(f"| {case.group} | {case.label} | {shown} | {last.mean:.0f} | {len(last.endings)} |")
    return "\n".join(lines) + "\n"
