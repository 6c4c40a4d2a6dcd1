"""Which of the formats on offer a client takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.serve.negotiation import HTML, ROWS, TRIPLES, by_name, choose, quality_of


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("text/*", "csv"),
        ("application/sparql-results+xml", "xml"),
        ("text/csv, application/sparql-results+json", "json"),
        ("text/csv;q=0.9, application/sparql-results+json;q=0.1", "csv"),
        ("TEXT/CSV ; Q=1.0", "csv"),
        ("text/csv; charset=utf-8", "csv"),
        ("application/json", "json"),
        ("*/*;q=0.1, text/tab-separated-values", "tsv"),
        ("application/sparql-results+json;q=0, */*", "xml"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "xml"),
        ("application/sparql-results+json;q=0", None),
        ("image/png", None),
        ("text/csv;q=2", "json"),
        ("text/csv;profile=odd, application/sparql-results+xml;q=0.1", "xml"),
    ],
)
def test_the_format_that_is_preferred(accept: str | None, expected: str | None) -> None:
    found = choose(accept, ROWS)
    assert (found.name if found else None) == expected


def test_a_header_that_cannot_be_read_takes_anything() -> None:
    assert choose(";;;,,,", ROWS) == ROWS[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ttl", "ttl"),
        ("turtle", "ttl"),
        ("application/ld+json", "jsonld"),
        ("json", "jsonld"),
        ("XML", "rdf"),
        ("no", None),
    ],
)
def test_a_format_by_name(name: str, expected: str | None) -> None:
    found = by_name(name, TRIPLES)
    assert (found.name if found else None) == expected


def test_a_wildcard_wants_no_page() -> None:
    assert (quality_of("*/*", HTML), quality_of("text/html;q=0.7", HTML)) == (0.0, 0.7)


_TYPES = st.sampled_from(
    [kind for format_ in (*ROWS, *TRIPLES, HTML) for kind in format_.types] + ["*/*", "text/*", "a/b"]
)
_RANGES = st.lists(st.tuples(_TYPES, st.integers(0, 1000)), min_size=1, max_size=8)


@given(_RANGES)
def test_what_is_chosen_is_accepted_and_nothing_is_preferred_to_it(ranges: list[tuple[str, int]]) -> None:
    accept = ", ".join(f"{kind};q={quality / 1000:.3f}" for kind, quality in ranges)
    found = choose(accept, ROWS)

    def wanted(media_type: str) -> int:
        kind = media_type.partition("/")[0]
        is_own = any(format_.types[0] == media_type for format_ in ROWS)
        for pattern in (media_type, f"{kind}/*", "*/*") if is_own else (media_type,):
            given_ = [quality for name, quality in ranges if name == pattern]
            if given_:
                return max(given_)
        return 0

    best = max(wanted(kind) for format_ in ROWS for kind in format_.types)
    assert (max(map(wanted, found.types)) if found else 0) == best


@given(st.text(max_size=200))
def test_any_header_is_read(accept: str) -> None:
    choose(accept, ROWS)
