"""Owns the rules on evidence: every quote is looked for in its text, or in the lock.

Leaves the looking to ``sources`` and the record of it to ``lock``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from onrecord.check.located import Located
from onrecord.errors import Place, Problems
from onrecord.lock import Lock, LockedQuote, quote_key
from onrecord.model import Source, statements_only
from onrecord.progress import advance, each, stage
from onrecord.project import Project
from onrecord.resolve import Resolved
from onrecord.sentences import split_sentences
from onrecord.sources import (
    Archive,
    Location,
    Shelf,
    Span,
    Text,
    Verdict,
    differing_words,
    find_quote,
    nearest_passage,
)

NEAREST = 1_000
"""Of so many missing quotes the nearest passage is looked for; whoever has more reads another text."""
_FREE = re.compile(r"CC0\b|CC[- ]BY(-SA)?[- ]\d|PDDL\b|public domain\b|OGL\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QuoteCheck:
    """One quote of one statement (``row`` is None for a left-out sentence), and what became of it."""

    source: str
    row: int | None
    quote: str
    verdict: Verdict
    spans: tuple[Span, ...]
    from_lock: bool = False


@dataclass(slots=True)
class Evidence:
    """The result of checking all quotes."""

    checks: list[QuoteCheck] = field(default_factory=list)
    texts: dict[str, Text] = field(default_factory=dict)  # at hand, by source id
    locked: list[LockedQuote] = field(default_factory=list)  # what a new lock would hold
    stale: int = 0  # quotes whose lock entry is missing or differs
    compared: int = 0  # quotes whose nearest passage was looked for

    @property
    def passed(self) -> int:
        """Quotes that stand in their text, now or when they were locked."""
        return sum(check.verdict.is_found for check in self.checks)

    @property
    def skipped(self) -> int:
        """Quotes that could not be looked for."""
        return sum(check.verdict is Verdict.TEXT_MISSING for check in self.checks)

    def counts(self) -> dict[str, int]:
        """How many quotes got each verdict."""
        found = Counter(str(check.verdict) for check in self.checks)
        return {str(verdict): found[str(verdict)] for verdict in Verdict if found[str(verdict)]}

    def text_entries(self, lock: Lock) -> list[tuple[str, str, int, list[Span]]]:
        """Id, hash, length and sentences of each text, those not at hand as the lock has them."""
        checked = {check.source for check in self.checks}
        entries = {
            source: (sha256, lock.lengths.get(source, 0), lock.sentences.get(source, []))
            for source, sha256 in lock.texts.items()
            if source in checked
        }
        for source, text in each(self.texts.items(), "finding sentences", "texts"):
            entries[source] = (text.sha256, len(text.content), split_sentences(text.content))
        return sorted((source, *entry) for source, entry in entries.items())


@dataclass(slots=True)
class _Task:
    source: str
    row: int | None
    quote: str
    prefix: str
    suffix: str
    negated: bool
    find_place: Callable[[], Place]  # in a table the file is read again for it

    @property
    def place(self) -> Place:
        return self.find_place()

    @property
    def key(self) -> str:
        return quote_key(self.quote, self.prefix, self.suffix)


def check_evidence(
    resolved: Resolved,
    project: Project,
    lock: Lock,
    archive: Archive,
    problems: Problems,
    located: Located | None = None,
) -> Evidence:
    """Look for every quote; see ``docs/evidence.md`` for the verdicts and the rule of normalising.

    Those ``located`` before in a text of the same hash are not looked for again.
    """
    evidence = Evidence()
    located = located or Located()
    tasks = _tasks(resolved)
    all_texts: dict[str, Text] = {}
    unread = set[str]()
    for source in each(sorted(resolved.sources.values(), key=lambda source: source.id), "reading texts", "texts"):
        found_before = len(problems.items)
        text = archive.find(source, lock.texts.get(source.id, ""))
        if len(problems.items) > found_before or not lock.is_whole:
            unread.add(source.id)
        if text is not None:
            all_texts[source.id] = text
    shelf = Shelf(all_texts)
    stage("looking for quotes", sum(map(len, tasks.values())), "quotes")
    for source_id, mine in sorted(tasks.items()):
        found_source = resolved.sources.get(source_id)
        text = all_texts.get(source_id)
        if found_source is not None and text is None:
            _from_lock(found_source, mine, lock, evidence, problems, told=source_id in unread)
        elif found_source is not None and text is not None:
            _from_text(found_source, mine, text, lock, shelf, located, evidence, problems)
    _limits(resolved, project, lock, tasks, evidence, problems)
    if evidence.stale:
        problems.warning(
            "E010",
            Place(project.name_of(project.lock_file)),
            f"the lock is behind: {evidence.stale} quote{'s' if evidence.stale > 1 else ''} verified now "
            f"{'are' if evidence.stale > 1 else 'is'} not in it as found",
            "run  onrecord check --update-lock  and commit evidence.lock",
        )
    return evidence


def _tasks(resolved: Resolved) -> dict[str, list[_Task]]:
    tasks: dict[str, list[_Task]] = defaultdict(list)
    columns = ("row", "source", "quotes", "prefix", "suffix", "negated", "status")
    for row, source, quotes, prefix, suffix, negated, status in (
        statements_only(resolved.statements).select(columns).iter_rows()
    ):
        for index, quote in enumerate(quotes or ()):
            place = partial(resolved.places.of, row, f"quote.{index}")
            against = negated or status == "denied"
            tasks[source].append(_Task(source, row, quote, prefix or "", suffix or "", against, place))
    for source_id, described in resolved.sources.items():
        for left in described.left_out:
            tasks[source_id].append(_Task(source_id, None, left.quote, "", "", True, partial(_same, left.place)))
    return tasks


def _same(place: Place) -> Place:
    return place


def _from_lock(
    source: Source, tasks: list[_Task], lock: Lock, evidence: Evidence, problems: Problems, *, told: bool
) -> None:
    """The text is not at hand: what was verified before still holds, if the text is the same.

    ``told`` says that a problem tells already why text or lock cannot be read.
    """
    same_text = not source.sha256 or lock.texts.get(source.id) in (None, source.sha256.lower())
    if not same_text:
        problems.error(
            "E008",
            source.place_of("sha256"),
            f'the text of "{source.id}" has another hash in evidence.lock',
            "put the text at hand and run  onrecord check --update-lock",
        )
    missing: list[_Task] = []
    for task in tasks:
        entry = lock.get(task.source, task.key) if same_text else None
        if entry is None:
            missing.append(task)
            evidence.checks.append(QuoteCheck(task.source, task.row, task.quote, Verdict.TEXT_MISSING, ()))
        else:
            verdict = Verdict(entry.verdict)
            evidence.checks.append(QuoteCheck(task.source, task.row, task.quote, verdict, entry.spans, True))
            evidence.locked.append(entry)
        advance()
    for task in missing if not told else ():
        problems.warning(
            "E007",
            task.place,
            "this quote was never verified, and its text is not at hand",
            f"put {source.text or 'the text'} into sources/, $ONRECORD_SOURCES or --sources DIR",
        )


def _from_text(
    source: Source,
    tasks: list[_Task],
    text: Text,
    lock: Lock,
    shelf: Shelf,
    located: Located,
    evidence: Evidence,
    problems: Problems,
) -> None:
    evidence.texts[source.id] = text
    if source.sha256 and text.sha256 != source.sha256.lower():
        problems.error(
            "E008",
            source.place_of("sha256"),
            f'the text {text.name} has the hash {text.sha256[:12]}…, not the one of "{source.id}"',
            "bring back the archived text, or correct sha256 after looking at what changed",
        )
    elif lock.texts.get(source.id, text.sha256) != text.sha256:
        problems.warning(
            "E009",
            source.place,
            f"the text {text.name} changed since it was verified",
            "look at what changed, then run  onrecord check --update-lock",
        )
    for task in tasks:
        location = located.find(task.quote, text, task.prefix, task.suffix)
        if location.verdict is Verdict.NOT_FOUND:
            location = _elsewhere(task, text, shelf, evidence, problems)
        else:
            _remark(task, location, problems)
        evidence.checks.append(QuoteCheck(task.source, task.row, task.quote, location.verdict, location.spans))
        if location.verdict.is_found:
            entry = LockedQuote(task.source, task.key, str(location.verdict), location.spans)
            evidence.locked.append(entry)
            same = lock.get(task.source, task.key) == entry and lock.texts.get(task.source) == text.sha256
            evidence.stale += not same
        advance()


def _elsewhere(task: _Task, text: Text, shelf: Shelf, evidence: Evidence, problems: Problems) -> Location:
    if (task.prefix or task.suffix) and find_quote(task.quote, text).verdict is not Verdict.NOT_FOUND:
        lacks = find_quote(task.quote, text, task.prefix).verdict is Verdict.NOT_FOUND
        name, words = ("prefix", task.prefix) if lacks else ("suffix", task.suffix)
        what = f'the quote is in the text, but not right {"behind" if lacks else "before"} its {name} "{words}"'
        problems.error("E001", task.place, what, f"mend the {name}, or leave it out")
        return Location(Verdict.NOT_FOUND)
    for other in shelf.holding(task.quote):
        if other != task.source:
            problems.error(
                "E002",
                task.place,
                f'this quote is not in "{task.source}" but in "{other}"',
                f'move the statement to "{other}", or quote what "{task.source}" says',
            )
            return Location(Verdict.ELSEWHERE)
    if evidence.compared >= NEAREST:
        problems.error(
            "E001",
            task.place,
            "this quote is not in the text",
            f"copy it from the archived text; the nearest passage is told of the first {NEAREST:,} such quotes",
        )
        return Location(Verdict.NOT_FOUND)
    evidence.compared += 1
    nearest = nearest_passage(task.quote, text, task.prefix, task.suffix)
    if nearest:
        differs = differing_words(task.quote, nearest)
        problems.error(
            "E001",
            task.place,
            f"this quote is not in the text{': ' + differs if differs else ''}",
            f"the nearest passage is: {nearest}",
        )
    else:
        problems.error(
            "E001", task.place, "this quote is not in the text, nor anything like it", "copy it from the archived text"
        )
    return Location(Verdict.NOT_FOUND)


def _remark(task: _Task, location: Location, problems: Problems) -> None:
    if location.verdict is Verdict.AMBIGUOUS:
        problems.error(
            "E003",
            task.place,
            f"this quote stands in {location.count} places of the text",
            "add  prefix:  or  suffix:  with the words right before or after it, or quote more words",
        )
    if location.turn and task.row is not None and not task.negated:
        problems.warning(
            "E004",
            task.place,
            f'the text goes on with "{location.turn}", which may turn the quote',
            "read on; quote further, or give the statement its condition",
        )
    if location.negation and not task.negated:
        problems.warning(
            "E005",
            task.place,
            f'the words right before the quote negate it: "{location.negation}"',
            "write  not: true, or quote from further left",
        )


def _limits(
    resolved: Resolved,
    project: Project,
    lock: Lock,
    tasks: dict[str, list[_Task]],
    evidence: Evidence,
    problems: Problems,
) -> None:
    """At most so many words a quote, and so much of a text in all (its left-out sentences aside)."""
    for task in (task for mine in tasks.values() for task in mine if task.row is not None):
        words = len(task.quote.split())
        if words > project.limits.words:
            problems.error(
                "E020",
                task.place,
                f"this quote has {words} words; at most {project.limits.words} are a short quote",
                "quote the shortest fragment that supports the statement, or elide with [...]",
            )
    spans: dict[str, list[Span]] = defaultdict(list)
    for check in evidence.checks:
        if check.row is not None:
            spans[check.source] += check.spans
    for source_id, mine in sorted(spans.items()):
        text = evidence.texts.get(source_id)
        length = len(text.content) if text else lock.lengths.get(source_id, 0)
        source = resolved.sources[source_id]
        share = covered_length(mine) / length if length else 0.0
        if share > project.limits.share and not is_free(source.licence):
            problems.error(
                "E021",
                source.place,
                f'the quotes take {share:.1%} of the text of "{source_id}"; '
                f"at most {project.limits.share:.0%} are allowed",
                "shorten quotes, or name the free licence of the text, such as CC-BY-4.0",
            )


def is_free(licence: str) -> bool:
    """Whether a licence lets a text be quoted without a limit and shown whole.

    >>> is_free("CC-BY-4.0"), is_free("all rights reserved")
    (True, False)
    """
    return bool(_FREE.match(licence.strip()))


def covered_length(spans: Iterable[Span]) -> int:
    """How many code points lie in at least one of the spans."""
    total = 0
    reached = 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
