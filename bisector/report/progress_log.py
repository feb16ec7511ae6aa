"""The progress log of a plan: a Markdown file with one entry per conclusion, newest first."""

from __future__ import annotations

import hashlib
import io
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from bisector.errors import EnvironmentFault, UsageError
from bisector.hunt.conclusion import Effect, FirstBad, Inconclusive, NoRegression, Steps
from bisector.hunt.record import HuntRecord
from bisector.report import descent_words, findings
from bisector.report.atomic_write import atomic_write, writing_in
from bisector.report.markdown_section import Document, Place, Style
from bisector.report.safe_text import markdown

_BOM = "\ufeff"
_OURS = "bisector:"
_END = "<!-- /bisector -->"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the progress log; its texts are Markdown (one line each).

    `key` identifies the conclusion in an invisible comment, so that it is written once. `report` is linked
    relative to the file; `body` is Markdown of any length without headings.
    """

    key: str
    title: str
    facts: tuple[str, ...] = ()
    report: Path | None = None
    body: str = ""


def entry_for(record: HuntRecord, report: Path | None, today: date) -> Entry:
    """The entry for the hunt's conclusion; raises UsageError if it has none yet."""
    if record.conclusion is None:
        raise UsageError(
            f"the hunt {record.name} has no conclusion yet for the progress log; run it to the end"
        )
    title = f"{today.isoformat()} — {markdown(record.name)}: {findings.headline(record)}"
    facts = (*_commits(record), *_way_down(record), *_figures(record), _probes(record))
    return Entry(_key(record), title, facts, report)


def write_entry(file: Path, heading: str, entry: Entry) -> bool:
    """Insert `entry` first under `heading` in `file`; returns False if it is already there.

    Creates the file and the heading if missing; leaves all other bytes unchanged. Raises UsageError if the
    file is not UTF-8 text or no heading can be appended, EnvironmentFault if it cannot be written.
    """
    with writing_in(file.resolve().parent):
        text = _read(file)
        if any(_comment(entry) in html for html in Document(text.removeprefix(_BOM)).html):
            return False
        new = _with_entry(text.removeprefix(_BOM), heading, entry, file.resolve().parent)
        if not any(html.lstrip().startswith(_comment(entry)) for html in Document(new).html):
            raise UsageError(
                f"{file} ends in an unclosed code block or HTML comment; close it, or add the heading "
                f"{heading!r} where the entry should go"
            )
        atomic_write(file, ((_BOM if text.startswith(_BOM) else "") + new).encode())
    return True


def require_writable(file: Path) -> None:
    """Raise UsageError or EnvironmentFault if `write_entry` could not write to `file`; writes nothing."""
    folder = file.resolve().parent
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; create it or choose another file")
    if file.exists() and not file.is_file():
        raise UsageError(f"{file} is not a file; choose another")
    if not os.access(folder, os.W_OK | os.X_OK) or (file.exists() and not os.access(file, os.W_OK)):
        raise UsageError(f"cannot write {file}; fix its permissions or choose another file")
    _read(file)


def _read(file: Path) -> str:
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise EnvironmentFault(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file} is not UTF-8 (byte {error.start}), so nothing was written; convert it (for example "
            "with iconv) or choose another progress log"
        ) from error
    if "\0" in text:
        raise UsageError(f"{file} is not a text file (it contains NUL bytes); choose another progress log")
    return text


def _with_entry(text: str, heading: str, entry: Entry, folder: Path) -> str:
    lines = list(io.StringIO(text, newline=""))
    place = Document(text).place(heading, f"<!-- {_OURS}", lines)
    if place:
        return _insert(lines, place, _render(entry, place, folder))
    place = Place(len(lines), Style.HEADING, 3)
    return _insert(lines, place, [f"## {markdown(heading)}", "", *_render(entry, place, folder)])


def _comment(entry: Entry) -> str:
    return f"<!-- {_OURS} {entry.key} -->"


