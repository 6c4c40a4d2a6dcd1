"""Owns the page of what changed since a revision of the graph's folder.

Leaves finding the changes to ``explain``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from onrecord.build import Loaded
from onrecord.explain.changelog import Line, Part, parts, summary
from onrecord.explain.changes import compare
from onrecord.explain.diff import KINDS, Diff
from onrecord.explain.states import load_side, state_of
from onrecord.lens import Lens
from onrecord.site.feed import Entry, entry_of
from onrecord.site.frame import Frame
from onrecord.site.record import Record

Redactor = Callable[[Loaded], Loaded]


@dataclass(frozen=True, slots=True)
class Told:
    """A change as the page tells it; ``path`` is the page of the statement, where it still stands."""

    line: Line
    path: str = ""


def find_changes(loaded: Loaded, revision: str, redact: Redactor) -> Diff:
    """What changed from the graph's folder at ``revision`` to ``loaded``.

    :raises OnRecordError: when git, the repository or the revision is not there.
    :raises GraphBroken: when the graph of then holds errors.
    """
    with tempfile.TemporaryDirectory(prefix="onrecord-since-") as aside:
        then = load_side(f"{loaded.project.folder}@{revision}", Path(aside))
        then.require_sound()
        before = state_of(redact(then), Lens(), revision)
    return replace(compare(before, state_of(loaded, Lens(), "now")), before=revision, after="now")


def changes_page(record: Record, frame: Frame, diff: Diff) -> bytes:
    """The changes, those of statements first."""
    return frame.page(
        "changes.html.j2",
        "changes.html",
        title=f"Changes since {diff.before}",
        here="changes.html",
        description=summary(diff),
        summary=summary(diff),
        parts=[(part.title, told) for part, told in _told(record, diff)],
    )


def _told(record: Record, diff: Diff) -> Iterator[tuple[Part, list[Told]]]:
    changes = iter([change for kind in KINDS for change in diff.statements if change.kind == kind])
    for part in parts(diff):
        if part.title.startswith("Statements "):
            lines = [Told(line, _path(record, next(changes).after)) for line in part.lines]
        else:
            lines = [Told(line) for line in part.lines]
        yield part, lines


def _path(record: Record, after: dict[str, object] | None) -> str:
    iri = str(after["statement"])[1:-1] if after else ""
    return record.addresses.paths.get(iri, "")


def changed_entries(record: Record, diff: Diff) -> Iterator[Entry]:
    """The changes of statements that still stand, for the feed."""
    for kind in KINDS:
        for change in diff.statements:
            iri = str(change.after["statement"])[1:-1] if change.after else ""
            if change.kind == kind and iri in record.statements:
                yield entry_of(record, record.statements[iri], kind)
