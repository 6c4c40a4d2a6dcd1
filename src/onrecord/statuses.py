"""Owns the names of the statuses: how firmly a proposition is put.

Leaves their definitions to ``ontology/onrecord.ttl`` and what they assert to ``lens``.
"""

STATUSES = (
    "stated",
    "confirmed",
    "expected",
    "planned",
    "claimed",
    "possible",
    "unconfirmed",
    "denied",
    "mentioned",
)
"""The status scheme, in the order in which legends show it."""

ASSERTABLE = tuple(status for status in STATUSES if status not in ("denied", "mentioned"))
"""Statuses that a policy or ``--include`` may let stand as fact."""
