"""What a request of the SPARQL 1.1 Protocol asks, or why it is refused: the W3C's cases, and more."""

from __future__ import annotations

from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.serve.protocol import FORM, QUERY, UPDATE, Dataset, Operation, Refusal, read_operation


def url(*pairs: tuple[str, str]) -> bytes:
    return urlencode(pairs).encode()


ASK = "ASK { ?s ?p ?o }"
FULL = Dataset(("urn:a", "urn:b"), ("urn:c",))


@pytest.mark.parametrize(
    ("method", "query", "kind", "body", "expected"),
    [
        ("GET", url(("query", ASK)), "", b"", Operation(ASK)),
        ("HEAD", url(("query", ASK)), "", b"", Operation(ASK)),
        ("GET", b"query=ASK+%7B%7D+%23+a%2Bb", "", b"", Operation("ASK {} # a+b")),
        ("GET", url(("query", "ASK { ?s ?p 'é' }")), "", b"", Operation("ASK { ?s ?p 'é' }")),
        ("GET", url(("query", ASK), ("format", "csv")), "", b"", Operation(ASK, format="csv")),
        (
            "GET",
            url(("query", ASK), ("output", "csv"), ("format", "csv"), ("other", "1")),
            "",
            b"",
            Operation(ASK, format="csv"),
        ),
        (
            "GET",
            url(
                ("default-graph-uri", "urn:a"),
                ("query", ASK),
                ("default-graph-uri", "urn:b"),
                ("named-graph-uri", "urn:c"),
            ),
            "",
            b"",
            Operation(ASK, FULL),
        ),
        ("POST", b"", FORM, url(("query", ASK)), Operation(ASK)),
        ("POST", b"", f"{FORM}; charset=UTF-8", url(("query", ASK)), Operation(ASK)),
        (
            "POST",
            b"",
            FORM,
            url(
                ("query", ASK),
                ("default-graph-uri", "urn:a"),
                ("default-graph-uri", "urn:b"),
                ("named-graph-uri", "urn:c"),
            ),
            Operation(ASK, FULL),
        ),
        ("POST", b"", QUERY, ASK.encode(), Operation(ASK)),
        ("POST", b"", f"{QUERY}; charset=utf-8", "ASK { ?s ?p 'é' }".encode(), Operation("ASK { ?s ?p 'é' }")),
        ("POST", url(("named-graph-uri", "urn:c")), QUERY, ASK.encode(), Operation(ASK, Dataset((), ("urn:c",)))),
        ("GET", b"", "", b"", None),
        ("GET", url(("format", "ttl"), ("other", "1")), "", b"", None),
        ("GET", url(("query", "")), "", b"", Operation("")),
    ],
)
def test_an_operation(method: str, query: bytes, kind: str, body: bytes, expected: Operation | None) -> None:
    assert read_operation(method, query, kind, body) == expected


@pytest.mark.parametrize(
    ("method", "query", "kind", "body", "status", "word"),
    [
        ("PUT", url(("query", ASK)), "", b"", 405, "PUT"),
        ("GET", url(("query", ASK), ("query", ASK)), "", b"", 400, "2 parameters"),
        ("POST", b"", FORM, url(("query", ASK), ("query", ASK)), 400, "2 parameters"),
        ("GET", url(("default-graph-uri", "urn:a")), "", b"", 400, "no parameter query="),
        ("GET", url(("named-graph-uri", "urn:a"), ("format", "ttl")), "", b"", 400, "no parameter query="),
        ("POST", url(("format", "ttl")), FORM, b"", 400, "no parameter query="),
        ("POST", b"", FORM, b"", 400, "no parameter query="),
        ("POST", url(("query", ASK)), FORM, b"", 400, "into the form"),
        ("POST", url(("query", ASK)), QUERY, ASK.encode(), 400, "send it once"),
        ("GET", b"query=%FF", "", b"", 400, "UTF-8"),
        ("GET", b"query=\xff", "", b"", 400, "UTF-8"),
        ("GET", b"query=ASK%00", "", b"", 400, "NUL"),
        ("GET", b"&".join([b"a=1"] * 1001), "", b"", 400, "1000"),
        ("POST", b"", QUERY, b"ASK { ?s ?p '\xff' }", 400, "UTF-8"),
        ("POST", b"", f"{QUERY}; charset=utf-16", ASK.encode("utf-16"), 415, "utf-16"),
        ("POST", b"", "text/plain", ASK.encode(), 415, "text/plain"),
        ("POST", b"", "", ASK.encode(), 415, "without a Content-Type"),
        ("GET", url(("update", "CLEAR ALL")), "", b"", 403, "only reads"),
        ("POST", b"", FORM, url(("update", "CLEAR ALL")), 403, "only reads"),
        ("POST", b"", FORM, url(("update", "CLEAR ALL"), ("query", ASK)), 403, "only reads"),
        ("POST", url(("using-graph-uri", "urn:a")), QUERY, ASK.encode(), 403, "only reads"),
        ("POST", b"", UPDATE, b"CLEAR ALL", 403, "only reads"),
    ],
)
def test_a_refusal(method: str, query: bytes, kind: str, body: bytes, status: int, word: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_operation(method, query, kind, body)
    assert caught.value.status == status
    assert word in caught.value.reason


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200))
def test_a_query_is_the_same_by_every_way(query: str) -> None:
    ways = [
        read_operation("GET", b"query=" + quote_plus(query).encode(), "", b""),
        read_operation("POST", b"", FORM, url(("query", query))),
        read_operation("POST", b"", QUERY, b"\xef\xbb\xbf" + query.encode()),
    ]
    assert ways == [Operation(query)] * 3


@given(
    st.sampled_from(["GET", "POST"]),
    st.binary(max_size=60),
    st.sampled_from([FORM, QUERY, "", "a/b"]),
    st.binary(max_size=60),
)
def test_any_request_is_an_operation_or_a_refusal(method: str, query: bytes, kind: str, body: bytes) -> None:
    try:
        read_operation(method, query, kind, body)
    except Refusal as refusal:
        assert refusal.status in (400, 403, 415)