def _render(entry: Entry, place: Place, folder: Path) -> list[str]:
    facts = [*entry.facts]
    if entry.report:
        facts.append(f"**Report:** [{markdown(entry.report.name)}]({_link(entry.report, folder)})")
    comment = _comment(entry)
    body = ["", *entry.body.splitlines(), ""] if entry.body else []
    if place.style is Style.ITEM:
        indent = " " * (len(place.bullet) + 1)
        item = " ".join(filter(None, (f"{place.bullet} **{entry.title}**", "; ".join(facts), comment)))
        return [item, *(f"{indent}{line}".rstrip() for line in body)]
    title = f"{'#' * place.level} {entry.title}" if place.level else f"**{entry.title}**"
    # The final comment keeps a following indented block from joining our list.
    return [comment, title, *([""] if facts else []), *(f"- {fact}" for fact in facts), *body, _END]


def _insert(lines: Sequence[str], place: Place, block: Sequence[str]) -> str:
    before, after = lines[: place.line], lines[place.line :]
    # A line feed after a lone carriage return would not be a separate line.
    newline = "\r" if before and before[-1].endswith("\r") else _newline(lines)
    in_list = place.style is Style.ITEM
    head = tail = ""
    if not before or before[-1].endswith(("\n", "\r")):
        tail = newline
    else:
        head = newline
    if before and _has_words(before[-1]) and not in_list:
        head += newline
    if after and _has_words(after[0]) and not in_list:
        tail += newline
    return "".join((*before, head, newline.join(block), tail, *after))


def _has_words(line: str) -> bool:
    """Whether a line is not blank in Markdown's sense (a no-break space is not blank)."""
    return bool(line.strip(" \t\r\n"))


def _newline(lines: Sequence[str]) -> str:
    """The most frequent line ending of the file."""
    endings = Counter(line[len(line.rstrip("\r\n")) :] for line in lines)
    del endings[""]
    return endings.most_common(1)[0][0] if endings else "\n"


def _link(target: Path, folder: Path) -> str:
    return quote(Path(os.path.relpath(target.resolve(), folder)).as_posix())


def _key(record: HuntRecord) -> str:
    """A key of the hunt's conclusion that does not depend on its figures."""
    conclusion = record.conclusion
    fix = ["fix"] if record.terms.better else []
    parts = [*fix, record.name, record.bad.id, *sorted(c.id for c in record.good), *findings.suspects(record)]
    parts += [level.answer for level in record.descent if level.answer]
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{conclusion.name if conclusion else ''} {digest[:16]}"


def _commits(record: HuntRecord) -> list[str]:
    label = "Commit" if isinstance(record.conclusion, FirstBad | Steps) else "Candidate"
    facts = [f"**{label}:** {_commit(record, commit)}" for commit in findings.suspects(record)]
    return facts or [f"**Range:** {_range(record)}"]


def _way_down(record: HuntRecord) -> list[str]:
    """The innermost commit, and each step of the way down to it."""
    last = descent_words.innermost(record)
    inner = [f"**Innermost:** {markdown(descent_words.named(last))}"] if last else []
    return [
        *inner,
        *(f"**Way down:** {markdown(descent_words.in_one_line(level))}" for level in record.descent),
    ]


def _commit(record: HuntRecord, commit: str) -> str:
    info = findings.commit_info(record, commit)
    if info is None:
        return f"`{commit[:12]}`"
    who = f"{markdown(info.author)}, {info.date.date().isoformat()}"
    return f"`{info.short}` {markdown(info.subject)} ({who})"


def _range(record: HuntRecord) -> str:
    good = ", ".join(f"`{c.short}`" for c in record.good)
    return f"{record.terms.old} {good}, {record.terms.new} `{record.bad.short}`"


def _figures(record: HuntRecord) -> list[str]:
    facts = []
    measured = findings.effect(record)
    if measured and not isinstance(record.conclusion, NoRegression):
        facts.append(_ratio(measured))
    certainty = findings.certainty(record)
    if certainty:
        facts.append(f"**Confidence:** {certainty}")
    return [*facts, f"**{_reason_label(record)}:** {markdown(findings.reason(record))}"]


def _ratio(measured: Effect) -> str:
    return f"**Ratio:** {measured} ({findings.evidence(measured)})"


def _reason_label(record: HuntRecord) -> str:
    return "Why" if isinstance(record.conclusion, Inconclusive) else "Finding"


def _probes(record: HuntRecord) -> str:
    candidates = findings.counted(len(record.candidates), "candidate")
    return f"**Probes:** {record.probes} of {candidates}, {len(findings.skipped(record))} skipped"
