"""Owns what a notebook shows: a page in a frame of its own, rows as a table, problems as they are printed.

Leaves the pages to ``view`` and the rows to ``query``.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

ROWS = 200
"""A table shows so many rows; how many more there are is said below it."""


def frame(page: str, title: str, *, width: str = "100%", height: str = "720px") -> str:
    """``page`` in a frame that may run the page's own scripts and touch nothing of the notebook."""
    return (
        '<iframe sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads" '
        f'width="{escape(width)}" height="{escape(height)}" title="{escape(title)}" srcdoc="{escape(page)}"></iframe>'
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str | None]]) -> str:
    """``rows`` under ``head``, cut after :data:`ROWS`; None is an empty cell."""
    columns = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(value or '')}</td>" for value in row) + "</tr>" for row in rows[:ROWS]
    )
    more = f"<p>{len(rows) - ROWS:,} more rows</p>" if len(rows) > ROWS else ""
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>{more}"


def lines(text: str) -> str:
    """``text`` as it would be printed."""
    return f"<pre>{escape(text)}</pre>"
